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

impl Complaint {
    /// The oracle that does not hold, where that can be told without a closer look.
    pub(super) const fn oracle(&self) -> Option<Oracle> {
        match self {
            Self::First(Recovered::State(_), _) => None,
            Self::First(..) => Some(Oracle::R3),
            Self::Later(oracle, _) | Self::Known(oracle, _) => Some(*oracle),
            Self::Used(used) => Some(used.oracle),
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
