//! Which disks reach a violation, and whose it is for that.

use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Expect};
use plimsoll_sim::class::Class;
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::Verdict;

use crate::mini_log::Omit;
use crate::support::case;

/// A log whose directory is never synced, on a disk where that matters.
fn without_dir_sync(targets: &[&str]) -> Case {
    let omit = Omit {
        dir_sync: true,
        ..Omit::default()
    };
    let mut case = case(omit, "posix-minimal", 1, ErrorSweep::None);
    case.targets = targets
        .iter()
        .map(|&name| Disk {
            profile: Profile::named(name).expect("the profile ships"),
            kinds: CrashKind::HONEST.to_vec(),
        })
        .collect();
    case
}

#[test]
fn a_violation_names_the_disks_that_reach_it() {
    let report = explore::run(&without_dir_sync(&[]));
    assert_eq!(report.verdict, Verdict::Violated);
    let lost = &report.violations[0];
    assert_eq!((lost.oracle, lost.class), (Oracle::D1, Class::Bug));
    assert_eq!(
        lost.profiles,
        ["posix-minimal", "lustre-2.15", "lustre-2.16"],
        "others persist the name with the file, or at once"
    );
    assert_eq!(lost.witness.sites.lost, "open log");

    let omit = Omit {
        sync: true,
        ..Omit::default()
    };
    let report = explore::run(&case(omit, "xfs", 1, ErrorSweep::None));
    let can_be_kept = |profile: &Arc<Profile>| {
        let kinds = profile.honest_crashes();
        kinds.contains(&CrashKind::PowerLoss) || kinds.contains(&CrashKind::SitePowerLoss)
    };
    let every: Vec<String> = Profile::shipped()
        .iter()
        .filter(|profile| can_be_kept(profile))
        .map(|profile| profile.name.clone())
        .collect();
    let lost = &report.violations[0];
    assert_eq!((lost.oracle, lost.class), (Oracle::D1, Class::Bug));
    assert_eq!(
        lost.profiles, every,
        "no disk persists what was never synced"
    );
}

#[test]
fn a_violation_that_no_target_reaches_is_one_of_portability() {
    let mut case = without_dir_sync(&["ext4-ordered", "xfs"]);
    let report = explore::run(&case);
    assert_eq!(report.verdict, Verdict::Portability);
    assert!(
        report
            .violations
            .iter()
            .all(|violation| violation.class == Class::Portability && !violation.expected)
    );
    let oracles: Vec<Oracle> = report
        .violations
        .iter()
        .map(|violation| violation.oracle)
        .collect();
    case.expect = Expect::Portability(oracles.clone());
    assert_eq!(explore::run(&case).verdict, Verdict::Passed);
    case.expect = Expect::Violation(oracles.clone());
    assert_eq!(explore::run(&case).verdict, Verdict::Missed);
    // Where the disk itself is a target, it is a bug, and not what was expected.
    let mut case = without_dir_sync(&["posix-minimal", "xfs"]);
    case.expect = Expect::Portability(oracles);
    assert_eq!(explore::run(&case).verdict, Verdict::Violated);
}

#[test]
fn a_witness_too_small_for_a_target_does_not_hide_the_bug_there() {
    // One command shows the name that is lost on the minimal disk only. That the fourth sync is dropped loses data on every disk,
    // and takes a workload with four syncs.
    let mut case = without_dir_sync(&["ext4-ordered"]);
    case.plan = "sync #4 drop".parse().expect("a fault");
    let report = explore::run(&case);
    assert_eq!(report.verdict, Verdict::Violated, "{report:#?}");
    let lost = &report.violations[0];
    assert_eq!((lost.oracle, lost.class), (Oracle::D1, Class::Bug));
    assert_eq!(lost.witness.commands.len(), 1, "{lost:#?}");
    assert_eq!(
        lost.profiles,
        [
            "posix-minimal",
            "lustre-2.15",
            "lustre-2.16",
            "ext4-ordered"
        ]
    );
}
