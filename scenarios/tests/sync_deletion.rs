//! Every sync of the reference is there for a reason: take any one away, and some crash shows it.

use plimsoll_scenarios::calibration::{disks, sync_deletion_cases};
use plimsoll_sim::calibrate::{Deletion, delete_syncs};
use plimsoll_sim::explore;

/// The run in which a snapshot's name may not be durable when the store is opened.
const UNSURE: &str = "/unsure-snapshot";

/// The run of copies, restores, compactions and checkpoints.
const MAINTENANCE: &str = "/maintenance";

/// Syncs of a run that may do what another one does.
const MISSED_MAX: usize = 3;

/// Drops each sync of a run in turn. The run is that of a mode, or another one with [`UNSURE`] or [`MAINTENANCE`] behind the mode.
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

/// Every one of at least `syncs_min` syncs of the long run is needed on some disk, but for a few of a directory, of which the op log tells
/// what does the same on every disk: an open makes the name of the snapshot durable before it writes a byte, as nothing on the disk
/// tells whether the life before has done so; and a snapshot whose rename failed is promoted again only after that.
#[track_caller]
fn needs_all(sut: &str, syncs_min: usize) {
    let has_other = !sut.ends_with("custom-paths");
    let other = has_other.then(|| format!("{sut}{UNSURE}"));
    for run in std::iter::once(sut.to_owned()).chain(other) {
        let deletions = delete(&run);
        let missed: Vec<&Deletion> = deletions
            .iter()
            .filter(|deletion| deletion.noticed.is_empty())
            .collect();
        assert!(missed.len() <= MISSED_MAX, "{run}: {missed:#?}");
        for deletion in missed {
            assert!(deletion.is_explained(), "{run}: {deletion:#?}");
            assert!(
                deletion.site.starts_with("fsyncdir"),
                "{run}: {deletion:#?}"
            );
        }
        if run == sut {
            assert!(deletions.len() >= syncs_min, "{sut}: {}", deletions.len());
        }
    }
}

/// Each of at least `syncs_min` syncs is needed on some disk, or another operation does what it does on all of them.
#[track_caller]
fn explains_all(run: &str, syncs_min: usize) {
    let deletions = delete(run);
    let unexplained: Vec<&Deletion> = deletions
        .iter()
        .filter(|deletion| !deletion.is_explained())
        .collect();
    assert!(unexplained.is_empty(), "{run}: {unexplained:#?}");
    let noticed = deletions
        .iter()
        .filter(|deletion| !deletion.noticed.is_empty())
        .count();
    assert!(deletions.len() >= syncs_min, "{run}: {}", deletions.len());
    assert!(
        2 * noticed > deletions.len(),
        "{run}: only {noticed} of {} are noticed",
        deletions.len()
    );
}

#[test]
fn syncs_of_the_power_mode_are_needed() {
    needs_all("reference-power", 15);
}

#[test]
fn syncs_of_small_segments_are_needed() {
    needs_all("reference-power-segments", 15);
}

#[test]
fn syncs_of_compressed_snapshots_are_needed() {
    needs_all("reference-power-lz4", 15);
}

#[test]
fn syncs_of_separate_directories_are_needed() {
    needs_all("reference-custom-paths", 15);
}

#[test]
fn every_redundant_sync_of_the_process_modes_is_explained() {
    explains_all("reference-process", 20);
    explains_all("reference-process-custom-paths", 20);
    explains_all(&format!("reference-process{UNSURE}"), 10);
}

#[test]
fn every_redundant_sync_of_the_delayed_modes_is_explained() {
    explains_all("reference-window", 15);
    explains_all("reference-async", 15);
    explains_all(&format!("reference-window{UNSURE}"), 10);
}

#[test]
fn every_redundant_sync_of_the_modes_without_a_log_is_explained() {
    explains_all("reference-snapshot-only", 10);
    explains_all("reference-memory", 10);
    explains_all(&format!("reference-snapshot-only{UNSURE}"), 10);
}

#[test]
fn every_redundant_sync_of_maintenance_is_explained() {
    explains_all(&format!("reference-power{MAINTENANCE}"), 40);
}

#[test]
fn every_redundant_sync_of_maintenance_in_the_process_mode_is_explained() {
    explains_all(&format!("reference-process-custom-paths{MAINTENANCE}"), 40);
}

#[test]
fn every_redundant_sync_of_maintenance_in_the_async_mode_is_explained() {
    explains_all(&format!("reference-async{MAINTENANCE}"), 40);
}

#[test]
fn every_redundant_sync_of_maintenance_without_a_log_is_explained() {
    explains_all(&format!("reference-snapshot-only{MAINTENANCE}"), 20);
}
