//! What a store goes on in spite of.

use std::fmt;

/// Something that is not as it was asked for, and that costs no promise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The database could not be moved from memory to its file. It goes on in memory, acknowledges at `Memory`, and is moved later.
    NotPromoted {
        /// Why.
        reason: String,
    },
    /// Copying the write-ahead log into the database failed behind a commit, which is acknowledged at `Memory`: the failure may be one of
    /// an earlier sync. The store takes no more writes.
    CheckpointFailed {
        /// Why.
        reason: String,
    },
    /// An old snapshot beyond the number that is kept could not be removed. The next snapshot tries again.
    NotPruned {
        /// Why.
        reason: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPromoted { reason } => {
                write!(f, "the database stays in memory for now: {reason}")
            }
            Self::CheckpointFailed { reason } => {
                write!(f, "no more writes until the store is reopened: {reason}")
            }
            Self::NotPruned { reason } => write!(f, "an old snapshot was not removed: {reason}"),
        }
    }
}
