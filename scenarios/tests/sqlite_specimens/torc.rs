//! Each Torc scenario shows the bugs that it names, and no other.

use std::sync::Arc;

use plimsoll_scenarios::specimens::mends::Mends;
use plimsoll_scenarios::specimens::torc::{Bug, Torc, mode};
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::sut::Sut;

use crate::mending::{Shown, cases, explored, mending_any_bug_is_enough, violated};

const SHOWN: &[Shown<Bug>] = &[
    ("torc-h1-private-databases", "memory", &[Bug::H1]),
    ("torc-h4-claims-a-log", "memory", &[Bug::H4]),
    ("torc-h6-colon-in-a-path", "disk-colon", &[Bug::H6]),
    ("torc-h7-bare-url", "bare", &[Bug::H7]),
    ("torc-h9-pool-closes-the-database", "shared", &[Bug::H9]),
    ("torc-r8-failure-is-logged", "memory", &[Bug::R8]),
    ("torc-r9-killed-between-renames", "memory", &[Bug::R9]),
    ("torc-r10-history-given-up", "three", &[Bug::R10]),
    ("torc-r14-directory-not-synced", "memory", &[Bug::R14]),
    ("torc-r15-uri-in-a-path", "disk-uri", &[Bug::R15]),
    ("torc-r15-other-spelling", "named", &[Bug::R15]),
];

/// The store in this mode and with these bugs.
fn sut(mode_name: &str, bugs: &[Bug]) -> Arc<dyn Sut> {
    let options = mode(mode_name).unwrap_or_else(|| panic!("there is no mode {mode_name}"));
    Arc::new(Torc::new("specimen", options, Mends::all_but(bugs)))
}

#[test]
fn mending_a_bug_makes_its_scenario_pass() {
    mending_any_bug_is_enough(SHOWN, sut);
}

/// An end that says that it failed loses nothing unseen; but nothing had gone wrong, and it should not fail.
#[test]
fn mending_the_silence_leaves_an_end_that_fails() {
    let cases = cases("torc-h12-no-directory");
    let found = |bugs: &[Bug]| violated(&cases, &sut("directory", bugs));
    let silent = found(&[Bug::H12, Bug::R8]);
    assert!(
        silent.contains(&Oracle::B2) && !silent.contains(&Oracle::V2),
        "{silent:?}"
    );
    assert_eq!(found(&[Bug::H12]), vec![Oracle::V2; cases.len()]);
    assert_eq!(found(&[Bug::R8]), []);
}

/// Giving the old snapshot its name back after an error leaves the moment between the two renames, which is another bug.
#[test]
fn mending_the_way_back_leaves_the_moment_between_the_renames() {
    let cases = cases("torc-h5-no-way-back");
    let crashes = |bugs: &[Bug]| -> Vec<String> {
        explored(&cases, &sut("memory", bugs))
            .iter()
            .flat_map(|report| &report.violations)
            .map(|violation| violation.witness.crash.clone())
            .collect()
    };
    let at_rest = |crash: &String| !crash.contains("after operation");
    let before = crashes(&[Bug::H5, Bug::R9, Bug::R10]);
    assert!(before.iter().any(at_rest), "{before:?}");
    let after = crashes(&[Bug::R9, Bug::R10]);
    assert!(!after.is_empty() && !after.iter().any(at_rest), "{after:?}");
    let mended = crashes(&[]);
    assert!(mended.is_empty(), "{mended:?}");
}
