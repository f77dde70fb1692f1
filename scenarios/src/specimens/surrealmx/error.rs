//! What can go wrong in the store.

use std::io;

use thiserror::Error;

/// Why the store could not do what it was asked.
#[derive(Debug, Error)]
pub(crate) enum Error {
    /// The file system failed.
    #[error("i/o: {0}")]
    Io(#[from] io::Error),
    /// A file does not decode.
    #[error("deserialization of the {file}: {reason}")]
    Deserialization {
        file: &'static str,
        reason: &'static str,
    },
    /// An earlier failure keeps the store from taking writes.
    #[error("poisoned: {0}")]
    Poisoned(String),
    /// There is no snapshot of that number to be finished.
    #[error("no snapshot {0} was begun")]
    NoSuchCut(u8),
}
