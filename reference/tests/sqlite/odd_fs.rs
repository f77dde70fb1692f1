//! A real directory that looks like what no machine of a test has.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_reference::fs::{DirEntry, FsFile, FsOps, Metadata, OpenOptions, StdFs};
use plimsoll_reference::host::Host;

use crate::support::Bench;

/// Each directory is a file system of its own, on which files of one name have one number, as the first files of two small disks have. No
/// directory has a sync, and who cannot write gets no lock, as on NFS.
struct OddFs(StdFs);

/// A host with this file system in the directory of a bench.
pub(crate) fn odd_host(bench: &Bench) -> Host {
    let fs = OddFs(StdFs::rooted(bench.dir.path()));
    Host::new(Arc::new(fs), bench.clock.clone())
}

fn number(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

fn odd(path: &Path, metadata: Metadata) -> Metadata {
    Metadata {
        device: number(path.parent()),
        inode: number(path.file_name()),
        ..metadata
    }
}

impl FsOps for OddFs {
    fn open(&self, path: &Path, options: OpenOptions) -> io::Result<Box<dyn FsFile>> {
        let path = path.to_path_buf();
        let file = self.0.open(&path, options)?;
        let is_writable = !options.is_read_only();
        Ok(Box::new(OddFile {
            file,
            path,
            is_writable,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.0.hard_link(original, link)
    }

    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        self.0.symlink(target, link)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.0.read_link(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.0.remove_file(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.0.create_dir(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.0.remove_dir(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.0.read_dir(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>> {
        let found = self.0.metadata(path)?;
        Ok(found.map(|metadata| odd(path, metadata)))
    }

    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(22)) // EINVAL
    }
}

struct OddFile {
    file: Box<dyn FsFile>,
    path: PathBuf,
    is_writable: bool,
}

impl FsFile for OddFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(buf, offset)
    }

    fn append(&self, buf: &[u8]) -> io::Result<usize> {
        self.file.append(buf)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.file.allocate(offset, len)
    }

    fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn metadata(&self) -> io::Result<Metadata> {
        Ok(odd(&self.path, self.file.metadata()?))
    }

    fn try_lock(&self) -> io::Result<bool> {
        if self.is_writable {
            self.file.try_lock()
        } else {
            Err(io::Error::from_raw_os_error(9)) // EBADF
        }
    }

    fn close(self: Box<Self>) -> io::Result<()> {
        self.file.close()
    }
}
