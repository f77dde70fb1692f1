//! How much an exploration is to find before it ends.

use std::collections::BTreeMap;

use super::sweep::Found;
use crate::oracle::Oracle;

/// When an exploration may end before it has looked at everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Never.
    Everything,
    /// When it has evidence of this oracle's violation that no later find would replace.
    Evidence(Oracle),
    /// When it has found a violation of this oracle.
    ViolationOf(Oracle),
    /// When it has found any violation.
    Violation,
}

impl Goal {
    pub(super) fn is_reached(self, found: &BTreeMap<Oracle, Found>) -> bool {
        match self {
            Self::Everything => false,
            Self::Evidence(oracle) => found.get(&oracle).is_some_and(|found| found.rank == 0),
            Self::ViolationOf(oracle) => found.contains_key(&oracle),
            Self::Violation => !found.is_empty(),
        }
    }
}
