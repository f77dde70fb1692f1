//! Each ActivityWatch scenario shows the bugs that it names, and no other.

use std::sync::Arc;

use plimsoll_scenarios::specimens::activitywatch::{ActivityWatch, Bug, mode};
use plimsoll_scenarios::specimens::mends::Mends;
use plimsoll_sim::sut::Sut;

use crate::mending::{Shown, mending_any_bug_is_enough};

const SHOWN: &[Shown<Bug>] = &[
    ("aw-h1-answered-before-the-commit", "wal", &[Bug::H1]),
    ("aw-h2-closed-without-a-commit", "wal", &[Bug::H2]),
    ("aw-r1-timer-needs-a-request", "wal", &[Bug::R1]),
    ("aw-r6-commit-fails", "wal", &[Bug::R6]),
    ("aw-r7-half-a-request", "wal", &[Bug::R7]),
    ("aw-r9-commits-again", "rollback", &[Bug::R9]),
    ("aw-last-close-says-nothing", "wal", &[Bug::Close]),
];

/// The store in this mode and with these bugs.
fn sut(mode_name: &str, bugs: &[Bug]) -> Arc<dyn Sut> {
    let options = mode(mode_name).unwrap_or_else(|| panic!("there is no mode {mode_name}"));
    Arc::new(ActivityWatch::new(
        "specimen",
        options,
        Mends::all_but(bugs),
    ))
}

#[test]
fn mending_a_bug_makes_its_scenario_pass() {
    mending_any_bug_is_enough(SHOWN, sut);
}
