//! Every sync of the reference is there for a reason: take any one away, and some crash shows it.

use plimsoll_scenarios::calibration::{disks, sync_deletion_cases};
use plimsoll_sim::calibrate::{Deletion, delete_syncs};
use plimsoll_sim::explore;

/// The run in which a snapshot's name may not be durable when the store is opened.
const UNSURE: &str = "/unsure-snapshot";

/// The run of copies, restores, compactions and checkpoints.
const MAINTENANCE: &str = "/maintenance";

/// Drops each barrier of a run in turn: a sync, with those of the same file that follow it directly. The run is that of a mode, or another one with [`UNSURE`] or [`MAINTENANCE`] behind the mode.
fn delete(run: &str) -> Vec<Deletion> {
    let case = sync_deletion_cases()
        .into_iter()
        .find(|case| case.id == format!("calibrate/{run}"))
        .expect("the run is there");
    let probe = explore::probe(&case);
    assert_eq!(probe.violated, [], "{run} passes with all its syncs");
    assert_eq!(probe.unfired, [""; 0], "{run}");
    delete_syncs(&case, &disks())
}

/// Every barrier of the long run is needed on some disk, but for `missed` of a directory: an open makes the name of the snapshot durable
/// before it writes a byte, as nothing on the disk tells whether the life before has done so; and a snapshot whose rename failed is
/// promoted again, and what it may have replaced let go, only after that. Of these it is shown for every disk that nobody can tell.
#[track_caller]
fn needs_all(run: &str, barriers: usize, missed: usize) {
    let deletions = explains_all(run, barriers);
    let unnoticed: Vec<&Deletion> = deletions
        .iter()
        .filter(|deletion| deletion.noticed.is_empty())
        .collect();
    assert_eq!(unnoticed.len(), missed, "{run}: {unnoticed:#?}");
    for deletion in unnoticed {
        let is_of_dir = deletion.site.starts_with("fsyncdir");
        assert!(is_of_dir, "{run}: {deletion:#?}");
    }
}

/// Each of the barriers is needed on some disk, or it is shown for every disk that nobody can tell. What is shown to be redundant is noticed
/// nowhere.
#[track_caller]
fn explains_all(run: &str, barriers: usize) -> Vec<Deletion> {
    let deletions = delete(run);
    assert_eq!(deletions.len(), barriers, "{run}");
    for deletion in &deletions {
        assert_eq!(deletion.contradicted, [], "{run}: {deletion:#?}");
        assert!(deletion.is_explained(), "{run}: {deletion:#?}");
    }
    let noticed = deletions
        .iter()
        .filter(|deletion| !deletion.noticed.is_empty())
        .count();
    assert!(
        2 * noticed > deletions.len(),
        "{run}: only {noticed} of {} are noticed",
        deletions.len()
    );
    deletions
}

#[test]
fn syncs_of_the_power_mode_are_needed() {
    needs_all("reference-power", 37, 3);
    needs_all(&format!("reference-power{UNSURE}"), 14, 3);
}

#[test]
fn syncs_of_small_segments_are_needed() {
    needs_all("reference-power-segments", 37, 3);
    needs_all(&format!("reference-power-segments{UNSURE}"), 14, 3);
}

#[test]
fn syncs_of_compressed_snapshots_are_needed() {
    needs_all("reference-power-lz4", 37, 3);
    needs_all(&format!("reference-power-lz4{UNSURE}"), 14, 3);
}

#[test]
fn syncs_of_separate_directories_are_needed() {
    needs_all("reference-custom-paths", 39, 3);
    needs_all(&format!("reference-custom-paths{UNSURE}"), 16, 3);
}

#[test]
fn every_redundant_sync_of_the_process_modes_is_explained() {
    explains_all("reference-process", 35);
    explains_all("reference-process-custom-paths", 36);
    explains_all(&format!("reference-process{UNSURE}"), 14);
    explains_all(&format!("reference-process-custom-paths{UNSURE}"), 15);
}

#[test]
fn every_redundant_sync_of_the_delayed_modes_is_explained() {
    explains_all("reference-window", 35);
    explains_all("reference-async", 25);
    explains_all(&format!("reference-window{UNSURE}"), 14);
}

#[test]
fn every_redundant_sync_of_the_modes_without_a_log_is_explained() {
    explains_all("reference-snapshot-only", 25);
    explains_all("reference-memory", 22);
    explains_all(&format!("reference-snapshot-only{UNSURE}"), 12);
}

#[test]
fn every_redundant_sync_of_maintenance_is_explained() {
    explains_all(&format!("reference-power{MAINTENANCE}"), 73);
}

#[test]
fn every_redundant_sync_of_maintenance_in_the_process_mode_is_explained() {
    explains_all(&format!("reference-process-custom-paths{MAINTENANCE}"), 70);
}

#[test]
fn every_redundant_sync_of_maintenance_in_the_async_mode_is_explained() {
    explains_all(&format!("reference-async{MAINTENANCE}"), 52);
}

#[test]
fn every_redundant_sync_of_maintenance_without_a_log_is_explained() {
    explains_all(&format!("reference-snapshot-only{MAINTENANCE}"), 43);
}
