//! Scenarios with bugs of their store mended.

use std::fmt::Display;
use std::sync::Arc;

use plimsoll_scenarios::{Scenario, catalogue};
use plimsoll_sim::case::{Case, Expect};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::CaseReport;
use plimsoll_sim::sut::Sut;

/// A scenario, the mode of its store, and the bugs without any one of which it shows nothing.
pub(crate) type Shown<B> = (&'static str, &'static str, &'static [B]);

/// The cases of a scenario that ships.
pub(crate) fn cases(scenario: &str) -> Vec<Case> {
    let catalogue = catalogue();
    let scenario = catalogue
        .iter()
        .find(|known| known.name == scenario)
        .unwrap_or_else(|| panic!("{scenario} is not in the catalogue"));
    Scenario::cases(scenario)
}

/// The cases with another store.
pub(crate) fn explored(cases: &[Case], sut: &Arc<dyn Sut>) -> Vec<CaseReport> {
    let explored = cases.iter().map(|case| {
        explore::run(&Case {
            sut: Arc::clone(sut),
            expect: Expect::Pass,
            ..case.clone()
        })
    });
    explored.collect()
}

/// What the cases show with another store.
pub(crate) fn violated(cases: &[Case], sut: &Arc<dyn Sut>) -> Vec<Oracle> {
    explored(cases, sut)
        .iter()
        .flat_map(|report| &report.violations)
        .map(|violation| violation.oracle)
        .collect()
}

/// Each scenario shows something in every case, and nothing once any one of its bugs is mended. `sut` is the store in a mode, with bugs.
pub(crate) fn mending_any_bug_is_enough<B: Copy + Display + PartialEq>(
    shown: &[Shown<B>],
    sut: impl Fn(&str, &[B]) -> Arc<dyn Sut>,
) {
    for (scenario, mode, bugs) in shown {
        let cases = cases(scenario);
        let found = violated(&cases, &sut(mode, bugs));
        assert!(
            found.len() >= cases.len(),
            "{scenario} shows only {found:?}"
        );
        for &bug in *bugs {
            let others: Vec<B> = bugs.iter().copied().filter(|&other| other != bug).collect();
            let found = violated(&cases, &sut(mode, &others));
            assert!(found.is_empty(), "{scenario}, with {bug} mended: {found:?}");
        }
    }
}
