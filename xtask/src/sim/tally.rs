//! The sum of all cases.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_sim::class::Class;
use plimsoll_sim::fingerprint::{Fingerprint, Fingerprinter};
use plimsoll_sim::report::Counters;

use crate::exit::{Ending, Exit};
use crate::report::groups::{Group, Groups};
use crate::sim::case_runner::Outcome;
use crate::sim::selection::Selected;
use crate::sim::vacuity::{Met, Standard};

/// How many reproduce lines are repeated at the end. More than these are read from the reports themselves.
const REPRODUCE_MAX: usize = 5;

/// Adds up cases, in their order.
#[derive(Default)]
pub(crate) struct Tally {
    endings: BTreeMap<Ending, u64>,
    counters: Counters,
    violations_unexpected: u64,
    violations_portability: u64,
    violations_expected: u64,
    reran: u64,
    reproduce: Vec<String>,
    fingerprinter: Fingerprinter,
    groups: Groups,
    met: Met,
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
    /// Violations on targets that nobody expected.
    pub(crate) violations_unexpected: u64,
    /// Violations that nobody expected, and no target reaches.
    pub(crate) violations_portability: u64,
    /// Violations that were expected, and appeared.
    pub(crate) violations_expected: u64,
    /// Cases run twice.
    pub(crate) reran: u64,
    /// The violations that nobody expected, those that are one together.
    pub(crate) groups: Vec<Group>,
    /// What the run should have met and did not, one sentence each.
    pub(crate) vacuous: Vec<String>,
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

    /// Cases that make the run fail.
    pub(crate) fn failed(&self) -> u64 {
        let ends_well = |ending: &Ending| ending.exit() == Exit::Held;
        self.endings
            .iter()
            .filter(|(ending, _)| !ends_well(ending))
            .map(|(_, count)| count)
            .sum()
    }
}

impl Tally {
    /// Adds the next case. Says of each of its violations whether one like it was there before.
    pub(crate) fn add(&mut self, selected: &Selected, outcome: &Outcome) -> Vec<bool> {
        *self.endings.entry(outcome.ending).or_default() += 1;
        self.counters += outcome.counters;
        self.met.add(selected, &outcome.counters);
        for violation in &outcome.violations {
            *match (violation.expected, violation.class) {
                (true, _) => &mut self.violations_expected,
                (false, Class::Bug) => &mut self.violations_unexpected,
                (false, Class::Portability) => &mut self.violations_portability,
            } += 1;
        }
        self.reran += u64::from(outcome.reran);
        self.fingerprinter.bytes(selected.case.id.as_bytes());
        self.fingerprinter.hash(outcome.fingerprint.0);
        let known = self.groups.add(selected, outcome);
        // A case of which everything was seen before is no news either.
        let is_new = outcome.violations.is_empty() || known.contains(&false);
        if outcome.ending != Ending::Passed && is_new && self.reproduce.len() < REPRODUCE_MAX {
            self.reproduce.push(selected.reproduce());
        }
        known
    }

    /// The sum of what was added out of `selected` cases, held to a standard where they are a whole run.
    pub(crate) fn summary(
        self,
        selected: usize,
        elapsed: Duration,
        standard: Option<Standard>,
    ) -> Summary {
        let run: u64 = self.endings.values().sum();
        let mut worst = self.endings.keys().copied().max();
        let vacuous = match standard {
            // What an interrupted run did not meet, its end might have.
            Some(standard) if run == selected as u64 => standard.missing(&self.met),
            _ => Vec::new(),
        };
        if !vacuous.is_empty() {
            worst = worst.max(Some(Ending::Vacuous));
        }
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
            violations_portability: self.violations_portability,
            violations_expected: self.violations_expected,
            groups: self.groups.into_list(),
            vacuous,
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
        tally.summary(selected, Duration::ZERO, None)
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
