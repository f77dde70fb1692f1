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

/// Values that fit a page of SQLite's and one that does not, a batch, a value that replaces another, and one that is removed.
const SQLITE_STEPS: [&str; 4] = [
    "put a 1",
    "batch put b 2; put c x*5000",
    "put a 2",
    "delete b",
];

/// For each mode of the reference the run of which each sync is dropped in turn.
pub fn sync_deletion_cases() -> Vec<Case> {
    let disk = disks().remove(0);
    let case = |sut: Arc<dyn Sut>| {
        let id = format!("calibrate/{}", sut.name());
        Case {
            limits: Limits {
                depth: 1,
                ..Limits::default()
            },
            ..Case::new(id, sut, steps(&STEPS), disk.clone())
        }
    };
    reference::modes().into_iter().map(case).collect()
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
