//! The real file system.

use std::fs;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, OFlag, fallocate};

use super::{Creation, DirEntry, FileKind, FsFile, FsOps, Metadata, OpenOptions, WriteSync};

/// The file system of the operating system. Relative paths start at the root given, or at the current directory.
#[derive(Clone, Debug, Default)]
pub struct StdFs {
    root: Option<PathBuf>,
}

impl StdFs {
    /// Relative paths start at the current directory of the process.
    pub const fn new() -> Self {
        Self { root: None }
    }

    /// Relative paths start at `root`; absolute ones are what they say.
    pub fn rooted(root: impl Into<PathBuf>) -> Self {
        Self {
            root: Some(root.into()),
        }
    }

    /// The path to hand to the operating system: never empty, because `open("")` fails where a caller meant ".".
    fn resolve(&self, path: &Path) -> PathBuf {
        let path = match &self.root {
            Some(root) => root.join(path),
            None => path.to_path_buf(),
        };
        if path.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            path
        }
    }
}

fn errno(error: Errno) -> io::Error {
    io::Error::from_raw_os_error(error as i32)
}

fn kind_of(file_type: fs::FileType) -> FileKind {
    if file_type.is_file() {
        FileKind::File
    } else if file_type.is_dir() {
        FileKind::Dir
    } else if file_type.is_symlink() {
        FileKind::Symlink
    } else {
        FileKind::Other
    }
}

fn describe(metadata: &fs::Metadata) -> Metadata {
    Metadata {
        kind: kind_of(metadata.file_type()),
        len: metadata.len(),
        device: metadata.dev(),
        inode: metadata.ino(),
        links: metadata.nlink(),
    }
}

impl FsOps for StdFs {
    #[expect(
        clippy::disallowed_types,
        reason = "this is the one place where real files are opened"
    )]
    fn open(&self, path: &Path, options: OpenOptions) -> io::Result<Box<dyn FsFile>> {
        use std::os::unix::fs::OpenOptionsExt;
        // What open(2) leaves unspecified, or std refuses without an errno.
        if options.is_read_only()
            && (options.is_truncate() || options.creation() != Creation::Never)
        {
            return Err(errno(Errno::EINVAL));
        }
        let mut open = fs::OpenOptions::new();
        open.read(true).write(!options.is_read_only());
        // std makes every appending handle a writing one.
        if options.is_append() && !options.is_read_only() {
            open.append(true);
        }
        match options.creation() {
            Creation::Never => {}
            Creation::IfAbsent => {
                open.create(true);
            }
            Creation::New => {
                open.create_new(true);
            }
        }
        let mut flags = match options.sync_mode() {
            WriteSync::None => OFlag::empty(),
            WriteSync::Data => OFlag::O_DSYNC,
            WriteSync::All => OFlag::O_SYNC,
        };
        flags.set(OFlag::O_DIRECT, options.is_direct());
        open.custom_flags(flags.bits());
        // std refuses truncate together with append, although open(2) does not; cutting right after opening is the same.
        open.truncate(options.is_truncate() && !options.is_append());
        let file = open.open(self.resolve(path))?;
        if file.metadata()?.is_dir() {
            return Err(errno(Errno::EISDIR));
        }
        if options.is_truncate() && options.is_append() {
            file.set_len(0)?;
        }
        Ok(Box::new(StdFile {
            file,
            append: options.is_append(),
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.resolve(from), self.resolve(to))
    }

    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        fs::hard_link(self.resolve(original), self.resolve(link))
    }

    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(target, self.resolve(link))
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        fs::read_link(self.resolve(path))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(self.resolve(path))
    }

    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(self.resolve(path))
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir(self.resolve(path))
    }

    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        fs::read_dir(self.resolve(path))?
            .filter_map(
                |entry| match entry.map(|entry| (entry.file_name().into_string(), entry)) {
                    Ok((Ok(name), entry)) => Some(entry.file_type().map(|file_type| DirEntry {
                        name,
                        kind: kind_of(file_type),
                    })),
                    Ok((Err(_), _)) => None,
                    Err(error) => Some(Err(error)),
                },
            )
            .collect()
    }

    fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>> {
        match fs::symlink_metadata(self.resolve(path)) {
            Ok(metadata) => Ok(Some(describe(&metadata))),
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                Ok(None)
            }
            Err(e) => Err(e),
        }
    }

    #[expect(
        clippy::disallowed_types,
        reason = "a directory is synced through a handle on it"
    )]
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let dir = fs::File::open(self.resolve(path))?;
        if !dir.metadata()?.is_dir() {
            return Err(errno(Errno::ENOTDIR));
        }
        dir.sync_all()
    }
}

/// A real file.
#[expect(
    clippy::disallowed_types,
    reason = "the one wrapper around a real file"
)]
struct StdFile {
    file: fs::File,
    append: bool,
}

impl FsFile for StdFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buf, offset)
    }

    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize> {
        // pwrite(2) on an O_APPEND descriptor appends whatever the offset says: refuse instead of surprising.
        if self.append {
            return Err(errno(Errno::EINVAL));
        }
        self.file.write_at(buf, offset)
    }

    fn append(&self, buf: &[u8]) -> io::Result<usize> {
        if !self.append {
            return Err(errno(Errno::EBADF));
        }
        io::Write::write(&mut &self.file, buf)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        i64::try_from(len).map_err(|_| errno(Errno::EINVAL))?;
        self.file.set_len(len)
    }

    fn allocate(&self, offset: u64, len: u64) -> io::Result<()> {
        let offset = i64::try_from(offset).map_err(|_| errno(Errno::EFBIG))?;
        let len = i64::try_from(len).map_err(|_| errno(Errno::EFBIG))?;
        fallocate(&self.file, FallocateFlags::empty(), offset, len).map_err(errno)
    }

    fn sync_all(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn metadata(&self) -> io::Result<Metadata> {
        Ok(describe(&self.file.metadata()?))
    }

    fn try_lock(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(fs::TryLockError::WouldBlock) => Ok(false),
            Err(fs::TryLockError::Error(e)) => Err(e),
        }
    }

    fn close(self: Box<Self>) -> io::Result<()> {
        // Errors of close(2) matter on network file systems; dropping a `File` would ignore them.
        nix::unistd::close(self.file).map_err(errno)
    }
}
