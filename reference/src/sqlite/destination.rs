//! Where a copy of a store goes: a snapshot at the canonical path with older ones beside it, or an export.
//!
//! The copy is put in place of the one before it only when it is whole and durable, and only then older ones beyond the number that is
//! kept are removed. An older snapshot is a second name of the file that was in place, so that nothing has to be moved along.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{FileKind, FsOps, OpenOptions};
use crate::host::Host;
use crate::native::CreatePolicy;

use super::beside::{Beside, lock_path, older_path, suffixed, temporary_path};
use super::database::{Database, Method};
use super::directory::{parent, remove, sync_dir};
use super::error::{StoreError, io_error, unreadable};
use super::lock::Lock;
use super::recovery::{copy, remove_temporaries};
use super::replace::{Format, Installed, Prepared, discard, install};
use super::vfs::Mount;
use super::warning::Warning;

/// The open store, as far as a copy has to do with it.
pub(super) struct Live<'a> {
    pub(super) host: &'a Host,
    pub(super) mount: &'a Mount,
    pub(super) database: &'a Database,
    /// The path of the database, also of one that is still in memory.
    pub(super) path: Option<&'a Path>,
    /// The file behind it.
    pub(super) inode: Option<u64>,
}

/// A path that copies are put at.
pub(super) struct Destination {
    path: PathBuf,
    keep: u32,
    lock: Option<Arc<Lock>>,
    /// Tells the temporaries of one store from each other.
    attempts: u64,
    /// Whether what has which name here is durable for certain.
    is_settled: bool,
}

