//! The two traits: a file system and an open file.

use std::io;
use std::path::{Path, PathBuf};

use super::OpenOptions;

/// What a name refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Symlink,
    /// Anything else: devices, sockets.
    Other,
}

/// What `stat` tells of a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// File, directory, symbolic link or something else.
    pub kind: FileKind,
    /// Length in bytes, of a symbolic link that of its target; unspecified for directories.
    pub len: u64,
    /// Which file system it is on; a number that is good for comparing only.
    pub device: u64,
    /// Identity on its file system: two names with equal numbers on one device are the same file.
    pub inode: u64,
    /// Number of names.
    pub links: u64,
}

impl Metadata {
    /// Whether both describe one file or directory.
    pub const fn is_same_file(&self, other: &Self) -> bool {
        self.device == other.device && self.inode == other.inode
    }
}

/// One name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirEntry {
    /// The name, without its directory.
    pub name: String,
    /// What the name refers to.
    pub kind: FileKind,
}

/// A file system.
///
/// Paths are absolute, or relative to what the implementation says (its root directory, or the current directory of the
/// process). The empty path means that same directory, so that `path.parent()` of a bare file name can be passed on as it is.
///
/// Symbolic links on the way to a name are followed, and the name itself where it is opened, listed or synced. Renaming, linking,
/// removing and describing mean the link.
///
/// No call but the `sync` ones promises anything about what a power loss leaves.
pub trait FsOps: Send + Sync {
    /// Opens a file, creating it when `options` say so.
    ///
    /// Creating a file does not make its name durable: that takes [`sync_dir`](FsOps::sync_dir) of its directory.
    ///
    /// # Errors
    /// `ENOENT`, `EEXIST`, `EISDIR`, `EMFILE`, `ENOSPC`, `EIO` and whatever else `open(2)` gives.
    fn open(&self, path: &Path, options: OpenOptions) -> io::Result<Box<dyn FsFile>>;

    /// Gives `from` the name `to`, replacing a file of that name in one step.
    ///
    /// After an error other than `ENOENT` of `from` the outcome is unknown: the rename may have happened.
    ///
    /// # Errors
    /// As `rename(2)`.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives the file `original` a second name; fails with `EEXIST` when `link` is taken.
    ///
    /// # Errors
    /// As `link(2)`.
    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()>;

    /// Makes a symbolic link that leads to `target`, which need not exist; fails with `EEXIST` when `link` is taken. A relative
    /// target starts at the directory of the link.
    ///
    /// # Errors
    /// As `symlink(2)`.
    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()>;

    /// Where a symbolic link leads.
    ///
    /// # Errors
    /// As `readlink(2)`: `EINVAL` when the name is no symbolic link.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;

    /// Removes the name of a file. Open handles keep the file itself alive.
    ///
    /// # Errors
    /// As `unlink(2)`.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Creates a directory; its parent must exist.
    ///
    /// # Errors
    /// As `mkdir(2)`.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// As `rmdir(2)`.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Lists a directory, in no particular order. Names that are not UTF-8 are left out: they are none that a store gives, and what others
    /// put beside it is not to keep it from working.
    ///
    /// # Errors
    /// As `opendir(3)` and `readdir(3)`.
    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>>;

    /// Describes what `path` names; `Ok(None)` says for certain that nothing has that name.
    ///
    /// # Errors
    /// Every failure but `ENOENT` and `ENOTDIR`: it is then unknown whether the name exists.
    fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>>;

    /// Makes the entries of a directory durable: names added, removed and renamed in it.
    ///
    /// # Errors
    /// As `fsync(2)` on a directory.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
}

/// An open file. Dropping the handle closes it and ignores the error; [`close`](FsFile::close) reports it.
pub trait FsFile: Send + Sync {
    /// Reads at `offset` into `buf` and says how many bytes there were; fewer than asked is not the end of the file, zero is.
    ///
    /// # Errors
    /// As `pread(2)`.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes at `offset` and says how many bytes were taken, which may be fewer than given.
    ///
    /// # Errors
    /// As `pwrite(2)`. After an error any part of the range may have been written.
    fn write_at(&self, buf: &[u8], offset: u64) -> io::Result<usize>;

    /// Writes at the end of the file, on a handle opened with [`OpenOptions::append`].
    ///
    /// # Errors
    /// As `write(2)`; `EBADF` when the handle was not opened for appending. After an error any prefix of `buf` may have been
    /// appended.
    fn append(&self, buf: &[u8]) -> io::Result<usize>;

    /// Cuts the file or extends it with zeros.
    ///
    /// # Errors
    /// As `ftruncate(2)`.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Reserves space for a range and extends the file over it when it ends before.
    ///
    /// # Errors
    /// As `fallocate(2)`; `EOPNOTSUPP` where the file system cannot.
    fn allocate(&self, offset: u64, len: u64) -> io::Result<()>;

    /// Makes data and metadata of the file durable (`fsync`), but not its name.
    ///
    /// After an error the data written since the last success may be lost although it can still be read, and a later call may
    /// succeed without writing it: it must be written again, to a new place.
    ///
    /// # Errors
    /// As `fsync(2)`.
    fn sync_all(&self) -> io::Result<()>;

    /// Makes the data durable, and the size needed to read it back (`fdatasync`).
    ///
    /// # Errors
    /// As `fdatasync(2)`; see [`sync_all`](FsFile::sync_all).
    fn sync_data(&self) -> io::Result<()>;

    /// Describes the file.
    ///
    /// # Errors
    /// As `fstat(2)`.
    fn metadata(&self) -> io::Result<Metadata>;

    /// Takes the exclusive lock of the file if nobody has it, and says whether it was taken. Closing the handle releases it.
    ///
    /// # Errors
    /// As `flock(2)`, `EWOULDBLOCK` excepted.
    fn try_lock(&self) -> io::Result<bool>;

    /// Closes the handle. The handle is gone even after an error.
    ///
    /// # Errors
    /// As `close(2)`: a network file system may report a lost write here.
    fn close(self: Box<Self>) -> io::Result<()>;
}
