//! Looking for any violation, where it is cheapest to find.

use super::goal::Goal;
use super::run::explore;
use crate::case::{Case, Limits};
use crate::oracle::Oracle;
use crate::report::Counters;

/// Crash points of the first pass at which each state is looked at up to this many; the canonical families come in any case.
const FIRST_EXHAUSTIVE: u32 = 32;

/// What a hunt came upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstViolation {
    /// The oracle that does not hold; nothing where no violation was found.
    pub oracle: Option<Oracle>,
    /// How much was looked at, in all passes.
    pub counters: Counters,
}

/// Explores a case up to the first violation.
///
/// A first pass over the whole run looks at few states of each crash point and crashes no recovery: most bugs show there, and it
/// takes a small part of the time. Where it finds nothing, a second pass is the exploration that [`run`](super::run()) makes. Both look
/// at legal states alone, so that what is found in either is a violation.
pub fn first_violation(case: &Case) -> FirstViolation {
    let quick = Limits {
        exhaustive_states: FIRST_EXHAUSTIVE.min(case.limits.exhaustive_states),
        samples: 0,
        depth: 0,
        ..case.limits
    };
    let mut counters = Counters::default();
    for limits in [quick, case.limits] {
        let pass = Case {
            limits,
            ..case.clone()
        };
        let exploration = explore(&pass, Goal::Violation);
        counters += exploration.counters;
        if let Some(&oracle) = exploration.found.keys().next() {
            return FirstViolation {
                oracle: Some(oracle),
                counters,
            };
        }
    }
    FirstViolation {
        oracle: None,
        counters,
    }
}
