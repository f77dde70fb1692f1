//! A snapshot on its way from the cut to the disk, without the store.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::FsOps;

use super::cut::Cut;
use super::error::StoreError;
use super::lock::Lock;
use super::replace::{Format, Prepared};
use super::vfs::Mount;

/// What a job takes along of its store.
pub(super) struct Origin {
    pub(super) fs: Arc<dyn FsOps>,
    pub(super) mount: Arc<Mount>,
    /// Of the snapshot path: nobody else writes anything beside it meanwhile.
    pub(super) _lock: Arc<Lock>,
    pub(super) owner: Arc<()>,
}

impl Origin {
    /// Writes a cut beside the snapshot path, durably.
    pub(super) fn write(&self, cut: &Cut, temporary: &Path) -> Result<Prepared, StoreError> {
        Prepared::write(&*self.fs, temporary, Format::Rollback, || {
            cut.write(&self.mount, temporary)
        })
    }
}

/// A consistent cut that is yet to be written: everything committed before it and nothing after it.
///
/// It keeps the lock of the snapshot path. Beside a write-ahead log it also keeps the log from starting anew: a job that is neither
/// written nor dropped lets the log grow. A store that is closed or dropped fences its jobs, which then fail.
#[must_use = "a job that is dropped writes nothing"]
pub struct SnapshotJob {
    pub(super) origin: Origin,
    pub(super) cut: Cut,
    pub(super) covered: u64,
    pub(super) temporary: PathBuf,
}

impl fmt::Debug for SnapshotJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SnapshotJob")
            .field("covered", &self.covered)
            .finish_non_exhaustive()
    }
}

impl SnapshotJob {
    /// Number of the last commit in the cut, counted from 1 in this life of the store.
    pub const fn covered(&self) -> u64 {
        self.covered
    }

    /// Writes the cut beside the snapshot path and makes its bytes durable. This is the part that takes long, and it needs no store:
    /// it may run on another thread while commits go on. The snapshot in place stays, until
    /// [`Store::finish_snapshot`](super::Store::finish_snapshot), or [`PlacingJob::place`](super::PlacingJob::place).
    ///
    /// # Errors
    /// `Io` and `Sqlite`, also when the store is gone. The store is as it was, and what was written is removed, as far as possible.
    pub fn write(self) -> Result<WrittenSnapshot, StoreError> {
        let prepared = self.origin.write(&self.cut, &self.temporary)?;
        Ok(WrittenSnapshot {
            origin: self.origin,
            covered: self.covered,
            prepared: Some(prepared),
        })
    }
}

/// A cut that was written beside the snapshot path and is durable there. Dropping it removes it again.
#[must_use = "it is no snapshot before it is put in place"]
pub struct WrittenSnapshot {
    pub(super) origin: Origin,
    covered: u64,
    /// There until it is put in place or dropped.
    prepared: Option<Prepared>,
}

impl fmt::Debug for WrittenSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WrittenSnapshot")
            .field("covered", &self.covered)
            .finish_non_exhaustive()
    }
}

impl WrittenSnapshot {
    /// Number of the last commit in it, counted from 1 in this life of the store.
    pub const fn covered(&self) -> u64 {
        self.covered
    }

    /// Hands over what was written. There is none but in `drop`.
    pub(super) const fn take(&mut self) -> Option<Prepared> {
        self.prepared.take()
    }
}

impl Drop for WrittenSnapshot {
    fn drop(&mut self) {
        if let Some(prepared) = self.prepared.take() {
            prepared.discard(&*self.origin.fs);
        }
    }
}
