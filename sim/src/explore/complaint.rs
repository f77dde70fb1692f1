//! What can be wrong with what came of a crash.

use plimsoll_faults::crash::CrashKind;

use super::recovered::{Recovered, Used};
use crate::oracle::Oracle;

/// What is wrong with an outcome.
pub(super) enum Complaint {
    /// The first recovery.
    First(Recovered, CrashKind),
    /// A later one.
    Later(Oracle, Recovered),
    /// A recovered store in use.
    Used(Used),
    /// Something with its own expected and found.
    Known(Oracle, (String, String)),
}

/// Sorts of complaints.
pub(super) const SORTS: usize = 5;

impl Complaint {
    pub(super) fn sort(&self) -> usize {
        match self {
            Self::First(Recovered::State(_), _) => 0,
            Self::First(..) => 1,
            Self::Used(_) => 2,
            Self::Later(..) => 3,
            Self::Known(..) => 4,
        }
    }

    pub(super) fn rank(&self) -> u8 {
        match self {
            Self::First(..) | Self::Known(..) => 0,
            Self::Used(_) => 1,
            Self::Later(..) => 2,
        }
    }
}
