//! Each ActivityWatch scenario shows the bugs that it names, and no other.

use std::sync::Arc;

use plimsoll_scenarios::specimens::activitywatch::{ActivityWatch, Bug, mode};
use plimsoll_scenarios::specimens::mends::Mends;
use plimsoll_scenarios::{Scenario, catalogue};
use plimsoll_sim::case::{Case, Expect};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::CaseReport;

/// A scenario, the mode of its store, and the bugs without any one of which it shows nothing.
const SHOWN: &[(&str, &str, &[Bug])] = &[
    ("aw-h1-answered-before-the-commit", "wal", &[Bug::H1]),
    ("aw-h2-closed-without-a-commit", "wal", &[Bug::H2]),
    ("aw-r1-timer-needs-a-request", "wal", &[Bug::R1]),
    ("aw-r6-commit-fails", "wal", &[Bug::R6]),
    ("aw-r7-half-a-request", "wal", &[Bug::R7]),
    ("aw-r9-commits-again", "rollback", &[Bug::R9]),
];

fn cases(scenario: &str) -> Vec<Case> {
    let catalogue = catalogue();
    let scenario = catalogue
        .iter()
        .find(|known| known.name == scenario)
        .unwrap_or_else(|| panic!("{scenario} is not in the catalogue"));
    Scenario::cases(scenario)
}

/// The cases with the store in this mode and with these bugs.
fn explored(cases: &[Case], mode_name: &str, bugs: &[Bug]) -> Vec<CaseReport> {
    let options = mode(mode_name).unwrap_or_else(|| panic!("there is no mode {mode_name}"));
    let sut = Arc::new(ActivityWatch::new(
        "specimen",
        options,
        Mends::all_but(bugs),
    ));
    let explored = cases.iter().map(|case| {
        explore::run(&Case {
            sut: sut.clone(),
            expect: Expect::Pass,
            ..case.clone()
        })
    });
    explored.collect()
}

fn violated(cases: &[Case], mode: &str, bugs: &[Bug]) -> Vec<Oracle> {
    explored(cases, mode, bugs)
        .iter()
        .flat_map(|report| &report.violations)
        .map(|violation| violation.oracle)
        .collect()
}

#[test]
fn mending_a_bug_makes_its_scenario_pass() {
    for (scenario, mode, bugs) in SHOWN {
        let cases = cases(scenario);
        let found = violated(&cases, mode, bugs);
        assert!(
            found.len() >= cases.len(),
            "{scenario} shows only {found:?}"
        );
        for &bug in *bugs {
            let others: Vec<Bug> = bugs.iter().copied().filter(|&other| other != bug).collect();
            let found = violated(&cases, mode, &others);
            assert!(found.is_empty(), "{scenario}, with {bug} mended: {found:?}");
        }
    }
}
