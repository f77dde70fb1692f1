//! A snapshot on its way from the cut to the disk, without the store.

use std::path::Path;
use std::sync::Arc;

use crate::fs::{FsFile, FsOps};

use super::directory::Settled;
use super::error::{StoreError, io_error};
use super::image::{ImageHeader, write_image};
use super::layout::Layout;
use super::lock::Lock;
use super::naming::{Misplaced, Prepared};
use super::options::Compression;
use super::table::Table;

/// A consistent cut that is yet to be written: every commit up to [`covered`](SnapshotJob::covered) and none after it.
///
/// It keeps the lock of the store, as what it writes has a name of the store's: until it is gone the store cannot be opened again.
#[must_use = "a job that is dropped writes nothing"]
pub struct SnapshotJob {
    pub(super) fs: Arc<dyn FsOps>,
    pub(super) layout: Arc<Layout>,
    pub(super) _lock: Arc<Lock>,
    pub(super) owner: Arc<()>,
    pub(super) settled: Settled,
    pub(super) table: Arc<Table>,
    /// What was true when the cut was taken. It still is: a store only learns of more that is durable, and of newer segments.
    pub(super) header: ImageHeader,
    pub(super) compression: Compression,
    /// Tells the temporaries of one life from each other.
    pub(super) attempt: u64,
}

impl std::fmt::Debug for SnapshotJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SnapshotJob")
            .field("covered", &self.covered())
            .finish_non_exhaustive()
    }
}

impl SnapshotJob {
    /// Number of the last commit in the cut.
    pub const fn covered(&self) -> u64 {
        self.header.covered
    }

    /// Writes the cut beside the snapshot path and makes its bytes durable. This is the part that takes long, and it needs no store:
    /// it may run on another thread while commits go on. The snapshot in place stays, until
    /// [`Store::finish_snapshot`](super::Store::finish_snapshot), or [`PlacingJob::place`](super::PlacingJob::place).
    ///
    /// # Errors
    /// `Io`. The store is as it was, and what was written is removed, as far as possible.
    pub fn write(mut self) -> Result<WrittenSnapshot, StoreError> {
        let fs = &*self.fs;
        self.settled.settle(fs, &self.layout.snapshot_dir)?;
        let temp = self.layout.snapshot_temp(self.covered(), self.attempt);
        let prepared = Prepared::replacement(fs, &temp, |file| self.write_to(file, &temp))?;
        Ok(WrittenSnapshot {
            job: self,
            prepared: Some(prepared),
        })
    }

    fn write_to(&self, file: &dyn FsFile, temp: &Path) -> Result<(), StoreError> {
        write_image(file, temp, &*self.table, self.header, self.compression)
    }
}

/// A cut that was written beside the snapshot path and is durable there. Dropping it removes it again.
#[must_use = "it is no snapshot before it is put in place"]
pub struct WrittenSnapshot {
    job: SnapshotJob,
    /// There until it is put in place or dropped.
    prepared: Option<Prepared>,
}

impl std::fmt::Debug for WrittenSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WrittenSnapshot")
            .field("covered", &self.covered())
            .finish_non_exhaustive()
    }
}

impl WrittenSnapshot {
    /// Number of the last commit in it.
    pub const fn covered(&self) -> u64 {
        self.job.covered()
    }

    pub(super) const fn owner(&self) -> &Arc<()> {
        &self.job.owner
    }

    /// Gives it the name of the snapshot, once.
    pub(super) fn put(&mut self) -> Result<(), Misplaced> {
        let Some(prepared) = self.prepared.take() else {
            return Ok(());
        };
        let path = &self.job.layout.snapshot;
        let file = prepared.put(&*self.job.fs, path)?;
        file.close()
            .map_err(|error| Misplaced::Unsure(io_error("close", path)(error)))
    }
}

impl Drop for WrittenSnapshot {
    fn drop(&mut self) {
        if let Some(prepared) = self.prepared.take() {
            prepared.discard(&*self.job.fs);
        }
    }
}
