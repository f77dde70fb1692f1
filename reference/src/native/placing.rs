//! Putting a snapshot that was written in place, without the store.

use std::sync::Arc;

use crate::level::{Ack, Level};

use super::error::StoreError;
use super::naming::Misplaced;
use super::options::LogMode;
use super::snapshot_job::WrittenSnapshot;
use super::store::Store;

/// A written snapshot whose turn it is to be put in place.
///
/// While there is one, and then what it [placed](PlacedSnapshot), the store takes commits and puts no other snapshot there.
#[must_use = "a job that is dropped puts nothing in place"]
pub struct PlacingJob {
    written: WrittenSnapshot,
    /// Whether the snapshot in place holds what this one covers, so that nothing is to be done.
    is_covered: bool,
    /// What was uncertain before.
    before: Option<u64>,
    turn: Arc<()>,
}

/// What came of putting a snapshot in place, for [`Store::end_placing`].
#[must_use = "the store does not know of it before `Store::end_placing`"]
pub struct PlacedSnapshot {
    owner: Arc<()>,
    covered: u64,
    before: Option<u64>,
    result: Result<Placed, Misplaced>,
    /// Ends the turn.
    _turn: Arc<()>,
}

enum Placed {
    /// Nothing was done: a newer one is in place.
    Covered,
    InPlace,
}

impl std::fmt::Debug for PlacingJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlacingJob")
            .field("covered", &self.written.covered())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PlacedSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PlacedSnapshot")
            .field("covered", &self.covered)
            .finish_non_exhaustive()
    }
}

impl PlacingJob {
    /// Puts the snapshot in the place of the old one and makes that durable: a rename and two syncs, and a second name for the old one
    /// meanwhile, whatever the size of the store. It needs no store: it may run on another thread while commits go on, and stand still for
    /// as long as the disk does. What is appended meanwhile never gets into the blocks of the old one while that may come back. What came of
    /// it is for [`Store::end_placing`].
    pub fn place(self) -> PlacedSnapshot {
        let Self {
            mut written,
            is_covered,
            before,
            turn,
        } = self;
        let result = if is_covered {
            Ok(Placed::Covered)
        } else {
            written.put().map(|()| Placed::InPlace)
        };
        PlacedSnapshot {
            owner: Arc::clone(written.owner()),
            covered: written.covered(),
            before,
            result,
            _turn: turn,
        }
    }
}

impl Store {
    /// Gives a snapshot that was written its turn to be put in place, which is then done without the store ([`PlacingJob::place`]), on
    /// another thread if need be, and told to [`end_placing`](Self::end_placing). Meanwhile commits go on, and no other snapshot can be put
    /// there: not by `snapshot`, `checkpoint`, `compact_in_place`, a restore or a `close` that needs one.
    ///
    /// ```
    /// use plimsoll_reference::{host::Host, native::{LogMode, Options, Store}};
    /// # let dir = tempfile::tempdir()?;
    /// # let base = dir.path().join("data");
    /// let mut store = Store::open(&Host::real(), &Options::new(&base).log_mode(LogMode::Never))?;
    /// store.put(b"key", b"value")?;
    /// let written = store.begin_snapshot()?.write()?;
    /// let placing = store.begin_placing(written)?;
    /// let placer = std::thread::spawn(move || placing.place());
    /// store.put(b"later", b"value")?; // goes on, however long a rename takes
    /// store.end_placing(placer.join().expect("it does not panic"))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// One that is older than the snapshot in place changes nothing and is acknowledged: that snapshot holds what it covers. One that is
    /// older than a snapshot of which nobody knows whether it is in place, or than a failure of the log, is replaced by a fresh cut, which
    /// is written here.
    ///
    /// # Errors
    /// `ForeignJob`; `SnapshotBusy` while another has its turn; `Io` where a fresh cut could not be written. What was written is removed.
    pub fn begin_placing(&mut self, written: WrittenSnapshot) -> Result<PlacingJob, StoreError> {
        if !Arc::ptr_eq(written.owner(), &self.snapshots.owner) {
            return Err(StoreError::ForeignJob);
        }
        self.check_turn()?;
        let promoted = self.snapshots.promoted();
        let is_covered = promoted.is_some_and(|promoted| written.covered() < promoted);
        let written = if !is_covered && self.needs_fresh_cut(written.covered()) {
            drop(written);
            self.begin_snapshot()?.write()?
        } else {
            written
        };
        // It was made durable before the file in it was written.
        self.log.settled.know(&self.layout.snapshot_dir);
        let before = self.snapshots.uncertain;
        if !is_covered {
            // Until somebody says what came of it nobody knows which one is in place.
            self.snapshots.uncertain = before.max(Some(written.covered()));
        }
        let turn = Arc::new(());
        self.snapshots.turn = Arc::downgrade(&turn);
        Ok(PlacingJob {
            written,
            is_covered,
            before,
            turn,
        })
    }

    /// Takes note of a snapshot that was put in place, and removes the segments it covers. Without a log and segments that one left
    /// nothing is written or read. The acknowledgement, `Power`, is for what the job covers, not for later commits.
    ///
    /// # Errors
    /// `ForeignJob`; `Io` when a step of [`PlacingJob::place`] failed. The store goes on as before. The old snapshot is in place, or the new
    /// one, whole. Where the log has failed since the cut a fresh one is written here.
    pub fn end_placing(&mut self, placed: PlacedSnapshot) -> Result<Ack, StoreError> {
        let PlacedSnapshot {
            owner,
            covered,
            before,
            result,
            _turn: turn,
        } = placed;
        if !Arc::ptr_eq(&owner, &self.snapshots.owner) {
            return Err(StoreError::ForeignJob);
        }
        drop(turn);
        match result {
            Ok(Placed::Covered) => return Ok(Ack::at(Level::Power)),
            Ok(Placed::InPlace) => {}
            Err(Misplaced::Absent(error)) => {
                self.snapshots.uncertain = before;
                return Err(error);
            }
            Err(Misplaced::Unsure(error)) => return Err(error),
        }
        if self.is_poisoned() && self.options.log_mode != LogMode::Never {
            if covered < self.sequence {
                // The log has failed while this was put in place.
                self.snapshots.promoted = Some(covered);
                self.snapshots.uncertain = None;
                return self.snapshot();
            }
            self.log.restart(covered)?;
        }
        self.snapshots.promoted = Some(covered);
        self.snapshots.uncertain = None;
        self.log.trim(covered);
        Ok(Ack::at(Level::Power))
    }

    /// Whether a snapshot of `covered` is not what should be put in place. A promotion that failed may have put a newer one there: an older
    /// one must not replace that, and a fresh cut covers both. Where the log has failed, what it may have lost is covered too.
    fn needs_fresh_cut(&self, covered: u64) -> bool {
        let may_be_behind = |uncertain| covered < uncertain;
        covered < self.sequence
            && (self.is_poisoned() || self.snapshots.uncertain.is_some_and(may_be_behind))
    }

    /// Refuses to put anything in place while another snapshot has its turn.
    pub(super) fn check_turn(&self) -> Result<(), StoreError> {
        if self.snapshots.is_placing() {
            return Err(StoreError::SnapshotBusy {
                path: self.layout.snapshot.clone(),
            });
        }
        Ok(())
    }
}
