//! How the store is opened.

use std::time::Duration;

use plimsoll_reference::level::Level;

use super::bug::Bug;
use crate::specimens::mends::Mends;
use crate::specimens::surrealmx as files;

/// Time between snapshots, and between syncs of a log that commits do not wait for.
pub(super) const SNAPSHOTS: Duration = Duration::from_secs(5);
pub(super) const SYNCS: Duration = Duration::from_secs(1);

/// When commits go to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Before they are acknowledged, each with a sync.
    Sync,
    /// Afterwards, by a worker.
    Async,
}

impl Mode {
    /// What a commit is promised to survive.
    pub(super) const fn level(self) -> Level {
        match self {
            Self::Sync => Level::Power,
            Self::Async => Level::Memory,
        }
    }
}

/// The mends of what is done to files.
pub(super) fn files(mends: Mends<Bug>) -> files::Mends {
    if mends.has(Bug::R34) && mends.has(Bug::R36) {
        files::Mends::all()
    } else {
        // A frame has to follow the one before it.
        files::Mends::all_but(&[files::Bug::R2])
    }
}
