//! Taking snapshots while commits go on.

use std::sync::Arc;

use crate::level::{Ack, Level};

use super::database::Method;
use super::error::StoreError;
use super::opening::Home;
use super::replace::Prepared;
use super::snapshot_job::{Origin, SnapshotJob, WrittenSnapshot};
use super::store::Store;

impl Store {
    /// Puts a copy of everything published so far at the snapshot path, durably, and keeps the one before it beside it. It is what
    /// [`begin_snapshot`](Self::begin_snapshot), [`SnapshotJob::write`] and [`finish_snapshot`](Self::finish_snapshot) come to, but nothing
    /// is cut: the copy is made page by page of the database itself, wherever that is.
    ///
    /// # Errors
    /// As these three. The store goes on as before, and the old copy is in place or the new one, whole.
    pub fn snapshot(&mut self) -> Result<Ack, StoreError> {
        self.check_turn()?;
        let covered = self.commits();
        let (live, snapshots) = self.live()?;
        let prepared = snapshots
            .ok_or_else(no_place)?
            .write(&live, Method::Backup)?;
        self.put_in_place(covered, prepared)?;
        Ok(Ack::at(self.snapshot_level()))
    }

    /// Takes the cut of a snapshot, which is then written without the store ([`SnapshotJob::write`]), on another thread if need be, and
    /// handed back to [`finish_snapshot`](Self::finish_snapshot). Any number of jobs may be open. It works on a poisoned store.
    ///
    /// A database with a write-ahead log is held by a transaction that reads, on a connection of its own. One in memory is copied in
    /// memory, page by page; and so is one with a rollback journal, which has to be read for it. The first cut of a life creates the
    /// directory of the snapshot path, takes its lock, and removes what earlier lives have left there.
    ///
    /// ```
    /// use plimsoll_reference::host::Host;
    /// use plimsoll_reference::sqlite::{Options, Store, read_image};
    /// # let dir = tempfile::tempdir()?;
    /// # let (path, backup) = (dir.path().join("store.db"), dir.path().join("backup.db"));
    /// let mut store = Store::open(&Host::real(), &Options::file(&path).snapshot_path(&backup))?;
    /// store.put(b"key", b"value")?;
    /// let job = store.begin_snapshot()?;
    /// let writer = std::thread::spawn(move || job.write());
    /// store.put(b"later", b"value")?; // goes on meanwhile
    /// let written = writer.join().expect("it does not panic")?;
    /// store.finish_snapshot(written)?;
    /// let mut keys = Vec::new();
    /// read_image(&Host::real(), &backup, &mut |key, _| keys.push(key.to_vec()))?;
    /// assert_eq!(keys, [b"key"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `InvalidOption` without a snapshot path; `LiveFile` where that leads to the open store; `Locked` when another store has it; `Io` and
    /// `Sqlite`. The store goes on as before.
    pub fn begin_snapshot(&mut self) -> Result<SnapshotJob, StoreError> {
        let covered = self.commits();
        let (live, snapshots) = self.live()?;
        let (temporary, lock) = snapshots.ok_or_else(no_place)?.begin(&live)?;
        let cut = live.database.cut(live.mount)?;
        Ok(SnapshotJob {
            cut,
            covered,
            temporary,
            origin: Origin {
                fs: Arc::clone(&self.host.fs),
                mount: Arc::clone(self.mount()),
                _lock: lock,
                owner: self.owner(),
            },
        })
    }

    /// Puts a snapshot that was written in place, durably, and keeps the one before it beside it. This takes a link, a rename and their
    /// syncs, whatever the size of the store. It is [`begin_placing`](Self::begin_placing),
    /// [`PlacingJob::place`](super::PlacingJob::place) and [`end_placing`](Self::end_placing) in one, and says what these say.
    ///
    /// # Errors
    /// As these. The store goes on as before, and the old copy is in place or the new one, whole.
    pub fn finish_snapshot(&mut self, written: WrittenSnapshot) -> Result<Ack, StoreError> {
        let placed = self.begin_placing(written)?.place();
        self.end_placing(placed)
    }

    /// At which level what a snapshot in place holds is held by that.
    pub(super) fn snapshot_level(&self) -> Level {
        match self.home() {
            _ if self.is_poisoned() => Level::Memory,
            // A file that a failed move has put in place comes before the snapshot when the store is opened again.
            Home::Memory if self.is_move_begun() => Level::Memory,
            Home::Memory | Home::File => Level::Power,
        }
    }

    fn put_in_place(&mut self, covered: u64, prepared: Prepared) -> Result<(), StoreError> {
        let (live, snapshots) = self.live()?;
        let installed = snapshots.ok_or_else(no_place)?.install(&live, prepared);
        match installed {
            Ok(warning) => {
                self.coverage_mut().place(covered);
                warning.into_iter().for_each(|warning| self.warn(warning));
                Ok(())
            }
            Err(error) => {
                self.coverage_mut().doubt(covered);
                Err(error)
            }
        }
    }
}

pub(super) fn no_place() -> StoreError {
    StoreError::InvalidOption {
        option: "snapshot_path",
        reason: "set it, so that there is a place for snapshots",
    }
}
