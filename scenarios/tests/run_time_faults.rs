//! The reference under faults at run time that no catalogue lists one by one, and what tells one position of an error from another.

use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::op_kind::OpKind;
use plimsoll_faults::plan::{
    Damage, Effect, Fault, FaultPlan, Occurrence, OpSelector, Phase, Position,
};
use plimsoll_faults::profile::Profile;
use plimsoll_scenarios::{Registry, calibration, catalogue};
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Limits};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::Verdict;

fn case(sut: &str, steps: &[&str]) -> Case {
    let disk = Disk {
        profile: Profile::named("ext4-ordered").expect("it ships"),
        kinds: CrashKind::HONEST.to_vec(),
    };
    let id = format!("{sut} at run time");
    let sut = Registry::shipped().sut(sut).expect("it ships");
    Case {
        limits: Limits {
            depth: 1,
            samples: 16,
            ..Limits::default()
        },
        ..Case::new(id, sut, calibration::steps(steps), disk)
    }
}

/// Explores a case with operation 1, 2, 3 ... hit, until one is not reached. Returns how many were.
#[track_caller]
fn sweep(case: &Case, fault: &Fault) -> u32 {
    for number in 1.. {
        let mut case = case.clone();
        case.plan
            .faults
            .push(fault.clone().at(Occurrence::Nth(number)));
        let report = explore::run(&case);
        match report.verdict {
            Verdict::Passed => {}
            Verdict::Vacuous => return number - 1,
            _ => panic!("{}: {report:#?}", case.plan),
        }
    }
    unreachable!("a run has an end")
}

#[test]
fn damaged_bytes_are_reported_or_cost_the_end_and_are_never_shown() {
    let steps = [
        "put a 1",
        "snapshot",
        "put b x*700",
        "kill",
        "put c 3",
        "reopen",
        "delete a",
    ];
    let case = case("reference-power", &steps);
    let mut hit = 0;
    for &damage in Damage::ALL {
        for kind in [OpKind::Write, OpKind::Read] {
            let effect = Effect::Damage(damage);
            if effect.applies_to(kind) {
                hit += sweep(&case, &Fault::new(OpSelector::Kind(kind), effect));
            }
        }
    }
    assert!(hit > 100, "{hit}");
}

#[test]
fn a_file_that_cannot_be_opened_is_not_taken_for_one_that_is_not_there() {
    let steps = [
        "put a 1", "snapshot", "put b 2", "kill", "put c 3", "reopen", "put d 4",
    ];
    let case = case("reference-power", &steps);
    for errno in ["ENOENT", "EMFILE", "EACCES", "ESTALE"] {
        for op in ["open", "readdir", "stat", "read"] {
            let text = format!("{op} in recovery {errno}");
            let Ok(fault) = text.parse::<Fault>() else {
                panic!("{text}");
            };
            assert!(sweep(&case, &fault) > 0, "{text}");
        }
    }
}

#[test]
fn slow_syncs_do_not_widen_a_window() {
    let steps = [
        "put a 1",
        "advance 500ms",
        "put b 2",
        "advance 700ms",
        "put c 3",
        "tick",
        "advance 1s",
        "put d 4",
        "kill",
        "put e 5",
        "advance 3s",
    ];
    for plan in [
        "sync delay 700ms",
        "sync #2 stall 5s",
        "any delay lognormal(1ms,2s)",
    ] {
        let mut case = case("reference-window", &steps);
        case.plan = plan.parse().expect("a plan");
        let report = explore::run(&case);
        assert_eq!(report.verdict, Verdict::Passed, "{plan}: {report:#?}");
    }
}

#[test]
fn a_sync_that_lies_in_background_work_is_found() {
    let mut case = case(
        "reference-window",
        &["put a 1", "put b 2", "advance 2s", "tick"],
    );
    case.plan = "sync in compaction drop".parse().expect("a plan");
    assert!(explore::violated(&case).contains(&Oracle::D1));
}

#[test]
fn a_hang_costs_its_process_and_no_more() {
    let steps = ["put a 1", "put b 2", "snapshot", "put c 3"];
    // A store that hangs in its last life is never read again: that is said, and nothing is held against it.
    let mut hung_at_the_end = 0;
    for number in 1.. {
        let mut case = case("reference-power", &steps);
        let fault = Fault::new(OpSelector::Sync, Effect::Hang);
        case.plan.faults = vec![fault.at(Occurrence::Nth(number))];
        let report = explore::run(&case);
        match report.verdict {
            Verdict::Passed => assert_eq!(hung_at_the_end, 0, "{report:#?}"),
            Verdict::Limit => hung_at_the_end += 1,
            Verdict::Vacuous => {
                assert!(
                    number > 4 && hung_at_the_end < 3,
                    "{number} {hung_at_the_end}"
                );
                break;
            }
            _ => panic!("{report:#?}"),
        }
    }
    let mut case = case("reference-power", &steps);
    case.plan = "any #9.. hang".parse().expect("a plan");
    let report = explore::run(&case);
    assert_eq!(report.verdict, Verdict::Limit);
    let reason = report.reason.expect("it says why");
    assert!(reason.contains("never returned"), "{reason}");
}

