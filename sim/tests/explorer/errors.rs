//! Errors at every operation and full disks.

use plimsoll_faults::crash::CrashKind;
use plimsoll_sim::case::ErrorSweep;
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::Verdict;

use crate::mini_log::Omit;
use crate::support::{case, passes};

#[test]
fn the_correct_store_survives_an_error_at_every_operation() {
    let report = passes(&case(
        Omit::default(),
        "posix-minimal",
        1,
        ErrorSweep::Every,
    ));
    assert!(report.counters.faults_fired > 50, "{report:#?}");
}

#[test]
fn the_correct_store_survives_every_error_in_every_position() {
    let mut case = case(Omit::default(), "ext4-ordered", 2, ErrorSweep::All);
    case.workload.truncate(4);
    case.limits.depth = 0;
    let report = passes(&case);
    let counts = report.counters.faults;
    assert!(counts.before > 100 && counts.after > 50, "{counts:?}");
    assert!(counts.partial > 0 && counts.late > 0, "{counts:?}");
    assert!(counts.silent > 0, "{counts:?}");
}

#[test]
fn the_correct_store_survives_a_full_disk() {
    passes(&case(Omit::default(), "ext4-ordered", 2, ErrorSweep::Space));
}

#[test]
fn a_log_that_goes_on_behind_half_a_record_on_a_full_disk_is_found() {
    let omit = Omit {
        stopping_after_a_failed_sync: true,
        ..Omit::default()
    };
    let mut case = case(omit, "ext4-ordered", 2, ErrorSweep::Space);
    case.workload = ["put a 1", "put b x*300", "put c 3"]
        .iter()
        .map(|step| step.parse().expect("a command"))
        .collect();
    let report = explore::run(&case);
    assert_eq!(report.verdict, Verdict::Violated, "{report:#?}");
}

#[test]
fn states_are_counted_by_the_kind_of_their_crash() {
    let counters = passes(&case(
        Omit::default(),
        "posix-minimal",
        1,
        ErrorSweep::Every,
    ))
    .counters;
    for kind in CrashKind::HONEST {
        assert!(counters.states_by_kind[*kind] > 0, "{kind}: {counters:#?}");
    }
    assert_eq!(counters.states_by_kind[CrashKind::Lying], 0);
    let sum: u64 = counters.states_by_kind.iter().map(|(_, count)| count).sum();
    assert!(
        sum < counters.states_generated,
        "recoveries were crashed too"
    );
    assert!(counters.states_in_full <= counters.states_by_kind[CrashKind::PowerLoss]);
    let faults = counters.faults;
    assert!(faults.before > 0 && faults.after > 0, "{faults:?}");
    assert_eq!(
        faults.before + faults.partial + faults.after + faults.late + faults.silent,
        counters.faults_fired
    );
}

#[test]
fn a_sweep_of_which_few_runs_are_made_spreads_them() {
    for errors in [ErrorSweep::Every, ErrorSweep::All] {
        let fired = |one_in| {
            let mut case = case(Omit::default(), "posix-minimal", 1, errors);
            case.workload.truncate(4);
            case.limits.depth = 0;
            case.limits.sweep_one_in = one_in;
            passes(&case).counters.faults
        };
        let (all, some) = (fired(1), fired(5));
        assert_eq!(all, fired(0));
        // Those before the effect come again and again, the others once a run.
        for (all, some) in [(all.after, some.after), (all.late, some.late)] {
            assert!(
                8 * some > all && 3 * some < all,
                "{errors:?}: {some} of {all}"
            );
        }
    }
}

#[test]
fn a_bug_at_some_errors_is_found_by_some_of_the_runs() {
    let omit = Omit {
        stopping_after_a_failed_sync: true,
        ..Omit::default()
    };
    let found = (0..12).any(|seed| {
        let mut case = case(omit, "posix-minimal", seed, ErrorSweep::Every);
        case.limits.sweep_one_in = 7;
        let violated = explore::violated(&case);
        violated.contains(&Oracle::F1) || violated.contains(&Oracle::D1)
    });
    assert!(found);
}
