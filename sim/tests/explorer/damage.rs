//! Bytes that are damaged, on the way to the disk or at rest.

use plimsoll_sim::case::ErrorSweep;
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;

use crate::mini_log::Omit;
use crate::support::{case, passes};

#[test]
fn a_log_that_takes_damage_for_a_torn_tail_is_found() {
    // Without a mark of how far the log was synced, the mini log cannot tell one from the other.
    let mut case = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
    case.damage = true;
    let report = explore::run(&case);
    let oracles: Vec<Oracle> = report
        .violations
        .iter()
        .map(|violation| violation.oracle)
        .collect();
    assert_eq!(oracles, [Oracle::R4], "{report:#?}");
}

#[test]
fn damaged_bytes_void_promises_and_excuse_nothing_else() {
    // The log is checksummed: a flipped bit costs the end of the log, and is never shown.
    for plan in [
        "write #2 flip",
        "write #2 lose",
        "write #2 misdirect",
        "read in recovery flip*3",
    ] {
        let mut good = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
        good.plan = plan.parse().expect("a plan");
        passes(&good);
    }
    let omit = Omit {
        checksum: true,
        ..Omit::default()
    };
    let mut shown = Vec::new();
    for seed in 0..12 {
        let mut bad = case(omit, "ext4-ordered", seed, ErrorSweep::None);
        bad.plan = "write flip".parse().expect("a plan");
        shown.extend(explore::violated(&bad));
    }
    assert!(
        shown
            .iter()
            .any(|oracle| matches!(oracle, Oracle::D2 | Oracle::D5)),
        "{shown:?}"
    );
}
