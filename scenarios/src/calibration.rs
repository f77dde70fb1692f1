//! What the harness is calibrated with: runs of the reference in which every sync has a purpose.

use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Expect, Limits};

use crate::adapters::reference;

/// Each write has an effect of its own, so that its loss can be seen; snapshots alone and overlapping, a kill, a clean close, time
/// that passes, and a sync that was asked for.
const STEPS: [&str; 19] = [
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
    "put k 0",
    "reopen",
    "put h 8",
    "advance 2s",
    "put i 9",
    "sync",
    "put j 10",
];

/// The disks on which a sync that is dropped can be noticed: every profile that ships, and no disk that lies.
pub fn disks() -> Vec<Disk> {
    Profile::shipped()
        .into_iter()
        .map(|profile| Disk {
            kinds: profile.honest_crashes(),
            profile,
        })
        .collect()
}

/// For each mode of the reference the run of which each sync is dropped in turn.
pub fn sync_deletion_cases() -> Vec<Case> {
    let disk = disks().remove(0);
    reference::modes()
        .into_iter()
        .map(|sut| Case {
            id: format!("calibrate/{}", sut.name()),
            sut,
            workload: STEPS
                .iter()
                .map(|step| step.parse().expect("the steps are constants"))
                .collect(),
            plan: FaultPlan::none(),
            errors: ErrorSweep::None,
            damage: false,
            disk: disk.clone(),
            unkept: Vec::new(),
            targets: Vec::new(),
            expect: Expect::Pass,
            limits: Limits {
                depth: 1,
                ..Limits::default()
            },
            seed: 1,
        })
        .collect()
}
