//! Making the files of an open store smaller.

use crate::level::{Ack, Level};

use super::error::StoreError;
use super::naming::Misplaced;
use super::store::Store;

impl Store {
    /// Folds the log into the snapshot: afterwards the snapshot holds everything, and recovery has no commit to replay. `Power`.
    ///
    /// Unlike [`snapshot`](Self::snapshot) it writes nothing where the snapshot holds everything already, drops what is queued or
    /// not yet synced, as the snapshot makes that needless, and refuses a store that takes no writes.
    ///
    /// # Errors
    /// `Poisoned`, and as [`finish_snapshot`](Self::finish_snapshot).
    pub fn checkpoint(&mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        if !self.snapshots.holds(self.sequence) {
            self.snapshot()?;
        }
        self.fold();
        Ok(Ack::at(Level::Power))
    }

    /// Rewrites the store to the least it needs, while it is open: a fresh snapshot and, where it has a log, one segment without
    /// commits. `Power`.
    ///
    /// At every instant the snapshot path holds a complete image, old or new, and the log what that image lacks. The lock is held
    /// throughout. There may be a job of [`begin_snapshot`](Self::begin_snapshot) open: finished later, it changes nothing.
    ///
    /// ```
    /// use plimsoll_reference::{host::Host, native::{Options, Store}};
    /// # let dir = tempfile::tempdir()?;
    /// # let options = Options::new(dir.path().join("data"));
    /// let mut store = Store::open(&Host::real(), &options)?;
    /// for round in 0..100_u8 {
    ///     store.put(b"key", &[round; 1000])?;
    /// }
    /// store.compact_in_place()?;
    /// let size = |name: &str| std::fs::metadata(dir.path().join("data").join(name)).map(|file| file.len());
    /// assert!(size("snapshot.plim")? < 1200 && size("0000000002.log")? < 100);
    /// assert!(size("0000000001.log").is_err(), "the old segment is gone");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Poisoned`; as [`finish_snapshot`](Self::finish_snapshot); `Io` and `TooLarge` when there can be no new segment. The store goes on
    /// as before, but where the new segment may have got its name and nobody knows whether it is whole: that poisons the store.
    pub fn compact_in_place(&mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        self.snapshot()?;
        self.fold();
        match self.log.renew(self.sequence) {
            Ok(()) => Ok(Ack::at(Level::Power)),
            Err(Misplaced::Absent(error)) => Err(error),
            Err(misplaced) => Err(self.poison_by(misplaced.into_error())),
        }
    }

    /// Lets go of what a durable snapshot of everything makes needless.
    fn fold(&mut self) {
        self.queue.clear();
        self.log.skip_to(self.sequence);
        self.log.trim(self.sequence);
    }
}
