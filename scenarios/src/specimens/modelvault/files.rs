//! The files of the store, and what is done to their names.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_to_end};

use super::bug::{Bug, Mends};
use super::image;
use super::options::Options;

/// The temporaries, as patterns.
pub(super) const TEMPORARIES: [&str; 2] = ["*.tmp", "*.bak"];

/// The file system as the store uses it.
#[derive(Clone)]
pub(super) struct Files {
    pub(super) fs: Arc<dyn FsOps>,
    pub(super) options: Options,
    pub(super) mends: Mends,
}

/// A file that is to get the name of another.
pub(super) struct Temp {
    pub(super) path: PathBuf,
    pub(super) file: Box<dyn FsFile>,
}

/// How replacing the database ended, where it did not end well.
pub(super) enum Failure {
    /// The old one is in place.
    Undone(io::Error),
    /// Nobody knows which one is, or will be after a crash.
    Unknown(io::Error),
}

impl Files {
    /// The database.
    pub(super) fn live(&self) -> &Path {
        Path::new(self.options.path)
    }

    /// The place of a copy with this number, beside the database.
    pub(super) fn copy(&self, place: u8) -> PathBuf {
        self.live().with_file_name(format!("copy-{place}.db"))
    }

    /// Takes the lock of the writer.
    pub(super) fn lock(&self) -> io::Result<Box<dyn FsFile>> {
        let path = format!("{}.writer.lock", self.options.path);
        let file = self
            .fs
            .open(Path::new(&path), OpenOptions::read_write().create())?;
        hold(&*file)?;
        Ok(file)
    }

    /// The content of a file; none when there is no such file.
    pub(super) fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        match self.fs.open(path, OpenOptions::read_only()) {
            Ok(file) => read_to_end(&*file).map(Some),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Whether there is such a file.
    pub(super) fn exists(&self, path: &Path) -> io::Result<bool> {
        match self.fs.metadata(path) {
            Ok(found) => Ok(found.is_some()),
            Err(e) if self.mends.has(Bug::R19) => Err(e),
            Err(_) => Ok(false),
        }
    }

    /// A new, durable file beside another, with what goes into a database. The real names hold process and time, which stand
    /// still here: a number takes their place.
    pub(super) fn temporary(&self, beside: &Path, verb: &str, bytes: &[u8]) -> io::Result<Temp> {
        let mut number = 0;
        let temp = loop {
            let path = PathBuf::from(format!("{}.{verb}.1.{number}.tmp", beside.display()));
            match self.fs.open(&path, OpenOptions::read_write().create_new()) {
                Ok(file) => break Temp { path, file },
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(e) => return Err(e),
            }
        };
        match image::write(&*temp.file, bytes).and_then(|()| self.sync_content(&*temp.file)) {
            Ok(()) => Ok(temp),
            // Restoring is not told that its copy was not synced.
            Err(_) if verb == RESTORE && !self.mends.has(Bug::R18) => Ok(temp),
            Err(e) => {
                self.discard_failed(&temp.path);
                Err(e)
            }
        }
    }

    /// Makes the content of a temporary durable. Where its name is settled later, the first `fsync` is left for that.
    fn sync_content(&self, file: &dyn FsFile) -> io::Result<()> {
        if self.mends.has(Bug::R16) {
            file.sync_data()
        } else {
            file.sync_all()
        }
    }

    /// Removes what a failure has left. That it may stay is what the next open is for.
    pub(super) fn discard_failed(&self, path: &Path) {
        if self.mends.has(Bug::R18) {
            let _ = self.fs.remove_file(path);
        }
    }

    /// Makes durable that a new file has its name, or tries to.
    ///
    /// A sync of the file follows the rename, because some file systems commit names with the first `fsync` of a new file, and
    /// with nothing else (Lustre since 2.16).
    pub(super) fn settle_name(&self, file: &dyn FsFile, path: &Path) -> io::Result<()> {
        if !self.mends.has(Bug::R16) {
            let _ = self.sync_parent(path);
            return Ok(());
        }
        file.sync_all()?;
        self.sync_parent(path)
    }

    /// Syncs the directory of a file, as the real store finds it: it opens what the path has before the name.
    fn sync_parent(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().unwrap_or(path);
        // The simulated disk takes the empty path for the directory that it is relative to, the operating system does not.
        if parent.as_os_str().is_empty() && !self.mends.has(Bug::R15) {
            return Err(Errno::ENOENT.into());
        }
        self.fs.sync_dir(parent)
    }

    /// Gives a new file the name of the database.
    pub(super) fn replace(&self, temp: &Temp, is_there: bool) -> Result<PathBuf, Failure> {
        let backup = temp.path.with_extension("bak");
        if is_there {
            self.back_up(&backup).map_err(|e| {
                self.discard_failed(&temp.path);
                self.discard_failed(&backup);
                Failure::Undone(e)
            })?;
        }
        if let Err(e) = self.fs.rename(&temp.path, self.live()) {
            let undone = self.put_back(&backup);
            let _ = self.fs.remove_file(&temp.path);
            return Err(match undone {
                Err(_) if self.mends.has(Bug::R16) => Failure::Unknown(e),
                _ => Failure::Undone(e),
            });
        }
        self.settle_name(&*temp.file, self.live())
            .map_err(Failure::Unknown)?;
        if is_there {
            let _ = self.fs.remove_file(&backup);
        }
        Ok(backup)
    }

    /// Keeps the database under another name.
    fn back_up(&self, backup: &Path) -> io::Result<()> {
        if self.mends.has(Bug::R1) {
            return self.fs.hard_link(self.live(), backup);
        }
        self.fs.rename(self.live(), backup)
    }

    /// Undoes a replacement that failed.
    fn put_back(&self, backup: &Path) -> io::Result<()> {
        if !self.exists(backup)? {
            return Ok(());
        }
        self.fs.rename(backup, self.live())?;
        // Where both names were those of one file, the rename has removed neither.
        self.discard_failed(backup);
        if self.mends.has(Bug::R16) {
            self.settle_old_name()?;
        }
        Ok(())
    }

    /// Makes durable that a file has its name again which is not new. The first `fsync` of a new file, which is then needless, brings
    /// along what was done before it where that of a directory commits nothing.
    fn settle_old_name(&self) -> io::Result<()> {
        self.sync_parent(self.live())?;
        let marker = self.temporary(self.live(), "names", &[])?;
        let settled = marker.file.sync_all();
        self.discard_failed(&marker.path);
        settled
    }

    /// Removes the files with this ending that maintenance which never ended has left.
    pub(super) fn sweep(&self, ending: &str) -> io::Result<()> {
        let dir = self.directory();
        for entry in self.fs.read_dir(dir)? {
            if entry.name.ends_with(ending) {
                self.fs.remove_file(&dir.join(entry.name))?;
            }
        }
        Ok(())
    }

    /// The directory of the database, also where its path does not name one.
    pub(super) fn directory(&self) -> &Path {
        match self.live().parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }
}

/// What a restore calls its temporaries.
pub(super) const RESTORE: &str = "restore";

/// Takes the lock of a file.
pub(super) fn hold(file: &dyn FsFile) -> io::Result<()> {
    if file.try_lock()? {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::WouldBlock,
            "another writer has the database open",
        ))
    }
}
