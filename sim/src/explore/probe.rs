//! A case looked at for its verdict alone, without the evidence: much cheaper than a whole run.

use super::goal::Goal;
use super::run::explore;
use crate::case::Case;
use crate::oracle::Oracle;

/// What a case violates, and whether it was put to the test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The oracles that it violates.
    pub violated: Vec<Oracle>,
    /// The faults of its plan that never took effect: without them the case says nothing about them.
    pub unfired: Vec<String>,
}

/// Explores a case as [`run`](super::run()) does, and says which oracles it violates and which faults never fired.
pub fn probe(case: &Case) -> Probe {
    let exploration = explore(case, Goal::Everything);
    Probe {
        violated: exploration.found.into_keys().collect(),
        unfired: exploration.unfired,
    }
}

/// The oracles that a case violates.
pub fn violated(case: &Case) -> Vec<Oracle> {
    probe(case).violated
}
