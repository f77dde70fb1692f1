//! Each ModelVault scenario shows the bug that it says, and no other.

mod mended;

use plimsoll_scenarios::catalogue;
use plimsoll_scenarios::specimens::mends::Mendable;
use plimsoll_scenarios::specimens::modelvault::{
    Bug::{self, H1, New, R1, R2, R5, R9, R14, R15, R16, R17, R18, R19, R20, R22, Seen},
    Mends, ModelVault, Options,
};
use plimsoll_sim::case::Expect;

use crate::mended::{Shown, mending_the_bug_is_enough, violated};

fn shown() -> Vec<Shown<Options, Bug>> {
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

#[test]
fn mending_the_bug_makes_its_scenario_pass() {
    mending_the_bug_is_enough(shown());
}

#[test]
fn every_bug_is_shown() {
    let catalogue = catalogue();
    let shown = shown();
    for &bug in <Bug as Mendable>::ALL {
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
    let sut = ModelVault::new("specimen", Options::usual(), mends);
    let found = violated(&scenario.cases(), sut);
    assert_eq!(found, Vec::<String>::new());
}
