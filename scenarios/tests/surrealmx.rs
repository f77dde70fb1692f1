//! Each SurrealMX scenario shows the bug that it says, and no other.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_scenarios::catalogue;
use plimsoll_scenarios::specimens::surrealmx::{Bug, FsyncMode, Mends, Options, SurrealMx};
use plimsoll_sim::case::{Case, Expect};
use plimsoll_sim::explore;
use plimsoll_sim::report::Verdict;

/// A scenario, and what it takes to make it pass.
struct Shown {
    scenario: &'static str,
    options: Options,
    /// The bugs that are mended in its store.
    mended: &'static [Bug],
    /// The bug that it shows.
    bug: Bug,
    /// Bugs that have to be mended with it, because the scenario shows them too, or mending it brings them to light.
    with: &'static [Bug],
}

fn shown() -> Vec<Shown> {
    let shown = |scenario, mended, bug| Shown {
        scenario,
        options: Options::synchronous(FsyncMode::EveryAppend),
        mended,
        bug,
        with: &[],
    };
    vec![
        Shown {
            // What could not be written is visible, too.
            with: &[Bug::R6],
            ..shown("mx-r1-torn-tail", &[], Bug::R1)
        },
        Shown {
            // The write that fails leaves a torn tail.
            with: &[Bug::R1],
            ..shown("mx-r6-visible-before-logged", &[], Bug::R6)
        },
        shown("mx-r2-torn-commit", &[Bug::R1], Bug::R2),
        Shown {
            options: Options::asynchronous(FsyncMode::EveryAppend),
            ..shown("mx-r3-queue-dropped", &[], Bug::R3)
        },
        shown("mx-r10-rename-before-sync", &[Bug::R41], Bug::R10),
        shown("mx-r11-tail-not-synced", &[Bug::R12, Bug::R41], Bug::R11),
        shown("mx-r12-copy-back-fails", &[Bug::R41], Bug::R12),
        shown("mx-r12-truncated-in-place", &[Bug::R41], Bug::R12),
        shown(
            "mx-r14-overlapping-snapshots",
            &[Bug::R12, Bug::R41],
            Bug::R14,
        ),
        Shown {
            // The final snapshot has to be a good one.
            options: Options::snapshots_only(Duration::from_secs(60)),
            with: &[Bug::R10, Bug::R37, Bug::R41],
            ..shown("mx-r33-no-final-snapshot", &[], Bug::R33)
        },
        shown(
            "mx-r37-directory-not-synced",
            &[Bug::R1, Bug::R2, Bug::R41],
            Bug::R37,
        ),
        shown("mx-r41-leftover-temporaries", &[], Bug::R41),
    ]
}

fn mends(bugs: impl IntoIterator<Item = Bug>) -> Mends {
    bugs.into_iter().fold(Mends::none(), Mends::with)
}

/// The oracles that the cases of a scenario violate with another store.
fn violated(cases: &[Case], mends: Mends, options: Options) -> Vec<String> {
    let sut = Arc::new(SurrealMx::new("specimen", options, mends));
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

#[test]
fn mending_the_bug_makes_its_scenario_pass() {
    let catalogue = catalogue();
    let mut wrong = Vec::new();
    for shown in shown() {
        let name = shown.scenario;
        let scenario = catalogue
            .iter()
            .find(|scenario| scenario.name == name)
            .unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        let cases = scenario.cases();
        let before = shown.mended.iter().chain(shown.with).copied();
        let violated_before = violated(&cases, mends(before.clone()), shown.options);
        assert!(!violated_before.is_empty(), "{name} shows nothing");
        let after = mends(before).with(shown.bug);
        for violation in violated(&cases, after, shown.options) {
            wrong.push(format!("{name}, with {} mended: {violation}", shown.bug));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
