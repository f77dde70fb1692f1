//! What the harness is calibrated with: runs of the reference in which every sync has a purpose.

use std::sync::Arc;

use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Expect, Limits};
use plimsoll_sim::sut::Sut;

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

/// Every operation on whole files: copies, of which one is replaced, restores, compactions with and without commits to let go, and
/// checkpoints; each with writes behind it, in the same life and in the next.
const MAINTENANCE_STEPS: [&str; 31] = [
    "put a 1",
    "sync",
    "export 0",
    "put b 2",
    "put c 3",
    "sync",
    "restore 0",
    "put d 4",
    "kill",
    "put e 5",
    "compact",
    "put f 6",
    "sync",
    "compact-to 0",
    "delete a",
    "put g 7",
    "sync",
    "restore 0",
    "put h 8",
    "kill",
    "put i 9",
    "kill",
    "put j 0",
    "checkpoint",
    "put k 1",
    "reopen",
    "compact-to 1",
    "put l 2",
    "compact",
    "put m 3",
    "sync",
];

/// The modes that go through the second run: one for each way in which the log can stand to what the snapshot holds.
const MAINTAINED: [&str; 4] = [
    "reference-power",
    "reference-process-custom-paths",
    "reference-async",
    "reference-snapshot-only",
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

/// For each mode of the reference the run of which each sync is dropped in turn, and for some a second one, of maintenance.
pub fn sync_deletion_cases() -> Vec<Case> {
    let modes = reference::modes();
    let plain = modes
        .iter()
        .map(|sut| case(sut.name().to_owned(), sut, &STEPS));
    let maintained = modes
        .iter()
        .filter(|sut| MAINTAINED.contains(&sut.name()))
        .map(|sut| {
            let mut steps = MAINTENANCE_STEPS.to_vec();
            if sut.name() == "reference-power" {
                // There all is durable before a checkpoint. Where names persist in their order (lustre-2.16) nothing shows whether
                // that of the new snapshot did, because what it makes needless is there until then.
                steps.retain(|step| *step != "checkpoint");
            }
            case(format!("{}+maintenance", sut.name()), sut, &steps)
        });
    plain.chain(maintained).collect()
}

fn case(id: String, sut: &Arc<dyn Sut>, steps: &[&str]) -> Case {
    Case {
        id,
        sut: Arc::clone(sut),
        workload: steps
            .iter()
            .map(|step| step.parse().expect("the steps are constants"))
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
