//! A disk that is full at every byte: what is not run again, and what is not crashed, is held to running and crashing everything.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::mini_log::{MiniLog, Omit};
use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::{Case, Disk, ErrorSweep};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::{CaseReport, Verdict};

fn case(omit: Omit, puts: u32, errors: ErrorSweep) -> Case {
    let workload = (0..puts).map(|number| {
        let step = format!("put k{number} {number}");
        step.parse().expect("a command")
    });
    let profile = Profile::named("ext4-ordered").expect("the profile ships");
    let mut case = Case {
        errors,
        ..Case::new(
            "mini-log".to_owned(),
            Arc::new(MiniLog { omit }),
            workload.collect(),
            Disk::honest(profile),
        )
    };
    case.limits.depth = 0;
    case
}

fn oracles(report: &CaseReport) -> BTreeSet<Oracle> {
    let violations = report.violations.iter();
    violations.map(|violation| violation.oracle).collect()
}

fn of_size(omit: Omit, puts: u32, size: u64) -> Case {
    let mut case = case(omit, puts, ErrorSweep::None);
    case.plan = format!("space {size}").parse().expect("a plan");
    case
}

/// What is found on a disk of every size, each run and crashed, is found by a sweep that leaves out what it may.
fn holds(omit: Omit, puts: u32) -> (CaseReport, BTreeSet<Oracle>) {
    let report = explore::run(&case(omit, puts, ErrorSweep::Space));
    let disks = report.counters.full_disks;
    assert!(disks.sizes > 20 * u64::from(puts), "{disks:?}");
    assert_eq!(disks.known, disks.sizes, "{disks:?}");
    let found: BTreeSet<Oracle> = (0..disks.sizes)
        .flat_map(|size| explore::violated(&of_size(omit, puts, size)))
        .collect();
    assert_eq!(oracles(&report), found);
    // There everything fits, and nowhere below.
    let verdict = |size| explore::run(&of_size(omit, puts, size)).verdict;
    assert_eq!(verdict(disks.sizes), Verdict::Vacuous);
    assert_ne!(verdict(disks.sizes - 1), Verdict::Vacuous);
    (report, found)
}

#[test]
fn the_correct_store_survives_at_every_size_and_few_runs_are_crashed() {
    let (report, found) = holds(Omit::default(), 40);
    assert!(found.is_empty());
    let disks = report.counters.full_disks;
    assert!(2 * disks.crashed < disks.runs, "{disks:?}");
}

#[test]
fn what_goes_wrong_at_some_size_is_found() {
    let omits = [
        Omit {
            stopping_after_a_failed_sync: true,
            ..Omit::default()
        },
        Omit {
            cutting_the_torn_tail: true,
            ..Omit::default()
        },
        Omit {
            keeping_what_is_before_a_gap: true,
            ..Omit::default()
        },
    ];
    let mut total = 0;
    for omit in omits {
        total += holds(omit, 4).1.len();
    }
    assert!(total > 0, "nothing is wrong with any of them");
}
