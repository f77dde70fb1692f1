//! What came of a request.

use std::path::PathBuf;

use crate::level::Level;

use super::failure::Failure;

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// It was done.
    Done {
        /// At which level it, and everything before it, is held.
        level: Level,
        /// The number it has; of a snapshot, the last one it covers.
        sequence: u64,
        /// Where the snapshot is.
        path: Option<PathBuf>,
    },
    /// The value of a key, if there is one.
    Value(Option<Vec<u8>>),
    /// All keys with their values, in key order.
    Pairs {
        /// Key and value.
        pairs: Vec<(Vec<u8>, Vec<u8>)>,
        /// Number of the last write that they show.
        sequence: u64,
    },
    /// It was not done, or may not have been.
    Failed(Failure),
}

impl From<Failure> for Response {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
