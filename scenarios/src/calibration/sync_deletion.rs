//! Runs in which every sync has a purpose.

use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_sim::case::{Case, Disk, Limits};
use plimsoll_sim::sut::Sut;

use super::case::{disks, steps};
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

/// Values that fit a page of SQLite's and one that does not, a batch, a value that replaces another, and one that is removed.
const SQLITE_STEPS: [&str; 4] = [
    "put a 1",
    "batch put b 2; put c x*5000",
    "put a 2",
    "delete b",
];

/// A snapshot that takes the place of an equal one, by a rename that took effect and says otherwise, and a life that ends before
/// anything makes the new name durable. The next one has to, before it writes: ext4 with data=writeback may give the blocks of the
/// replaced snapshot to what is written then, and the old name may come back.
const UNSURE_STEPS: [&str; 5] = ["put a 1*600", "snapshot", "snapshot", "kill", "put b 2*600"];

/// What follows the names of the runs of maintenance.
const MAINTENANCE: &str = "/maintenance";

/// What follows the names of the runs with such a snapshot.
const UNSURE: &str = "/unsure-snapshot";

/// The rename of the second snapshot.
const UNSURE_PLAN: &str = "rename *.plim.* #2 EIO after";

/// For each mode of the reference the runs of which each sync is dropped in turn: a long one in which nothing fails, one in which
/// nobody knows whether the name of a snapshot is durable when the store is opened, and one of maintenance.
pub fn sync_deletion_cases() -> Vec<Case> {
    let plain = |sut: &Arc<dyn Sut>| {
        let id = format!("calibrate/{}", sut.name());
        reference_case(id, Arc::clone(sut), &STEPS)
    };
    let unsure = |sut: &Arc<dyn Sut>| {
        let id = format!("calibrate/{}{UNSURE}", sut.name());
        Case {
            plan: UNSURE_PLAN.parse().expect("it is a constant"),
            ..reference_case(id, Arc::clone(sut), &UNSURE_STEPS)
        }
    };
    let maintained = |sut: &Arc<dyn Sut>| {
        let id = format!("calibrate/{}{MAINTENANCE}", sut.name());
        reference_case(id, Arc::clone(sut), &MAINTENANCE_STEPS)
    };
    let modes = reference::modes();
    let maintained = modes.iter().map(maintained);
    let plain = modes.iter().map(plain);
    let unsure = modes.iter().map(unsure);
    plain.chain(unsure).chain(maintained).collect()
}

fn reference_case(id: String, sut: Arc<dyn Sut>, texts: &[&str]) -> Case {
    let limits = Limits {
        depth: 1,
        ..Limits::default()
    };
    Case {
        limits,
        ..Case::new(id, sut, steps(texts), disks().remove(0))
    }
}

/// For a mode of SQLite the run of which each sync is dropped in turn.
pub fn sqlite_sync_case(sut: Arc<dyn Sut>, disk: Disk) -> Case {
    let id = format!("calibrate/{}", sut.name());
    let disk = Disk {
        kinds: vec![CrashKind::ProcessKill, CrashKind::PowerLoss],
        ..disk
    };
    Case {
        limits: Limits {
            depth: 0,
            samples: 32,
            exhaustive_states: 64,
            ..Limits::default()
        },
        ..Case::new(id, sut, steps(&SQLITE_STEPS), disk)
    }
}
