//! How the datastore is opened.

use plimsoll_reference::level::Level;

/// How the datastore is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether SQLite gives it a write-ahead log.
    pub has_wal: bool,
}

impl Options {
    /// What a commit is promised to survive.
    pub const fn commit_level(self) -> Level {
        if self.has_wal {
            Level::Power
        } else {
            Level::Process
        }
    }
}
