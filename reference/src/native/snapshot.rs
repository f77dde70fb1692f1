//! Taking snapshots while commits go on.

use std::sync::Arc;
use std::time::Duration;

use crate::fs::OpenOptions;
use crate::level::{Ack, Level};

use super::error::{StoreError, io_error};
use super::image::{ImageHeader, write_image};
use super::naming::{confirm, sync_parent};
use super::options::{LogMode, Options, SnapshotPolicy};
use super::store::Store;
use super::table::Table;

/// A consistent cut that is yet to be written: every commit up to [`covered`](SnapshotJob::covered) and none after it.
#[derive(Debug)]
#[must_use = "a job that is dropped writes nothing"]
pub struct SnapshotJob {
    table: Arc<Table>,
    covered: u64,
    owner: Arc<()>,
}

impl SnapshotJob {
    /// Number of the last commit in the cut.
    pub fn covered(&self) -> u64 {
        self.covered
    }
}

/// Which snapshots there are and when the next one is due.
pub(super) struct Snapshots {
    owner: Arc<()>,
    /// What the newest snapshot covers whose promotion succeeded, or that was there at open.
    promoted: Option<u64>,
    /// What a snapshot covers whose promotion failed after it may have taken effect.
    uncertain: Option<u64>,
    /// Number of a segment that the snapshot at open referred to.
    segment: u64,
    attempts: u64,
    due_at: Option<Duration>,
}

impl Snapshots {
    pub(super) fn new(
        image: Option<ImageHeader>,
        options: &Options,
        now: impl FnOnce() -> Duration,
    ) -> Self {
        Self {
            owner: Arc::new(()),
            promoted: image.map(|image| image.covered),
            uncertain: None,
            segment: image.map_or(0, |image| image.segment),
            attempts: 0,
            due_at: match options.snapshot_policy {
                SnapshotPolicy::Never => None,
                SnapshotPolicy::Interval(interval) => Some(now().saturating_add(interval)),
            },
        }
    }

    pub(super) const fn promoted(&self) -> Option<u64> {
        self.promoted
    }

    pub(super) const fn due_at(&self) -> Option<Duration> {
        self.due_at
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.due_at.is_some_and(|due_at| due_at <= now)
    }

    pub(super) fn rearm(&mut self, options: &Options, now: Duration) {
        if let SnapshotPolicy::Interval(interval) = options.snapshot_policy {
            self.due_at = Some(now.saturating_add(interval));
        }
    }
}

impl Store {
    /// Writes everything published so far to the snapshot path and removes the segments that became needless: `Power`.
    ///
    /// It works on a poisoned store too, and then saves what was published.
    ///
    /// # Errors
    /// As [`finish_snapshot`](Self::finish_snapshot).
    pub fn snapshot(&mut self) -> Result<Ack, StoreError> {
        let job = self.begin_snapshot()?;
        self.finish_snapshot(job)
    }

    /// Takes the cut of a snapshot. It costs nothing now; while the job is held, the first commit copies the map without the bytes
    /// of its keys and values. Any number of jobs may be open.
    ///
    /// # Errors
    /// None at present.
    pub fn begin_snapshot(&mut self) -> Result<SnapshotJob, StoreError> {
        if self.options.log_mode != LogMode::Never {
            self.log.roll();
        }
        Ok(SnapshotJob {
            table: Arc::clone(&self.table),
            covered: self.sequence,
            owner: Arc::clone(&self.snapshots.owner),
        })
    }

    /// Writes the cut beside the snapshot path, makes it durable, puts it in the place of the old snapshot, makes that durable, and
    /// then removes the segments it covers. The acknowledgement, `Power`, is for what the job covers, not for later commits.
    ///
    /// A job that is older than the snapshot in place changes nothing and is acknowledged: that snapshot holds what it covers.
    ///
    /// # Errors
    /// `ForeignJob`; `Io` when a step failed. The store goes on as before. The old snapshot is in place, or the new one, whole. Where a
    /// sync fails once the new one is in place it is written again, and the store is poisoned if that fails too.
    pub fn finish_snapshot(&mut self, job: SnapshotJob) -> Result<Ack, StoreError> {
        if !Arc::ptr_eq(&job.owner, &self.snapshots.owner) {
            return Err(StoreError::ForeignJob);
        }
        if self
            .snapshots
            .promoted
            .is_some_and(|promoted| job.covered < promoted)
        {
            return Ok(Ack::at(Level::Power));
        }
        // A promotion that failed may have put a newer snapshot in place: an older one must not replace that, and a fresh cut
        // covers both. Where the log has failed, what it may have lost is covered too.
        let job = if self.is_poisoned()
            || self
                .snapshots
                .uncertain
                .is_some_and(|uncertain| job.covered < uncertain)
        {
            self.begin_snapshot()?
        } else {
            job
        };
        if let Promotion::Doubtful(_) = self.promote(&job)? {
            // The bytes may be lost although they can be read: they are written again, from memory to a new file.
            self.promote_again(&job)?;
        }
        if self.is_poisoned() && self.options.log_mode != LogMode::Never {
            self.log.restart(job.covered)?;
        }
        self.snapshots.promoted = Some(job.covered);
        self.snapshots.uncertain = None;
        self.log.trim(job.covered);
        Ok(Ack::at(Level::Power))
    }

    /// Replaces a snapshot whose bytes may not be durable. Where that fails, nothing more can be promised.
    fn promote_again(&mut self, job: &SnapshotJob) -> Result<(), StoreError> {
        let result = match self.promote(job) {
            Ok(Promotion::Done) => Ok(()),
            Ok(Promotion::Doubtful(error)) | Err(error) => Err(error),
        };
        self.guard(result)
    }

    fn promote(&mut self, job: &SnapshotJob) -> Result<Promotion, StoreError> {
        self.snapshots.attempts += 1;
        let fs = &*self.host.fs;
        self.log.settled.settle(fs, &self.layout.snapshot_dir)?;
        let temp = self
            .layout
            .snapshot_temp(job.covered, self.snapshots.attempts);
        let header = ImageHeader {
            covered: job.covered,
            floor: self.durable_to().min(job.covered),
            segment: self.log.established().max(self.snapshots.segment),
        };
        let write = || {
            let file = fs
                .open(&temp, OpenOptions::read_write().create_new().append())
                .map_err(io_error("create", &temp))?;
            write_image(&*file, &job.table, header, self.options.compression)
                .map_err(io_error("append to", &temp))?;
            file.sync_data().map_err(io_error("sync", &temp))?;
            Ok(file)
        };
        let uncertain = &mut self.snapshots.uncertain;
        let renamed = write().and_then(|file| {
            *uncertain = (*uncertain).max(Some(job.covered));
            fs.rename(&temp, &self.layout.snapshot)
                .map_err(io_error("rename", &temp))?;
            Ok(file)
        });
        if renamed.is_err() {
            // Best effort: what stays is removed by the next open.
            let _ = fs.remove_file(&temp);
        }
        let file = renamed?;
        if let Err(error) = confirm(&*file, &self.layout.snapshot) {
            return Ok(Promotion::Doubtful(error));
        }
        sync_parent(fs, &self.layout.snapshot)?;
        file.close()
            .map_err(io_error("close", &self.layout.snapshot))?;
        Ok(Promotion::Done)
    }
}

/// How a snapshot got its name.
enum Promotion {
    /// Durably, as far as anybody says.
    Done,
    /// It has the name, and a sync that came behind has failed.
    Doubtful(StoreError),
}
