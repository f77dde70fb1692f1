//! Scenarios with bugs of their store mended.

use std::fmt::Display;
use std::sync::Arc;

use plimsoll_scenarios::catalogue;
use plimsoll_scenarios::specimens::mends::{Mendable, Mends};
use plimsoll_scenarios::specimens::specimen::Specimen;
use plimsoll_sim::case::{Case, Expect};
use plimsoll_sim::explore;
use plimsoll_sim::report::Verdict;
use plimsoll_sim::sut::Sut;

/// A scenario, and what it takes to make it pass.
pub(crate) struct Shown<O, B: 'static> {
    pub(crate) scenario: &'static str,
    pub(crate) options: O,
    /// The bugs that are mended in its store.
    pub(crate) mended: &'static [B],
    /// The bug that it shows.
    pub(crate) bug: B,
    /// Bugs that have to be mended with it, because the scenario shows them too, or mending it brings them to light.
    pub(crate) with: &'static [B],
}

/// What the cases of a scenario violate with another store, a line for each.
pub(crate) fn violated(cases: &[Case], sut: impl Sut + 'static) -> Vec<String> {
    let sut = Arc::new(sut);
    let mut violated = Vec::new();
    for case in cases {
        let report = explore::run(&Case {
            sut: sut.clone(),
            expect: Expect::Pass,
            ..case.clone()
        });
        assert!(
            matches!(report.verdict, Verdict::Passed | Verdict::Violated),
            "{}: {} {:?}",
            case.id,
            report.verdict,
            report.reason
        );
        for violation in &report.violations {
            let found = &violation.witness;
            violated.push(format!(
                "{} {}: {}: {}",
                case.id, violation.oracle, found.crash, found.found
            ));
        }
    }
    violated
}

/// Each scenario shows something, and nothing once its bug is mended.
pub(crate) fn mending_the_bug_is_enough<O: Copy, B: Mendable + Display>(shown: Vec<Shown<O, B>>)
where
    Specimen<O, B>: Sut + 'static,
{
    let catalogue = catalogue();
    let mut wrong = Vec::new();
    for shown in shown {
        let name = shown.scenario;
        let scenario = catalogue
            .iter()
            .find(|scenario| scenario.name == name)
            .unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        let cases = scenario.cases();
        let with = |mends| violated(&cases, Specimen::new("specimen", shown.options, mends));
        let before = Mends::of(&[shown.mended, shown.with].concat());
        if with(before).is_empty() {
            wrong.push(format!("{name} shows nothing"));
        }
        for violation in with(before.with(shown.bug)) {
            wrong.push(format!("{name}, with {} mended: {violation}", shown.bug));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
