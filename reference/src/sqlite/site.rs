//! The place of copies as a directory shows it: the copy in place, older ones, and the way from one to the next.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::fs::{FileKind, FsOps, Metadata, OpenOptions};

use super::beside::{Beside, lock_path, older_path, suffixed, temporary_path};
use super::database::{READ_WRITE, set};
use super::directory::{follow, is_same_place, parent, remove, sync_dir};
use super::error::{StoreError, io_error, unreadable};
use super::location::for_sqlite;
use super::log;
use super::recovery::copy;
use super::replace::{Prepared, discard, install};
use super::vfs::Mount;
use super::warning::Warning;

/// What names are given with, and the files of the open store, which are none of the names that a copy may have.
pub(super) struct Ground<'a> {
    pub(super) fs: &'a dyn FsOps,
    pub(super) mount: &'a Mount,
    /// The path of the database, also of one that is still in memory.
    pub(super) live_path: Option<&'a Path>,
    /// The file behind it.
    pub(super) live_file: Option<Metadata>,
}

/// A path that copies are put at, and how many are kept.
#[derive(Clone)]
pub(super) struct Site {
    path: PathBuf,
    keep: u32,
    /// Whether older copies are somebody else's, of which none is removed.
    is_alone: bool,
    /// Numbers of those.
    others: Vec<u64>,
    /// Whether what has which name here is durable for certain.
    is_settled: bool,
}

impl Site {
    pub(super) fn new(path: &Path, keep: u32) -> Self {
        Self {
            path: path.to_path_buf(),
            keep,
            is_alone: false,
            others: Vec::new(),
            is_settled: false,
        }
    }

