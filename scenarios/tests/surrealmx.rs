//! Each SurrealMX scenario shows the bug that it says, and no other.

mod mended;

use std::time::Duration;

use plimsoll_scenarios::specimens::surrealmx::{Bug, FsyncMode, Options};

use crate::mended::{Shown, mending_the_bug_is_enough};

fn shown() -> Vec<Shown<Options, Bug>> {
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

#[test]
fn mending_the_bug_makes_its_scenario_pass() {
    mending_the_bug_is_enough(shown());
}
