//! Snapshots of either engine on their way to the disk.

use crate::{native, sqlite};

use super::failure::Failure;

/// A cut that is yet to be written.
#[derive(Debug)]
pub(super) enum SnapshotJob {
    Native(native::SnapshotJob),
    Sqlite(sqlite::SnapshotJob),
}

/// A snapshot that is written and not yet in place. Dropping it removes it again, which may block.
#[derive(Debug)]
pub(super) enum WrittenSnapshot {
    Native(native::WrittenSnapshot),
    Sqlite(sqlite::WrittenSnapshot),
}

impl SnapshotJob {
    /// Writes it, without the store. This is the part that takes time.
    pub(super) fn write(self) -> Result<WrittenSnapshot, Failure> {
        Ok(match self {
            Self::Native(job) => WrittenSnapshot::Native(job.write()?),
            Self::Sqlite(job) => WrittenSnapshot::Sqlite(job.write()?),
        })
    }
}

/// A written snapshot whose turn it is to be put in place.
#[derive(Debug)]
pub(super) enum PlacingJob {
    Native(native::PlacingJob),
    Sqlite(sqlite::PlacingJob),
}

/// What came of putting a snapshot in place.
#[derive(Debug)]
pub(super) enum PlacedSnapshot {
    Native(native::PlacedSnapshot),
    Sqlite(sqlite::PlacedSnapshot),
}

impl PlacingJob {
    /// Puts it in place, without the store: it may stand still for as long as the disk does.
    pub(super) fn place(self) -> PlacedSnapshot {
        match self {
            Self::Native(job) => PlacedSnapshot::Native(job.place()),
            Self::Sqlite(job) => PlacedSnapshot::Sqlite(job.place()),
        }
    }
}
