//! Each TinyCloud scenario shows the bugs that it names, and no other.

use std::sync::Arc;

use plimsoll_scenarios::specimens::mends::Mends;
use plimsoll_scenarios::specimens::tinycloud::{Bug, TinyCloud, mode};
use plimsoll_sim::sut::Sut;

use crate::mending::{Shown, mending_any_bug_is_enough};

const SHOWN: &[Shown<Bug>] = &[
    ("tiny-h3-paced-copy", "16k", &[Bug::H3, Bug::R10]),
    ("tiny-h5-one-temporary", "cached", &[Bug::H5]),
    ("tiny-r7-ends-all-the-same", "16k", &[Bug::R7]),
    ("tiny-r8-copied-in-place", "16k", &[Bug::R8]),
    ("tiny-r10-request-waits", "16k", &[Bug::R10]),
    ("tiny-r14-directories-not-synced", "16k", &[Bug::R14]),
];

/// The store in this mode and with these bugs.
fn sut(mode_name: &str, bugs: &[Bug]) -> Arc<dyn Sut> {
    let options = mode(mode_name).unwrap_or_else(|| panic!("there is no mode {mode_name}"));
    Arc::new(TinyCloud::new("specimen", options, Mends::all_but(bugs)))
}

#[test]
fn mending_a_bug_makes_its_scenario_pass() {
    mending_any_bug_is_enough(SHOWN, sut);
}
