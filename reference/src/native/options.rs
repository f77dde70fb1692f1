//! How a store is opened.

use std::path::PathBuf;
use std::time::Duration;

use crate::level::Level;

use super::error::StoreError;

/// When commits are written to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogMode {
    /// Never: only snapshots are durable. An existing log is still recovered.
    Never,
    /// Before the commit is published and acknowledged.
    OnCommit,
    /// After the commit was published and acknowledged, by [`Store::tick`](super::Store::tick), by a commit that finds the queue
    /// full, by `sync` and by `close`.
    AsyncAfterCommit {
        /// Most commits that may wait; at least 1.
        queue_commits_max: usize,
        /// Most bytes that may wait, as encoded; at least 1. A larger commit is written at once.
        queue_bytes_max: usize,
    },
}

/// When the log is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncPolicy {
    /// Not on commits. Ends of segments, `sync` and `close` still do.
    Never,
    /// Each time something was appended.
    EveryAppend,
    /// When the oldest append that is not durable has this age, by `tick` or by the commit that finds it so.
    Interval(Duration),
}

/// When snapshots are taken besides those asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotPolicy {
    /// Never.
    Never,
    /// By `tick`, when the last one is this old and something was committed since.
    Interval(Duration),
}

/// How snapshots are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    None,
    /// As an LZ4 frame. Reading recognises both.
    Lz4,
}

/// What to do where there is no store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreatePolicy {
    /// Create an empty one, with its directories.
    CreateIfAbsent,
    /// Fail with [`StoreError::NotFound`]. A store without a snapshot and without a segment does not exist.
    OpenExisting,
}

/// Least size of a segment, in bytes.
pub const SEGMENT_BYTES_MIN: u64 = 256;

/// How a store is opened. The defaults are the safest: `OnCommit` with `EveryAppend`.
///
/// ```
/// use std::time::Duration;
/// use plimsoll_reference::level::Level;
/// use plimsoll_reference::native::{LogMode, Options, SyncPolicy};
///
/// let options = Options::new("data").sync_policy(SyncPolicy::Interval(Duration::from_secs(1)));
/// assert_eq!(options.commit_level(), Level::Window(Duration::from_secs(1)));
/// assert_eq!(options.log_mode(LogMode::Never).commit_level(), Level::Memory);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub(super) base: PathBuf,
    pub(super) log_mode: LogMode,
    pub(super) sync_policy: SyncPolicy,
    pub(super) snapshot_policy: SnapshotPolicy,
    pub(super) compression: Compression,
    pub(super) create_policy: CreatePolicy,
    pub(super) log_dir: Option<PathBuf>,
    pub(super) snapshot_path: Option<PathBuf>,
    pub(super) segment_bytes_max: u64,
}

impl Options {
    /// A store in the directory `base`: log and snapshot (`snapshot.plim`) in it, each commit durable before its
    /// acknowledgement, no snapshots but those asked for, no compression, segments of 64 MiB, created when absent.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self {
            base: base.into(),
            log_mode: LogMode::OnCommit,
            sync_policy: SyncPolicy::EveryAppend,
            snapshot_policy: SnapshotPolicy::Never,
            compression: Compression::None,
            create_policy: CreatePolicy::CreateIfAbsent,
            log_dir: None,
            snapshot_path: None,
            segment_bytes_max: 64 << 20,
        }
    }

    /// When commits are written to the log.
    #[must_use]
    pub fn log_mode(mut self, mode: LogMode) -> Self {
        self.log_mode = mode;
        self
    }

    /// When the log is made durable.
    #[must_use]
    pub fn sync_policy(mut self, policy: SyncPolicy) -> Self {
        self.sync_policy = policy;
        self
    }

    /// When snapshots are taken besides those asked for.
    #[must_use]
    pub fn snapshot_policy(mut self, policy: SnapshotPolicy) -> Self {
        self.snapshot_policy = policy;
        self
    }

    /// How snapshots are stored.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// What to do where there is no store.
    #[must_use]
    pub fn create_policy(mut self, policy: CreatePolicy) -> Self {
        self.create_policy = policy;
        self
    }

    /// Keeps the log in this directory; a relative one starts at the base directory. It is created, with its parents, when the first
    /// segment is. No other store may share it.
    #[must_use]
    pub fn log_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.log_dir = Some(dir.into());
        self
    }

    /// Keeps the snapshot at this path; a relative one starts at the base directory. Its directory is created, with its parents, when
    /// the first snapshot is. No other store may share it.
    #[must_use]
    pub fn snapshot_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.snapshot_path = Some(path.into());
        self
    }

    /// Starts a new segment rather than let one grow beyond this many bytes; a commit larger than that has one of its own.
    #[must_use]
    pub fn segment_bytes_max(mut self, bytes: u64) -> Self {
        self.segment_bytes_max = bytes;
        self
    }

    /// The level at which commits are acknowledged.
    ///
    /// A queued commit is in memory only, whatever the sync policy does with it later. With `SyncPolicy::Interval` the level
    /// says what a power loss may take; a process kill takes nothing.
    pub fn commit_level(&self) -> Level {
        match (self.log_mode, self.sync_policy) {
            (LogMode::Never | LogMode::AsyncAfterCommit { .. }, _) => Level::Memory,
            (LogMode::OnCommit, SyncPolicy::Never) => Level::Process,
            (LogMode::OnCommit, SyncPolicy::Interval(window)) => Level::Window(window),
            (LogMode::OnCommit, SyncPolicy::EveryAppend) => Level::Power,
        }
    }

    /// Whether there is no log, so that only snapshots are durable.
    pub fn is_memory_only(&self) -> bool {
        self.log_mode == LogMode::Never
    }

    /// Whether the store takes snapshots by itself, in [`Store::tick`](super::Store::tick).
    pub fn has_own_snapshots(&self) -> bool {
        self.snapshot_policy != SnapshotPolicy::Never
    }

    pub(super) fn validate(&self) -> Result<(), StoreError> {
        let refuse = |option, reason| Err(StoreError::InvalidOption { option, reason });
        if self.sync_policy == SyncPolicy::Interval(Duration::ZERO) {
            return refuse(
                "sync_policy",
                "an interval of zero never rests; use `EveryAppend`",
            );
        }
        if self.snapshot_policy == SnapshotPolicy::Interval(Duration::ZERO) {
            return refuse(
                "snapshot_policy",
                "an interval of zero never rests; use a longer one",
            );
        }
        if self.segment_bytes_max < SEGMENT_BYTES_MIN {
            return refuse("segment_bytes_max", "a segment has at least 256 bytes");
        }
        if let LogMode::AsyncAfterCommit {
            queue_commits_max,
            queue_bytes_max,
        } = self.log_mode
            && (queue_commits_max == 0 || queue_bytes_max == 0)
        {
            return refuse(
                "log_mode",
                "a queue without room takes nothing; use `OnCommit`",
            );
        }
        Ok(())
    }
}
