//! Each ModelVault scenario shows the bug that it says, and no other.

use std::sync::Arc;

use plimsoll_scenarios::catalogue;
use plimsoll_scenarios::specimens::modelvault::{
    Bug::{self, H1, New, R1, R2, R5, R9, R14, R15, R16, R17, R18, R19, R20, R22, Seen},
    Mends, ModelVault, Options,
};
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
    /// Bugs that have to be mended with it, because mending it brings them to light.
    with: &'static [Bug],
}

fn shown() -> Vec<Shown> {
    let shown = |scenario, mended, bug| Shown {
        scenario,
        options: Options::usual(),
        mended,
        bug,
        with: &[],
    };
    let usual: &[Bug] = &[New, R5, R18];
    let renamed: &[Bug] = &[New, R5, R18, R1];
    let durable: &[Bug] = &[New, R5, R18, R1, R22];
    vec![
        Shown {
            with: &[R5, R18],
            ..shown("mv-created-in-place", &[], New)
        },
        shown("mv-r1-two-renames", usual, R1),
        shown("mv-r1-restore", usual, R1),
        shown("mv-r2-reopening-fails", renamed, R2),
        shown("mv-r5-torn-tail", &[New, R18], R5),
        shown("mv-r9-failed-commit-appears", usual, R9),
        shown("mv-r9-sync-fails-once", &[New, R5, R18, Seen], R9),
        shown("mv-r14-garbage-restored", renamed, R14),
        Shown {
            options: Options::bare_name(),
            ..shown("mv-r15-bare-name", durable, R15)
        },
        shown("mv-r16-directory-sync-fails", durable, R16),
        shown("mv-r17-export", usual, R17),
        shown("mv-r17-compact-to", usual, R17),
        shown("mv-r18-leftover-temporaries", &[New, R5], R18),
        shown("mv-r19-stat-fails", renamed, R19),
        Shown {
            options: Options::trusting(),
            ..shown("mv-r20-superblock-first", usual, R20)
        },
        shown("mv-r22-new-database", usual, R22),
        shown("mv-h1-lock-dropped", renamed, H1),
        shown("mv-seen-then-lost", usual, Seen),
    ]
}

/// The oracles that the cases of a scenario violate with another store.
fn violated(cases: &[Case], mends: Mends, options: Options) -> Vec<String> {
    let sut = Arc::new(ModelVault::new("specimen", options, mends));
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
        let before = [shown.mended, shown.with].concat();
        let violated_before = violated(&cases, Mends::of(&before), shown.options);
        if violated_before.is_empty() {
            wrong.push(format!("{name} shows nothing"));
        }
        let after = Mends::of(&before).with(shown.bug);
        for violation in violated(&cases, after, shown.options) {
            wrong.push(format!("{name}, with {} mended: {violation}", shown.bug));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_bug_is_shown() {
    let catalogue = catalogue();
    let shown = shown();
    for &bug in Bug::ALL {
        assert!(shown.iter().any(|shown| shown.bug == bug), "{bug}");
    }
    let broken = catalogue.iter().filter(|scenario| {
        scenario.group == "modelvault" && matches!(scenario.expect, Expect::Violation(_))
    });
    for scenario in broken {
        let is_listed = shown.iter().any(|shown| shown.scenario == scenario.name);
        assert!(is_listed, "{}", scenario.name);
    }
}

/// A reader that does not trust the superblock is safe from one that comes too early, as the real one is.
#[test]
fn a_reader_that_scans_the_log_needs_no_order_of_superblock_and_segments() {
    let catalogue = catalogue();
    let scenario = catalogue
        .iter()
        .find(|scenario| scenario.name == "mv-r20-superblock-first")
        .expect("it is in the catalogue");
    let mends = Mends::of(&[New, R5, R18]);
    let found = violated(&scenario.cases(), mends, Options::usual());
    assert_eq!(found, Vec::<String>::new());
}