#[test]
fn late_errors_and_torn_replies_lose_nothing() {
    let steps = ["put a 1", "snapshot", "put b 2", "reopen", "put c 3"];
    for (op, text) in [
        (OpSelector::Any, "EIO late"),
        (OpSelector::Any, "ENOSPC late"),
        (OpSelector::Kind(OpKind::Rename), "ENOENT after"),
        (OpSelector::Kind(OpKind::Open), "EEXIST after"),
        (OpSelector::Kind(OpKind::Remove), "ENOENT after"),
        (OpSelector::Kind(OpKind::CreateDir), "EEXIST after"),
        (OpSelector::Kind(OpKind::SyncDir), "EINVAL after"),
    ] {
        let fault: Fault = format!("{op} {text}").parse().expect("a fault");
        assert!(
            sweep(&case("reference-power", &steps), &fault) > 0,
            "{fault}"
        );
    }
}

/// A bug that no error before its effect shows: that is what errors after it are for.
#[test]
fn only_an_error_after_its_effect_shows_the_retried_rename() {
    let violated = |name: &str, effect: &str| -> Vec<Oracle> {
        let mut found: Vec<Oracle> = Vec::new();
        for number in 1..40 {
            // Who is told again and again to try again does so.
            for range in [format!("{number}"), format!("{number}..{}", number + 9)] {
                let mut case = case(name, &["put a 1", "put b 2", "reopen"]);
                case.limits.depth = 0;
                case.plan = format!("any #{range} {effect}").parse().expect("a plan");
                found.extend(explore::violated(&case));
            }
        }
        found.dedup();
        found
    };
    for effect in ["EIO", "ENOSPC", "EINTR", "EIO partial", "EIO late"] {
        assert_eq!(violated("retried-rename", effect), [], "{effect}");
    }
    assert!(violated("retried-rename", "EIO after").contains(&Oracle::D1));
    assert_eq!(violated("retried-rename-fixed", "EIO after"), []);
}

#[test]
fn late_errors_are_no_loss_in_whichever_way_write_back_fails() {
    let steps = [
        "put a 1",
        "put b 2",
        "put c 3*5000",
        "reopen",
        "put d 4",
        "put e 5",
        "kill",
        "put f 6",
    ];
    let late: Fault = "write EIO late".parse().expect("a fault");
    for sut in Registry::shipped().sut_names() {
        if !sut.starts_with("reference-") || sut == "reference-memory" {
            continue;
        }
        for model in FsyncFailure::ALL {
            let profile = Profile::varied(&format!("ext4-ordered + fsync_failure={model}"));
            let mut case = case(sut, &steps);
            case.disk.profile = Arc::new(profile.expect("it is a model"));
            case.targets = vec![case.disk.clone()];
            case.limits.depth = 0;
            let hit = sweep(&case, &late);
            assert!(hit >= 2, "{sut} {model}: {hit} writes");
        }
    }
}

#[test]
fn every_mode_of_the_reference_meets_errors_in_the_catalogue() {
    let swept: Vec<String> = catalogue()
        .iter()
        .filter(|scenario| scenario.errors != ErrorSweep::None)
        .map(|scenario| scenario.sut.name().to_owned())
        .collect();
    for sut in Registry::shipped().sut_names() {
        let is_reference = sut.starts_with("reference-");
        assert!(
            !is_reference || swept.iter().any(|name| name == sut),
            "{sut}"
        );
    }
}

#[test]
fn a_phase_is_what_the_store_is_asked_for() {
    let steps = [
        "put a 1",
        "snapshot",
        "put b 2",
        "advance 1s",
        "put c 3",
        "advance 1s",
        "reopen",
        "put d 4",
    ];
    let mut fault: Fault = "any EIO".parse().expect("a fault");
    fault.effect = Effect::Fail(plimsoll_faults::errno::Errno::EIO, Position::Before);
    for &phase in Phase::ALL {
        fault.when.phase = Some(phase);
        let mut case = case("reference-window", &steps);
        case.plan = FaultPlan::one(fault.clone());
        let report = explore::run(&case);
        assert_eq!(report.verdict, Verdict::Passed, "{phase}: {report:#?}");
    }
}
