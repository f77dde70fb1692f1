//! How the server is started.

use plimsoll_reference::level::Level;

/// How the server is started, and what is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The URL of the database.
    pub url: &'static str,
    /// Whether whoever wrote this URL means a database in memory.
    pub in_memory: bool,
    /// The path of the newest snapshot.
    pub snapshot: &'static str,
    /// Snapshots that are kept, at least one.
    pub keep: u32,
}

impl Options {
    /// A database in memory, and snapshots of which this many are kept.
    pub const fn memory(url: &'static str, keep: u32) -> Self {
        Self {
            url,
            in_memory: true,
            snapshot: "torc.db",
            keep,
        }
    }

    /// A database on disk.
    pub const fn disk(url: &'static str) -> Self {
        Self {
            in_memory: false,
            ..Self::memory(url, 1)
        }
    }

    /// What a commit is promised to survive.
    pub const fn commit_level(&self) -> Level {
        if self.in_memory {
            Level::Memory
        } else {
            Level::Process
        }
    }

    /// What everything is promised to survive after a clean end: in memory the last snapshot holds it.
    pub const fn close_level(&self) -> Level {
        if self.in_memory {
            Level::Power
        } else {
            Level::Process
        }
    }
}
