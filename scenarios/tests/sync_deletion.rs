//! Every sync of the reference is there for a reason: take any one away, and some crash shows it.

use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_scenarios::Registry;
use plimsoll_sim::calibrate::delete_syncs;
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Expect, Limits};
use plimsoll_sim::explore;

/// Each write has an effect of its own, so that its loss can be seen; snapshots alone and overlapping, a kill, a clean close.
const STEPS: [&str; 14] = [
    "put a 1",
    "put b 2",
    "batch put c 3; delete a",
    "snapshot",
    "put d 4",
    "snapshot-begin 0",
    "put e 5",
    "snapshot-finish 0",
    "put f 6",
    "kill",
    "put g 7",
    "snapshot",
    "reopen",
    "put h 8",
];

fn disks() -> Vec<Disk> {
    Profile::shipped()
        .into_iter()
        .map(|profile| Disk {
            kinds: profile.honest_crashes(),
            profile,
        })
        .collect()
}

fn case(sut: &str) -> Case {
    Case {
        id: sut.to_owned(),
        sut: Registry::shipped()
            .sut(sut)
            .expect("the mode is registered"),
        workload: STEPS
            .iter()
            .map(|step| step.parse().expect("a step"))
            .collect(),
        plan: FaultPlan::none(),
        errors: ErrorSweep::None,
        damage: false,
        disk: disks().remove(0),
        targets: Vec::new(),
        expect: Expect::Pass,
        limits: Limits {
            depth: 1,
            ..Limits::default()
        },
        seed: 1,
    }
}

/// Drops each sync of a mode in turn.
fn score(sut: &str) {
    let case = case(sut);
    assert_eq!(
        explore::violated(&case),
        [],
        "{sut} passes with all its syncs"
    );
    let deletions = delete_syncs(&case, &disks());
    let missed: Vec<String> = deletions
        .iter()
        .filter(|deletion| deletion.noticed.is_empty())
        .map(|deletion| format!("{} ({})", deletion.plan, deletion.site))
        .collect();
    assert!(deletions.len() >= 15, "{sut}: {} syncs", deletions.len());
    assert!(
        missed.is_empty(),
        "{sut}: {} of {} syncs can be dropped unnoticed: {missed:#?}",
        missed.len(),
        deletions.len()
    );
}

#[test]
fn no_sync_of_the_power_mode_is_redundant() {
    score("reference-power");
}

#[test]
fn no_sync_of_small_segments_is_redundant() {
    score("reference-power-segments");
}

#[test]
fn no_sync_of_compressed_snapshots_is_redundant() {
    score("reference-power-lz4");
}

#[test]
fn no_sync_of_separate_directories_is_redundant() {
    score("reference-custom-paths");
}
