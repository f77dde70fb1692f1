//! Putting a snapshot that was written in place, without the store.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fs::Metadata;
use crate::level::Ack;

use super::error::StoreError;
use super::site::{Ground, Site};
use super::snapshot::no_place;
use super::snapshot_job::WrittenSnapshot;
use super::store::Store;
use super::warning::Warning;

/// A written snapshot whose turn it is to be put in place.
///
/// While there is one, and then what it [placed](PlacedSnapshot), the store takes commits and puts no other snapshot there.
#[must_use = "a job that is dropped puts nothing in place"]
pub struct PlacingJob {
    written: WrittenSnapshot,
    /// Whether the snapshot in place holds what this one covers, so that nothing is to be done.
    is_covered: bool,
    site: Site,
    live_path: Option<PathBuf>,
    live_file: Option<Metadata>,
    turn: Arc<()>,
}

/// What came of putting a snapshot in place, for [`Store::end_placing`].
#[must_use = "the store does not know of it before `Store::end_placing`"]
pub struct PlacedSnapshot {
    owner: Arc<()>,
    covered: u64,
    site: Site,
    result: Result<Placed, StoreError>,
    /// Ends the turn.
    _turn: Arc<()>,
}

enum Placed {
    /// Nothing was done: a newer one is in place.
    Covered,
    /// A warning says that older copies are left.
    InPlace(Option<Warning>),
}

impl fmt::Debug for PlacingJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlacingJob")
            .field("covered", &self.written.covered())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for PlacedSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlacedSnapshot")
            .field("covered", &self.covered)
            .finish_non_exhaustive()
    }
}

impl PlacingJob {
    /// Puts the snapshot in place, durably, and keeps the one before it beside it: a link, a rename and their syncs, whatever the size of
    /// the store. It needs no store: it may run on another thread while commits go on, and stand still for as long as the disk does.
    ///
    /// What came of it is for [`Store::end_placing`]. Once the store is gone nothing is put in place any more; a job that is at work then, goes on.
    pub fn place(mut self) -> PlacedSnapshot {
        let result = self.put();
        PlacedSnapshot {
            owner: Arc::clone(&self.written.origin.owner),
            covered: self.written.covered(),
            site: self.site,
            result,
            _turn: self.turn,
        }
    }

    fn put(&mut self) -> Result<Placed, StoreError> {
        let prepared = match self.written.take() {
            Some(prepared) if !self.is_covered => prepared,
            prepared => {
                if let Some(prepared) = prepared {
                    prepared.discard(&*self.written.origin.fs);
                }
                return Ok(Placed::Covered);
            }
        };
        let origin = &self.written.origin;
        if origin.mount.is_fenced() {
            prepared.discard(&*origin.fs);
            return Err(StoreError::StoreGone);
        }
        let ground = Ground {
            fs: &*origin.fs,
            mount: &origin.mount,
            live_path: self.live_path.as_deref(),
            live_file: self.live_file,
        };
        self.site.put(&ground, prepared).map(Placed::InPlace)
    }
}

impl Store {
    /// Gives a snapshot that was written its turn to be put in place, which is then done without the store ([`PlacingJob::place`]), on
    /// another thread if need be, and told to [`end_placing`](Self::end_placing). Meanwhile commits go on, and no other snapshot can be put
    /// there: not by `snapshot`, nor by a `close` that needs one.
    ///
    /// ```
    /// use plimsoll_reference::host::Host;
    /// use plimsoll_reference::sqlite::{Options, Store};
    /// # let dir = tempfile::tempdir()?;
    /// # let backup = dir.path().join("backup.db");
    /// let mut store = Store::open(&Host::real(), &Options::memory().snapshot_path(&backup))?;
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
    /// older than a snapshot of which nobody knows whether it is in place is replaced by a fresh cut, which is written here.
    ///
    /// # Errors
    /// `ForeignJob`; `SnapshotBusy` while another has its turn; `Io` and `Sqlite` where a fresh cut could not be written. What was written
    /// is removed.
    pub fn begin_placing(&mut self, written: WrittenSnapshot) -> Result<PlacingJob, StoreError> {
        if !Arc::ptr_eq(&written.origin.owner, &self.owner()) {
            return Err(StoreError::ForeignJob);
        }
        self.check_turn()?;
        let (coverage, covered) = (self.coverage(), written.covered());
        let is_covered = coverage.is_ahead_of(covered);
        let is_behind = coverage.may_be_ahead_of(covered) && covered < self.commits();
        let written = if !is_covered && is_behind {
            drop(written);
            self.begin_snapshot()?.write()?
        } else {
            written
        };
        let (live, snapshots) = self.live()?;
        let (live_path, live_file) = (live.path.map(Into::into), live.file);
        let snapshots = snapshots.ok_or_else(no_place)?;
        let site = snapshots.site_mut().lend();
        if !is_covered {
            // Until somebody says what came of it nobody knows which one is in place.
            self.coverage_mut().doubt(written.covered());
        }
        Ok(PlacingJob {
            written,
            is_covered,
            site,
            live_path,
            live_file,
            turn: self.take_turn(),
        })
    }

    /// Takes note of a snapshot that was put in place. Nothing is written or read for that.
    ///
    /// The acknowledgement is for what the job covers, not for later commits: `Power`, but `Memory` for a poisoned store, and for one in
    /// memory whose move to its file has failed half-way, as that file is opened first. The copy is durable in any case.
    ///
    /// # Errors
    /// `ForeignJob`; `LiveFile` where the snapshot path leads to the open store; `StoreGone`; `Io` and `Sqlite` when a step of
    /// [`PlacingJob::place`] failed. The store goes on as before, and the old copy is in place or the new one, whole.
    pub fn end_placing(&mut self, placed: PlacedSnapshot) -> Result<Ack, StoreError> {
        let PlacedSnapshot {
            owner,
            covered,
            site,
            result,
            _turn: turn,
        } = placed;
        if !Arc::ptr_eq(&owner, &self.owner()) {
            return Err(StoreError::ForeignJob);
        }
        drop(turn);
        *self.snapshots_mut().ok_or_else(no_place)?.site_mut() = site;
        let warning = match result? {
            Placed::Covered => return Ok(Ack::at(self.snapshot_level())),
            Placed::InPlace(warning) => warning,
        };
        self.coverage_mut().place(covered);
        warning.into_iter().for_each(|warning| self.warn(warning));
        Ok(Ack::at(self.snapshot_level()))
    }
}
