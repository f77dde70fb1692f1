//! What can go wrong in the server.

use std::io;

use thiserror::Error;

/// Why the server could not do what it was asked.
#[derive(Debug, Error)]
pub(super) enum Error {
    /// SQLite failed.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system failed.
    #[error("i/o: {0}")]
    Io(#[from] io::Error),
    /// A commit has failed before, and what came before that may be lost.
    #[error("a commit has failed; start the server again")]
    Stopped,
}
