//! What can go wrong in the service.

use std::io;

use thiserror::Error;

use crate::specimens::pairs;

/// Why the service could not do what it was asked.
#[derive(Debug, Error)]
pub(super) enum Error {
    /// SQLite failed.
    #[error("database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file system failed.
    #[error("i/o: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// Whether SQLite may show a commit that failed so, of which nobody knows whether it is durable.
    pub(super) fn leaves_doubt(&self) -> bool {
        matches!(self, Self::Sqlite(error) if pairs::leaves_doubt(error))
    }
}
