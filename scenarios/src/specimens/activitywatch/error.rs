//! What can go wrong in the datastore.

use std::io;

use thiserror::Error;

/// Why the datastore could not do what it was asked.
#[derive(Debug, Error)]
pub(super) enum Error {
    /// SQLite failed.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system failed.
    #[error("i/o: {0}")]
    Io(#[from] io::Error),
    /// The request was refused, and nothing of it is there.
    #[error("refused: {0}")]
    Refused(rusqlite::Error),
}
