//! The explorer on a small store: the correct one has no violation, and leaving out any of its steps is found.

mod mini_log;

use std::sync::Arc;
use std::time::Duration;

use mini_log::{MiniLog, Omit};
use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Expect, Limits};
use plimsoll_sim::class::Class;
use plimsoll_sim::command::Command;
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::{CaseReport, Verdict};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};
use plimsoll_sim::workload::{Shape, generate};

fn case(omit: Omit, disk: &str, seed: u64, errors: ErrorSweep) -> Case {
    let profile = Profile::named(disk).expect("the profile ships");
    Case {
        id: format!("mini-log@{disk}#{seed}"),
        sut: Arc::new(MiniLog { omit }),
        workload: generate(
            seed,
            &Shape {
                commands: 10,
                keys: 3,
                ..Shape::default()
            },
        ),
        plan: FaultPlan::none(),
        errors,
        damage: false,
        disk: Disk {
            kinds: profile.honest_crashes(),
            profile,
        },
        unkept: Vec::new(),
        targets: Vec::new(),
        expect: Expect::Pass,
        limits: Limits::default(),
        seed,
    }
}

#[track_caller]
fn passes(case: &Case) -> CaseReport {
    let report = explore::run(case);
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    report
}

/// Explores a few seeds and returns the oracles violated.
fn oracles(omit: Omit, disk: &str, errors: ErrorSweep) -> Vec<Oracle> {
    let mut oracles: Vec<Oracle> = (0..6)
        .flat_map(|seed| explore::run(&case(omit, disk, seed, errors)).violations)
        .map(|violation| violation.oracle)
        .collect();
    oracles.sort_unstable();
    oracles.dedup();
    oracles
}

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
    assert!(found.contains(&Oracle::D7), "{found:?}");
}

#[test]
fn a_lying_disk_is_found_out() {
    let mut case = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
    case.disk.kinds = vec![CrashKind::Lying];
    let report = explore::run(&case);
    assert_eq!(report.verdict, Verdict::Violated);
    case.expect = Expect::Violation(vec![Oracle::D1]);
    let report = explore::run(&case);
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
}

#[test]
fn an_expected_violation_that_does_not_appear_is_missed() {
    let mut case = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
    case.expect = Expect::Violation(vec![Oracle::D1]);
    assert_eq!(explore::run(&case).verdict, Verdict::Missed);
}

#[test]
fn a_fault_that_never_fires_makes_the_case_vacuous() {
    let mut case = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
    case.plan = "rename *.nothing EIO".parse().expect("a fault");
    assert_eq!(explore::run(&case).verdict, Verdict::Vacuous);
}

#[test]
fn equal_cases_give_equal_reports() {
    let case = case(Omit::default(), "posix-minimal", 3, ErrorSweep::Every);
    assert_eq!(explore::run(&case), explore::run(&case));
}

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

/// A store that promises a window and never looks at the clock.
struct Forgetful(MiniLog);

struct OpenForgetful(Box<dyn Instance>);

impl Sut for Forgetful {
    fn name(&self) -> &str {
        "forgetful"
    }

    fn contract(&self) -> Contract {
        self.0.contract()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let instance = self.0.open(host)?;
        Ok(Box::new(OpenForgetful(instance)))
    }
}

impl Instance for OpenForgetful {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let ack = self.0.apply(command)?;
        Ok(match ack.level {
            Level::Power => Ack::at(Level::Window(Duration::from_secs(1))),
            _ => ack,
        })
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.0.dump(visit)
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        self.0.close()?;
        Ok(Ack::at(Level::Memory))
    }
}

#[test]
fn a_window_that_passed_before_background_work_is_a_promise() {
    let omit = Omit {
        sync: true,
        ..Omit::default()
    };
    let violated = |steps: &[&str], plan: &str| {
        let mut case = case(Omit::default(), "ext4-ordered", 1, ErrorSweep::None);
        case.sut = Arc::new(Forgetful(MiniLog { omit }));
        case.workload = steps
            .iter()
            .map(|step| step.parse().expect("a command"))
            .collect();
        case.plan = plan.parse().expect("a plan");
        explore::violated(&case)
    };
    assert_eq!(violated(&["put a 1", "put b 2", "advance 900ms"], ""), []);
    assert!(violated(&["put a 1", "put b 2", "advance 2s"], "").contains(&Oracle::B1));
    // Slow writes pass the time as well; but a window ends only when background work had its turn after it.
    assert_eq!(violated(&["put a 1", "put b 2"], "write delay 3s"), []);
    assert!(violated(&["put a 1", "put b 2", "tick"], "write delay 3s").contains(&Oracle::B1));
}

#[test]
fn a_hunt_finds_what_an_exploration_finds_and_looks_at_less() {
    let omit = Omit {
        sync: true,
        ..Omit::default()
    };
    for omit in [omit, Omit::default()] {
        let case = case(omit, "ext4-ordered", 1, ErrorSweep::None);
        let everything = explore::run(&case);
        let hunt = explore::first_violation(&case);
        match hunt.oracle {
            Some(oracle) => {
                let violated: Vec<Oracle> = explore::violated(&case);
                assert!(violated.contains(&oracle), "{oracle:?} of {violated:?}");
                assert!(
                    hunt.counters.states_generated < everything.counters.states_generated,
                    "{hunt:?}"
                );
            }
            None => assert_eq!(everything.violations, []),
        }
        assert_eq!(hunt.oracle.is_some(), omit.sync);
    }
}

#[test]
fn a_bug_that_takes_a_second_crash_is_hunted_down_too() {
    let omit = Omit {
        cutting_the_torn_tail: true,
        ..Omit::default()
    };
    let hunts: Vec<Option<Oracle>> = (0..6)
        .map(|seed| case(omit, "posix-minimal", seed, ErrorSweep::None))
        .map(|case| explore::first_violation(&case).oracle)
        .collect();
    assert!(hunts.contains(&Some(Oracle::D1)), "{hunts:?}");
}
