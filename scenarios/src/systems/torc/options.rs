//! How client and server are started.

use std::path::Path;
use std::time::Duration;

use super::bug::Bug;
use crate::specimens::mends::Mends;

/// Names of the programs.
pub(super) const CLIENT: &str = "torc";
pub(super) const SERVER: &str = "torc-server";
pub(super) const LOG: &str = "torc-log";

/// Arguments of the server.
pub(super) const ALONE: &str = "--alone";
pub(super) const EMPTY: &str = "--empty";

/// Where the snapshot is.
pub(super) const SNAPSHOT: &str = "torc.db";

/// Time between periodic snapshots, where there are any.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);

/// The exit code of a command of which a job failed. The real one has the same for a server that does not start.
pub(super) const UNDONE: i32 = 3;

/// How client and server are started.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    /// What is mended.
    pub(super) mends: Mends<Bug>,
    /// Time between periodic snapshots, as it was asked for.
    pub(super) interval: Option<Duration>,
    /// Whether a command begins with its first request: one that reads is a command that only reads.
    pub(super) by_command: bool,
    /// Whether a command goes on when its server has ended, and its requests fail.
    pub(super) lingers: bool,
    /// Whether the server writes a log.
    pub(super) logs: bool,
}

impl Options {
    pub(super) fn has_mended(&self, bug: Bug) -> bool {
        self.mends.has(bug)
    }

    /// Time between periodic snapshots, where there are any. An interval of zero is refused once that is mended, and whoever asked for it
    /// then asks for what others ask for.
    pub(super) fn period(&self) -> Option<Duration> {
        match self.interval {
            Some(Duration::ZERO) if self.has_mended(Bug::H11) => Some(INTERVAL),
            Some(Duration::ZERO) | None => None,
            Some(interval) => Some(interval),
        }
    }
}

/// Where the snapshot is.
pub(super) fn path() -> &'static Path {
    Path::new(SNAPSHOT)
}
