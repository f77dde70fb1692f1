//! The sum of all cases.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_sim::fingerprint::{Fingerprint, Fingerprinter};
use plimsoll_sim::report::Counters;

use crate::exit::Ending;
use crate::sim::case_runner::Outcome;
use crate::sim::selection::Selected;

/// How many reproduce lines are repeated at the end. More than these are read from the reports themselves.
const REPRODUCE_MAX: usize = 5;

/// Adds up cases, in their order.
#[derive(Default)]
pub(crate) struct Tally {
    endings: BTreeMap<Ending, u64>,
    counters: Counters,
    violations_unexpected: u64,
    violations_expected: u64,
    reran: u64,
    reproduce: Vec<String>,
    fingerprinter: Fingerprinter,
}

/// What is said at the end of a run.
#[derive(Clone, Debug)]
pub(crate) struct Summary {
    /// How the run ended: as its worst case, or by interruption.
    pub(crate) ending: Ending,
    /// How many cases ended how.
    pub(crate) endings: BTreeMap<Ending, u64>,
    /// Cases selected; more than were run when interrupted.
    pub(crate) selected: u64,
    /// How much was looked at.
    pub(crate) counters: Counters,
    /// Violations that nobody expected.
    pub(crate) violations_unexpected: u64,
    /// Violations that were expected, and appeared.
    pub(crate) violations_expected: u64,
    /// Cases run twice.
    pub(crate) reran: u64,
    /// Commands that run failing cases again, the first few.
    pub(crate) reproduce: Vec<String>,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// Hash over the fingerprints of the cases, in their order.
    pub(crate) fingerprint: Fingerprint,
}

impl Summary {
    /// Cases run.
    pub(crate) fn cases(&self) -> u64 {
        self.endings.values().sum()
    }

    /// Cases in which what was expected was found, and nothing else.
    pub(crate) fn passed(&self) -> u64 {
        self.endings.get(&Ending::Passed).copied().unwrap_or(0)
    }
}

impl Tally {
    /// Adds the next case.
    pub(crate) fn add(&mut self, selected: &Selected, outcome: &Outcome) {
        *self.endings.entry(outcome.ending).or_default() += 1;
        self.counters += outcome.counters;
        let unexpected = outcome.unexpected().count();
        self.violations_unexpected += unexpected as u64;
        self.violations_expected += (outcome.violations.len() - unexpected) as u64;
        self.reran += u64::from(outcome.reran);
        self.fingerprinter.bytes(selected.case.id.as_bytes());
        self.fingerprinter.hash(outcome.fingerprint.0);
        if outcome.ending != Ending::Passed && self.reproduce.len() < REPRODUCE_MAX {
            self.reproduce.push(selected.reproduce());
        }
    }

    /// The sum of what was added out of `selected` cases.
    pub(crate) fn summary(self, selected: usize, elapsed: Duration) -> Summary {
        let run: u64 = self.endings.values().sum();
        let worst = self.endings.keys().copied().max();
        let ending = if run < selected as u64 {
            Ending::Interrupted
        } else {
            // Nothing run is nothing shown; selection refuses that before it gets here.
            worst.unwrap_or(Ending::Vacuous)
        };
        Summary {
            ending,
            endings: self.endings,
            selected: selected as u64,
            counters: self.counters,
            violations_unexpected: self.violations_unexpected,
            violations_expected: self.violations_expected,
            reran: self.reran,
            reproduce: self.reproduce,
            elapsed,
            fingerprint: self.fingerprinter.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    fn summary(selected: usize, outcomes: &[Outcome]) -> Summary {
        let mut tally = Tally::default();
        for (index, outcome) in outcomes.iter().enumerate() {
            tally.add(&fixtures::selected(&index.to_string()), outcome);
        }
        tally.summary(selected, Duration::ZERO)
    }

    #[test]
    fn the_worst_case_decides() {
        let all = [
            fixtures::passed(),
            fixtures::limited(),
            fixtures::violated(),
            fixtures::missed(),
        ];
        let summary = summary(4, &all);
        assert_eq!(summary.ending, Ending::Violated);
        assert_eq!((summary.cases(), summary.passed()), (4, 1));
        assert_eq!(
            (summary.violations_unexpected, summary.violations_expected),
            (1, 1)
        );
        assert_eq!(summary.reproduce.len(), 3);
    }

    #[test]
    fn a_run_that_did_not_reach_its_end_was_interrupted() {
        assert_eq!(
            summary(2, &[fixtures::passed()]).ending,
            Ending::Interrupted
        );
        assert_eq!(summary(1, &[fixtures::passed()]).ending, Ending::Passed);
    }

    #[test]
    fn the_fingerprint_is_that_of_all_cases_in_their_order_and_of_nothing_else() {
        let (a, b) = (fixtures::passed(), fixtures::limited());
        let of = |outcomes: &[Outcome]| summary(2, outcomes).fingerprint;
        let both = of(&[a.clone(), b.clone()]);
        assert_ne!(both, of(&[b.clone(), a.clone()]));
        assert_ne!(both, of(&[a.clone(), a.clone()]));
        let slower = Outcome {
            elapsed: Duration::from_secs(99),
            reran: true,
            ..a
        };
        assert_eq!(both, of(&[slower, b]));
    }
}
