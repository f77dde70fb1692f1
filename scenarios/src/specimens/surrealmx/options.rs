//! Modes of operation, and what each promises.

use std::time::Duration;

use plimsoll_reference::level::Level;

/// When commits go to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AolMode {
    /// Never.
    Never,
    /// Before the commit returns.
    SynchronousOnCommit,
    /// By a worker, after the commit has returned.
    AsynchronousAfterCommit,
}

/// When snapshots are taken besides those asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotMode {
    /// Never.
    Never,
    /// By a worker, at this interval.
    Interval(Duration),
}

/// When the log is synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FsyncMode {
    /// When the store is closed.
    Never,
    /// After each append.
    EveryAppend,
    /// By a worker, at this interval, and by an append that finds it passed.
    Interval(Duration),
}

/// How the store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// When commits go to the log.
    pub aol_mode: AolMode,
    /// When snapshots are taken.
    pub snapshot_mode: SnapshotMode,
    /// When the log is synced.
    pub fsync_mode: FsyncMode,
}

impl Options {
    /// A log written on commit.
    pub const fn synchronous(fsync_mode: FsyncMode) -> Self {
        Self {
            aol_mode: AolMode::SynchronousOnCommit,
            snapshot_mode: SnapshotMode::Never,
            fsync_mode,
        }
    }

    /// A log written by a worker.
    pub const fn asynchronous(fsync_mode: FsyncMode) -> Self {
        Self {
            aol_mode: AolMode::AsynchronousAfterCommit,
            snapshot_mode: SnapshotMode::Never,
            fsync_mode,
        }
    }

    /// No log, and a snapshot at this interval.
    pub const fn snapshots_only(interval: Duration) -> Self {
        Self {
            aol_mode: AolMode::Never,
            snapshot_mode: SnapshotMode::Interval(interval),
            fsync_mode: FsyncMode::Never,
        }
    }

    /// What a commit is promised to survive: the documented meaning of the modes.
    ///
    /// An asynchronous commit is documented to be lost only in "a small window", whose size is not stated: that is no promise.
    pub const fn commit_level(self) -> Level {
        match (self.aol_mode, self.fsync_mode) {
            (AolMode::Never | AolMode::AsynchronousAfterCommit, _) => Level::Memory,
            (AolMode::SynchronousOnCommit, FsyncMode::Never) => Level::Process,
            (AolMode::SynchronousOnCommit, FsyncMode::EveryAppend) => Level::Power,
            (AolMode::SynchronousOnCommit, FsyncMode::Interval(interval)) => {
                Level::Window(interval)
            }
        }
    }

    /// What everything is promised to survive after a sync; none where there is nothing to sync.
    pub const fn sync_level(self) -> Option<Level> {
        match self.aol_mode {
            AolMode::Never => None,
            AolMode::SynchronousOnCommit | AolMode::AsynchronousAfterCommit => Some(Level::Power),
        }
    }

    /// What everything in a snapshot is promised to survive.
    pub const fn snapshot_level(self) -> Level {
        Level::Power
    }

    /// What everything is promised to survive after a clean close.
    pub const fn close_level(self) -> Level {
        match (self.aol_mode, self.snapshot_mode) {
            (AolMode::Never, SnapshotMode::Never) => Level::Memory,
            _ => Level::Power,
        }
    }
}
