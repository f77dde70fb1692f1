//! The real file system, with something happening before each operation that changes something.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use plimsoll_reference::fs::{DirEntry, FsFile, FsOps, Metadata, OpenOptions, StdFs};

/// What happens before an operation: its name, and the path of the file.
type Hook = Arc<dyn Fn(&str, &Path) -> io::Result<()> + Send + Sync>;

/// The real file system in one directory. Syncs are not passed on: no test here loses power.
#[derive(Clone)]
pub(crate) struct RiggedFs {
    inner: StdFs,
    hook: Arc<Mutex<Hook>>,
}

impl RiggedFs {
    pub(crate) fn new(dir: &Path) -> Self {
        let nothing: Hook = Arc::new(|_, _| Ok(()));
        Self {
            inner: StdFs::rooted(dir),
            hook: Arc::new(Mutex::new(nothing)),
        }
    }

    /// From now on this happens before each operation.
    pub(crate) fn rig(&self, hook: impl Fn(&str, &Path) -> io::Result<()> + Send + Sync + 'static) {
        *self.hook.lock().expect("no panic while locked") = Arc::new(hook);
    }

    /// From now on nothing happens.
    pub(crate) fn mend(&self) {
        self.rig(|_, _| Ok(()));
    }

    fn before(&self, operation: &str, path: &Path) -> io::Result<()> {
        let hook = Arc::clone(&self.hook.lock().expect("no panic while locked"));
        hook(operation, path)
    }
}

/// An error of the disk.
pub(crate) fn eio() -> io::Error {
    io::Error::from_raw_os_error(5)
}

/// Whether a path ends like this.
pub(crate) fn ends(path: &Path, end: &str) -> bool {
    path.to_str().is_some_and(|path| path.ends_with(end))
}

/// Fails whatever makes the log durable.
pub(crate) fn no_sync(operation: &str, path: &Path) -> io::Result<()> {
    let path = path.to_str().unwrap_or_default();
    if operation == "sync" && (path.contains(".log") || path.contains("-wal")) {
        return Err(eio());
    }
    Ok(())
}

impl FsOps for RiggedFs {
    fn open(&self, path: &Path, options: OpenOptions) -> io::Result<Box<dyn FsFile>> {
        if !options.is_read_only() {
            self.before("open", path)?;
        }
        Ok(Box::new(RiggedFile {
            inner: self.inner.open(path, options)?,
            path: path.to_path_buf(),
            fs: self.clone(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.before("rename", to)?;
        self.inner.rename(from, to)
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.before("hard_link", link)?;
        self.inner.hard_link(original, link)
    }

    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        self.before("symlink", link)?;
        self.inner.symlink(target, link)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.read_link(path)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.before("remove_file", path)?;
        self.inner.remove_file(path)
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.before("create_dir", path)?;
        self.inner.create_dir(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.before("remove_dir", path)?;
        self.inner.remove_dir(path)
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.inner.read_dir(path)
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>> {
        self.inner.metadata(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.before("sync_dir", path)
    }
}

struct RiggedFile {
    inner: Box<dyn FsFile>,
    path: PathBuf,
    fs: RiggedFs,
}

impl FsFile for RiggedFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.inner.read_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        self.fs.before("write", &self.path)?;
        self.inner.write_at(buf, offset)
    }

    fn append(&self, buf: &[u8]) -> io::Result<usize> {
        self.fs.before("append", &self.path)?;
        self.inner.append(buf)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.fs.before("set_len", &self.path)?;
        self.inner.set_len(len)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        self.fs.before("allocate", &self.path)?;
        self.inner.allocate(offset, len)
    }

    fn sync_all(&self) -> io::Result<()> {
        self.fs.before("sync", &self.path)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.fs.before("sync", &self.path)
    }

    fn metadata(&self) -> io::Result<Metadata> {
        self.inner.metadata()
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.inner.try_lock()
    }

    fn close(self: Box<Self>) -> io::Result<()> {
        self.inner.close()
    }
}