    /// For one copy, which has no older ones.
    pub(super) fn alone(path: &Path) -> Self {
        Self {
            is_alone: true,
            ..Self::new(path, 1)
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The same, for somebody who puts a copy there. Until that is told here, nothing is settled.
    pub(super) fn lend(&mut self) -> Self {
        let lent = self.clone();
        self.is_settled = false;
        lent
    }

    /// Puts a copy that was written in place, durably, and keeps the one before it beside it. A warning says that older copies are left.
    pub(super) fn put(
        &mut self,
        ground: &Ground<'_>,
        prepared: Prepared,
    ) -> Result<Option<Warning>, StoreError> {
        if let Err(error) = self.make_way(ground) {
            prepared.discard(ground.fs);
            return Err(error);
        }
        prepared.install(ground.fs, &self.path)?;
        let pruned = self.prune(ground);
        self.is_settled = pruned.is_ok();
        Ok(pruned.err().map(|error| Warning::NotPruned {
            reason: error.text(),
        }))
    }

    /// Makes sure that nothing is lost by what is put in place next, nor does any harm to it.
    fn make_way(&mut self, ground: &Ground<'_>) -> Result<(), StoreError> {
        let fs = ground.fs;
        let current = self.refuse_live(ground)?;
        if current.is_some() && !std::mem::take(&mut self.is_settled) {
            // A power loss must not leave the copy with its second name only.
            sync_dir(fs, parent(&self.path))?;
        }
        let beside = Beside::list(fs, &self.path)?;
        self.settle_current(ground, &beside)?;
        let own = match current {
            Some(current) => self.link_older(fs, &beside, &current)?,
            None => None,
        };
        if self.is_alone {
            self.others = beside.older;
            self.others.retain(|&number| Some(number) != own);
        }
        Ok(())
    }

    /// Makes sure that the copy does not go onto a file of the open store, and returns which file is in place.
    pub(super) fn refuse_live(&self, ground: &Ground<'_>) -> Result<Option<Metadata>, StoreError> {
        let refused = || StoreError::LiveFile {
            path: self.path.clone(),
        };
        if let Some(path) = ground.live_path {
            let own = ["", "-wal", "-journal", "-shm"].map(|suffix| suffixed(path, suffix));
            for own in own.iter().chain([&lock_path(path)]) {
                if is_same_place(ground.fs, own, &self.path)? {
                    return Err(refused());
                }
            }
        }
        // A symbolic link that leads nowhere is no file.
        let (_, Some(found)) = follow(ground.fs, &self.path)? else {
            return Ok(None);
        };
        match found.kind {
            FileKind::File | FileKind::Symlink => {}
            FileKind::Dir => {
                let error = io::Error::from_raw_os_error(Errno::EISDIR as i32);
                return Err(io_error("replace", &self.path)(error));
            }
            FileKind::Other => {
                return Err(StoreError::ForeignFile {
                    path: self.path.clone(),
                });
            }
        }
        if ground
            .live_file
            .is_some_and(|live| live.is_same_file(&found))
        {
            return Err(refused());
        }
        Ok(Some(found))
    }

    /// Takes what belongs to the copy in place into it, and removes it: beside a new file it would damage that.
    fn settle_current(&self, ground: &Ground<'_>, beside: &Beside) -> Result<(), StoreError> {
        if beside.sidecars.is_empty() {
            return Ok(());
        }
        let fs = ground.fs;
        if beside.is_there && !beside.journals.is_empty() {
            match fold(fs, ground.mount, &self.path) {
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
    /// Returns the number of the second name, if it has one.
    fn link_older(
        &self,
        fs: &dyn FsOps,
        beside: &Beside,
        current: &Metadata,
    ) -> Result<Option<u64>, StoreError> {
        let newest = beside.older.last().copied();
        if let Some(newest) = newest {
            let path = older_path(&self.path, newest);
            let metadata = fs.metadata(&path).map_err(io_error("look up", &path))?;
            if metadata.is_some_and(|metadata| metadata.is_same_file(current)) {
                return Ok(Some(newest)); // An earlier attempt came as far as this.
            }
        }
        let number = newest.unwrap_or(0).saturating_add(1);
        let older = older_path(&self.path, number);
        if let Err(error) = fs.hard_link(&self.path, &older) {
            if error.kind() == io::ErrorKind::AlreadyExists {
                return Err(io_error("link", &older)(error));
            }
            // Not every file system has links.
            if self.keep == 1 {
                return Ok(None);
            }
            self.copy_older(fs, &older)?;
        }
        sync_dir(fs, parent(&self.path))?;
        Ok(Some(number))
    }

    fn copy_older(&self, fs: &dyn FsOps, older: &Path) -> Result<(), StoreError> {
        let source = fs
            .open(&self.path, OpenOptions::read_only())
            .map_err(io_error("open", &self.path))?;
        let temporary = temporary_path(&self.path, 0);
        let copied = copy(fs, &*source, u64::MAX, &self.path, &temporary)
            .and_then(|file| install(fs, file, &temporary, older));
        if copied.is_err() {
            discard(fs, &temporary);
        }
        copied
    }

    /// Removes older copies beyond the number that is kept, which may have been higher in an earlier life.
    fn prune(&self, ground: &Ground<'_>) -> Result<(), StoreError> {
        let fs = ground.fs;
        let older = Beside::list(fs, &self.path)?.older;
        let kept = usize::try_from(self.keep - 1).unwrap_or(usize::MAX);
        let is_ours = |number: &&u64| !self.others.contains(number);
        let mut needless = older.iter().rev().skip(kept).filter(is_ours).peekable();
        if needless.peek().is_none() {
            return Ok(());
        }
        for &number in needless {
            let path = older_path(&self.path, number);
            if let Some(live) = &ground.live_file {
                let found = fs.metadata(&path).map_err(io_error("look up", &path))?;
                if found.is_some_and(|found| found.is_same_file(live)) {
                    continue; // The store was opened from an older copy.
                }
            }
            remove(fs, &path)?;
        }
        // Before their blocks are used again: a name that a power loss brings back would lead to what was written there (ext4 with
        // data=writeback).
        sync_dir(fs, parent(&self.path))
    }
}

/// Has SQLite take a write-ahead log or a rollback journal into the database that it belongs to.
fn fold(fs: &dyn FsOps, mount: &Mount, path: &Path) -> Result<(), StoreError> {
    let wrong = |error| unreadable(path, mount.last_os_error(), error);
    let connect = || {
        let connection = mount.open_with_flags(for_sqlite(path), READ_WRITE)?;
        set(&connection, "synchronous = EXTRA")?;
        Ok(connection)
    };
    let connection = connect().map_err(wrong)?;
    log::empty(fs, &connection, path, wrong)?;
    let leave = || {
        set(&connection, "journal_mode = DELETE")?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))
    };
    leave().map_err(wrong)?;
    connection.close().map_err(|(_, error)| wrong(error))
}