impl Destination {
    pub(super) fn new(path: &Path, keep: u32) -> Self {
        Self {
            path: path.to_path_buf(),
            keep,
            lock: None,
            attempts: 0,
            is_settled: false,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the lock, so that nobody else puts anything at the path.
    pub(super) fn lock(&mut self, fs: &dyn FsOps, policy: CreatePolicy) -> Result<(), StoreError> {
        if self.lock.is_none() {
            self.lock = Some(Arc::new(Lock::beside(fs, &self.path, policy)?));
        }
        Ok(())
    }

    /// Removes what an earlier life was writing when it ended.
    pub(super) fn tidy(&mut self, fs: &dyn FsOps) -> Result<(), StoreError> {
        if Beside::list(fs, &self.path)?.temporaries.is_empty() {
            return Ok(());
        }
        self.lock(fs, CreatePolicy::CreateIfAbsent)?;
        // Listed again: until now they may have been somebody else's.
        remove_temporaries(fs, &Beside::list(fs, &self.path)?)
    }

    /// Takes the lock, if that is not done, and gives a name under which a copy can be written, with the lock that it needs. The first
    /// time it creates the directory, and removes what earlier lives have left.
    pub(super) fn begin(&mut self, live: &Live<'_>) -> Result<(PathBuf, Arc<Lock>), StoreError> {
        let fs = &*live.host.fs;
        if self.lock.is_none() {
            self.refuse_live(live)?;
            self.lock(fs, CreatePolicy::CreateIfAbsent)?;
            // The lock is ours: whoever wrote these is gone.
            remove_temporaries(fs, &Beside::list(fs, &self.path)?)?;
        }
        let Some(lock) = &self.lock else {
            return Err(StoreError::Locked {
                path: self.path.clone(),
            });
        };
        self.attempts += 1;
        Ok((temporary_path(&self.path, self.attempts), Arc::clone(lock)))
    }

    /// Puts a copy of the store in place, durably: written and installed in one.
    pub(super) fn put(
        &mut self,
        live: &Live<'_>,
        method: Method,
    ) -> Result<Option<Warning>, StoreError> {
        let prepared = self.write(live, method)?;
        self.install(live, prepared, |destination| {
            destination.write(live, method)
        })
    }

    /// Puts a copy that was written in place, durably, and keeps the one before it beside it. Where its bytes are in doubt then, another is
    /// written by `again`. A warning says that older copies are left.
    pub(super) fn install(
        &mut self,
        live: &Live<'_>,
        prepared: Prepared,
        again: impl FnOnce(&mut Self) -> Result<Prepared, StoreError>,
    ) -> Result<Option<Warning>, StoreError> {
        let fs = &*live.host.fs;
        if let Err(error) = self.make_way(live) {
            prepared.discard(fs);
            return Err(error);
        }
        if let Installed::Doubtful(_) = prepared.install(fs, &self.path)? {
            // Its bytes may be lost although they can be read: they are written again, to a new file.
            if let Installed::Doubtful(error) = again(self)?.install(fs, &self.path)? {
                return Err(error);
            }
        }
        let pruned = self.prune(fs);
        self.is_settled = pruned.is_ok();
        Ok(pruned.err().map(|error| Warning::NotPruned {
            reason: error.text(),
        }))
    }

    /// Makes sure that nothing is lost by what is put in place next, nor does any harm to it.
    fn make_way(&mut self, live: &Live<'_>) -> Result<(), StoreError> {
        let fs = &*live.host.fs;
        let current = self.refuse_live(live)?;
        if current.is_some() && !std::mem::take(&mut self.is_settled) {
            // A power loss must not leave the copy with its second name only.
            sync_dir(fs, parent(&self.path))?;
        }
        let beside = Beside::list(fs, &self.path)?;
        self.settle_current(live, &beside)?;
        match current {
            Some(inode) => self.link_older(fs, &beside, inode),
            None => Ok(()),
        }
    }

    pub(super) fn release(self) -> Result<(), StoreError> {
        // A job that is still at work keeps it.
        match self.lock.and_then(Arc::into_inner) {
            Some(lock) => lock.release(),
            None => Ok(()),
        }
    }

    /// Makes sure that the copy does not go onto a file of the open store, and returns which file is in place.
    fn refuse_live(&self, live: &Live<'_>) -> Result<Option<u64>, StoreError> {
        let refused = || StoreError::LiveFile {
            path: self.path.clone(),
        };
        if let Some(path) = live.path {
            let own = ["", "-wal", "-journal", "-shm"].map(|suffix| suffixed(path, suffix));
            let same = |other: &PathBuf| other.components().eq(self.path.components());
            if own.iter().any(same) || same(&lock_path(path)) {
                return Err(refused());
            }
        }
        // Opening follows symbolic links, to the file that another name may lead to.
        let file = match live.host.fs.open(&self.path, OpenOptions::read_only()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.is_there(live)? => {
                return Ok(None);
            }
            result => result.map_err(io_error("open", &self.path))?,
        };
        let metadata = file.metadata().map_err(io_error("look up", &self.path))?;
        if live.inode == Some(metadata.inode) {
            return Err(refused());
        }
        Ok(Some(metadata.inode))
    }

    /// Whether there is a file at the path. A symbolic link that leads nowhere is none.
    fn is_there(&self, live: &Live<'_>) -> Result<bool, StoreError> {
        let metadata = live.host.fs.metadata(&self.path);
        let metadata = metadata.map_err(io_error("look up", &self.path))?;
        Ok(metadata.is_some_and(|metadata| metadata.kind != FileKind::Symlink))
    }

    /// Takes what belongs to the copy in place into it, and removes it: beside a new file it would damage that.
    fn settle_current(&self, live: &Live<'_>, beside: &Beside) -> Result<(), StoreError> {
        if beside.sidecars.is_empty() {
            return Ok(());
        }
        let fs = &*live.host.fs;
        if beside.is_there && !beside.journals.is_empty() {
            match fold(live.mount, &self.path) {
                // What cannot be read as a database has nothing to lose.
                Ok(()) | Err(StoreError::ForeignFile { .. } | StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        for sidecar in &beside.sidecars {
            remove(fs, sidecar)?;
        }
        // Before the new file has the name.
        sync_dir(fs, parent(&self.path))
    }

    /// Gives the copy in place a second name, by which it is kept when it is replaced. It has one for a while also where no older copy is
    /// to be kept: a file without a name is written over, and a power loss may bring back the name (ext4 with data=writeback).
    fn link_older(&self, fs: &dyn FsOps, beside: &Beside, current: u64) -> Result<(), StoreError> {
        let newest = beside.older.last().copied();
        if let Some(newest) = newest {
            let path = older_path(&self.path, newest);
            let metadata = fs.metadata(&path).map_err(io_error("look up", &path))?;
            if metadata.is_some_and(|metadata| metadata.inode == current) {
                return Ok(()); // An earlier attempt came as far as this.
            }
        }
        let older = older_path(&self.path, newest.unwrap_or(0).saturating_add(1));
        if let Err(error) = fs.hard_link(&self.path, &older) {
            if error.kind() == io::ErrorKind::AlreadyExists {
                return Err(io_error("link", &older)(error));
            }
            // Not every file system has links.
            if self.keep == 1 {
                return Ok(());
            }
            self.copy_older(fs, &older)?;
        }
        sync_dir(fs, parent(&self.path))
    }

    fn copy_older(&self, fs: &dyn FsOps, older: &Path) -> Result<(), StoreError> {
        let source = fs
            .open(&self.path, OpenOptions::read_only())
            .map_err(io_error("open", &self.path))?;
        let temporary = temporary_path(&self.path, 0);
        let copied = copy(fs, &*source, &self.path, &temporary)
            .and_then(|file| install(fs, file, &temporary, older));
        match copied {
            Ok(Installed::Done) => Ok(()),
            Ok(Installed::Doubtful(error)) => Err(error),
            Err(error) => {
                discard(fs, &temporary);
                Err(error)
            }
        }
    }

    /// Writes a copy of the store beside the path.
    pub(super) fn write(
        &mut self,
        live: &Live<'_>,
        method: Method,
    ) -> Result<Prepared, StoreError> {
        let (temporary, _lock) = self.begin(live)?;
        Prepared::write(&*live.host.fs, &temporary, Format::Rollback, || {
            live.database.copy_to(live.mount, &temporary, method)
        })
    }

    /// Removes older copies beyond the number that is kept, which may have been higher in an earlier life.
    fn prune(&self, fs: &dyn FsOps) -> Result<(), StoreError> {
        let older = Beside::list(fs, &self.path)?.older;
        let kept = usize::try_from(self.keep - 1).unwrap_or(usize::MAX);
        let mut needless = older.iter().rev().skip(kept).peekable();
        if needless.peek().is_none() {
            return Ok(());
        }
        for &number in needless {
            remove(fs, &older_path(&self.path, number))?;
        }
        // Before their blocks are used again: a name that a power loss brings back would lead to what was written there (ext4 with
        // data=writeback).
        sync_dir(fs, parent(&self.path))
    }
}

/// Has SQLite take a write-ahead log or a rollback journal into the database that it belongs to.
fn fold(mount: &Mount, path: &Path) -> Result<(), StoreError> {
    let run = || {
        let flags =
            rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = mount.open_with_flags(super::location::for_sqlite(path), flags)?;
        super::database::set(&connection, "synchronous = EXTRA")?;
        super::database::set(&connection, "journal_mode = DELETE")?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))?;
        connection.close().map_err(|(_, error)| error)
    };
    run().map_err(|error| unreadable(path, mount.last_os_error(), error))
}
