//! Copies, checkpoints, compaction, restoring.

use std::path::Path;
use std::sync::Arc;

use crate::level::Ack;

use super::beside::{lock_path, temporary_path};
use super::database::{Method, Unreplaced};
use super::destination::Destination;
use super::directory::{follow, is_same_place};
use super::error::StoreError;
use super::image::open_checked;
use super::opening::Home;
use super::options::is_named;
use super::replace::discard;
use super::store::Store;

impl Store {
    /// Puts a copy of everything published so far at a path, durably, in place of what was there. The acknowledgement is at the level at
    /// which the store itself is held; the copy is durable in any case. It works on a poisoned store.
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot).
    pub fn export(&mut self, to: &Path) -> Result<Ack, StoreError> {
        self.copy(to, Method::Backup)
    }

    /// As [`export`](Self::export), without what is no longer needed.
    ///
    /// # Errors
    /// As [`snapshot`](Self::snapshot).
    pub fn compact_to(&mut self, to: &Path) -> Result<Ack, StoreError> {
        self.copy(to, Method::Vacuum)
    }

    fn copy(&mut self, to: &Path, method: Method) -> Result<Ack, StoreError> {
        if !is_named(to) {
            return Err(StoreError::InvalidOption {
                option: "to",
                reason: "a copy has a file name, in UTF-8",
            });
        }
        if let Some(path) = self.snapshot_path() {
            let fs = &*self.host.fs;
            if is_same_place(fs, path, to)? || is_same_place(fs, &lock_path(path), to)? {
                return Err(StoreError::InvalidOption {
                    option: "to",
                    reason: "snapshots go there; use `snapshot`",
                });
            }
        }
        let (live, _) = self.live()?;
        let mut destination = Destination::alone(to);
        destination.put(&live, method)?;
        destination.release()?;
        Ok(Ack::at(self.standing()))
    }

    /// Copies the write-ahead log into the database and cuts it to nothing. Where there is none nothing is done. What a
    /// [job](super::SnapshotJob) still has to read stays in the log.
    ///
    /// # Errors
    /// `Poisoned`; `Sqlite`, which poisons the store. The state stays as it is.
    pub fn checkpoint(&mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        if self.database.is_wal() {
            let done = self.database.empty_log(&*self.host.fs);
            self.guard(done)?;
        }
        Ok(Ack::at(self.standing()))
    }

    /// Rewrites the database without what is no longer needed, as one commit that changes nothing else.
    ///
    /// A database in a file is written anew beside itself, and then copied back: what SQLite's own `VACUUM` would do in a temporary file,
    /// which this store has in memory.
    ///
    /// # Errors
    /// `Poisoned`; `Sqlite`: where writing it beside itself failed the store goes on, else it is poisoned. The state stays as it is.
    pub fn compact(&mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        let done = match (self.home(), self.options.path()) {
            (Home::File, Some(path)) => {
                let fs = Arc::clone(&self.host.fs);
                let temporary = temporary_path(path, 0);
                // The lock of the database is ours, and so is a leftover.
                discard(&*fs, &temporary);
                let mount = Arc::clone(self.mount());
                let written = self.database.copy_to(&mount, &temporary, Method::Vacuum);
                let done = written.map(|()| self.database.take_over(&mount, &temporary));
                discard(&*fs, &temporary);
                done?
            }
            _ => self.database.vacuum(),
        };
        self.guard(done)?;
        self.after_commit()
    }

    /// Puts a snapshot or a copy in place of everything that the store holds, as one commit.
    ///
    /// The source is read as [`read_image`](super::read_image) does, and all of it is checked before anything is changed. The live file is
    /// not replaced, so that nothing can be left beside it that belongs to another.
    ///
    /// # Errors
    /// `Poisoned`; `Damaged`, `ForeignFile`, `NewerVersion`, `Locked`, `Io`, `Sqlite` (to open it) and `LiveFile` for the source, which change
    /// nothing, also where it cannot be read to its end; `Sqlite` when the commit failed, which poisons the store.
    pub fn restore(&mut self, from: &Path) -> Result<Ack, StoreError> {
        self.check_poison()?;
        let fs = &*self.host.fs;
        let (_, found) = follow(fs, from)?;
        if let (Some(own), Some(found)) = (self.own_file()?, found)
            && own.is_same_file(&found)
        {
            return Err(StoreError::LiveFile {
                path: from.to_path_buf(),
            });
        }
        let source = open_checked(fs, self.mount(), from)?;
        let done = self.database.replace_by(&source.connection);
        drop(source);
        match done {
            Ok(()) => {}
            Err(Unreplaced::Unwritten(error)) => self.guard(Err(error))?,
            Err(unread) => return Err(unread.into_error(from, self.mount().last_os_error())),
        }
        self.after_commit()
    }
}
