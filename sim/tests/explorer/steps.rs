//! What becomes of a store that leaves a step out: the one that leaves none out has no violation, and every other is found.

use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::ErrorSweep;
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::Verdict;

use crate::mini_log::Omit;
use crate::support::{case, oracles, passes};

#[test]
fn the_correct_store_has_no_violation_on_any_disk() {
    for profile in Profile::shipped() {
        // There the directory sync that it relies on does nothing.
        if profile.name == "lustre-2.16" {
            let found = oracles(Omit::default(), &profile.name, ErrorSweep::None);
            assert!(found.contains(&Oracle::D1), "{found:?}");
            continue;
        }
        for seed in 0..8 {
            let report = passes(&case(
                Omit::default(),
                &profile.name,
                seed,
                ErrorSweep::None,
            ));
            assert!(report.counters.states_unique > 5, "{report:#?}");
            assert!(report.counters.recoveries_writing > 0, "{report:#?}");
        }
    }
}

#[test]
fn a_missing_sync_is_found() {
    let omit = Omit {
        sync: true,
        ..Omit::default()
    };
    let found = oracles(omit, "ext4-ordered", ErrorSweep::None);
    assert!(found.contains(&Oracle::D1), "{found:?}");
}

#[test]
fn commits_that_share_a_sync_are_lost_from_the_end_only() {
    // Longer than a sector, also in the log, which holds the text form.
    let long: String = (0..200).map(|number| format!("{number:03}")).collect();
    let together = format!("together put a 1; put b {long}; put c {long}");
    let explore = |omit| {
        let mut case = case(omit, "posix-minimal", 1, ErrorSweep::None);
        case.workload = vec![together.parse().expect("a command")];
        explore::run(&case)
    };
    let report = explore(Omit::default());
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    let report = explore(Omit {
        the_order_in_a_group: true,
        ..Omit::default()
    });
    let found: Vec<Oracle> = report.violations.iter().map(|found| found.oracle).collect();
    assert_eq!(found, [Oracle::D3], "a later one without an earlier one");
}

#[test]
fn a_missing_directory_sync_is_found_where_it_matters() {
    let omit = Omit {
        dir_sync: true,
        ..Omit::default()
    };
    let found = oracles(omit, "posix-minimal", ErrorSweep::None);
    assert!(found.contains(&Oracle::D1), "{found:?}");
    let found = oracles(omit, "ext4-ordered", ErrorSweep::None);
    assert_eq!(found, [], "ext4 commits the name with the first fsync");
}

#[test]
fn a_missing_checksum_is_found() {
    let omit = Omit {
        checksum: true,
        ..Omit::default()
    };
    let found = oracles(omit, "posix-minimal", ErrorSweep::None);
    assert!(!found.is_empty());
}

#[test]
fn a_torn_tail_left_in_place_is_found() {
    let omit = Omit {
        cutting_the_torn_tail: true,
        ..Omit::default()
    };
    // It takes a crash, a recovery, more commands and another crash.
    let found = oracles(omit, "posix-minimal", ErrorSweep::None);
    assert!(found.contains(&Oracle::D1), "{found:?}");
}

#[test]
fn going_on_after_a_failed_sync_is_found() {
    let omit = Omit {
        stopping_after_a_failed_sync: true,
        ..Omit::default()
    };
    let found = oracles(omit, "posix-minimal", ErrorSweep::Every);
    assert!(
        found.contains(&Oracle::F1) || found.contains(&Oracle::D1),
        "{found:?}"
    );
}

#[test]
fn showing_what_is_not_yet_durable_is_found() {
    let omit = Omit {
        syncing_what_was_found: true,
        ..Omit::default()
    };
    let found = oracles(omit, "posix-minimal", ErrorSweep::None);
    assert!(found.contains(&Oracle::D8), "{found:?}");
}

#[test]
fn the_missing_barrier_is_named() {
    let omit = Omit {
        dir_sync: true,
        ..Omit::default()
    };
    let report = explore::run(&case(omit, "posix-minimal", 1, ErrorSweep::None));
    let witness = &report.violations.first().expect("it is found").witness;
    let help = witness.help.as_deref().expect("one sync is missing");
    assert!(
        help.contains("directory sync of `.` after operation 1"),
        "{help}"
    );
    assert_eq!(witness.commands.len(), 1, "one write is enough to show it");
}
