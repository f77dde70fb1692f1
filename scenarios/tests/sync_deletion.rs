//! Every sync of the reference is there for a reason: take any one away, and some crash shows it.

use plimsoll_scenarios::calibration::{disks, sync_deletion_cases};
use plimsoll_sim::calibrate::{Deletion, delete_syncs};
use plimsoll_sim::explore;

/// The run in which a snapshot's name may not be durable when the store is opened.
const UNSURE: &str = "/unsure-snapshot";

/// The run of copies, restores, compactions and checkpoints.
const MAINTENANCE: &str = "/maintenance";

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

/// Every one of at least `syncs_min` syncs of the long run is needed on some disk, but for those of one place in the store, of which the
/// op log tells what does the same on every disk; and in the short run those are needed too, as all others are.
///
/// That place is an open after a kill that finds nothing but a snapshot newer than the log. It makes the name of that snapshot durable
/// before it writes a byte. In the long run the life before has done so; in the short one it has not, and ext4 with data=writeback
/// writes into the blocks of a snapshot that a power loss brings back.
#[track_caller]
fn needs_all(sut: &str, syncs_min: usize) {
    let is_missed = |deletion: &&Deletion| deletion.noticed.is_empty();
    let short = delete(&format!("{sut}{UNSURE}"));
    let missed: Vec<&Deletion> = short.iter().filter(is_missed).collect();
    assert!(missed.is_empty(), "{sut}: {missed:#?}");
    let is_of_open = |deletion: &&Deletion| {
        deletion.noticed.len() == 1 && deletion.is_noticed_on("ext4-writeback")
    };
    let of_open: Vec<&str> = short
        .iter()
        .filter(is_of_open)
        .map(|deletion| deletion.site.as_str())
        .collect();
    assert_eq!(of_open.len(), 1, "{sut}: {of_open:?}");
    let long = delete(sut);
    assert!(long.len() >= syncs_min, "{sut}: {} syncs", long.len());
    for deletion in long.iter().filter(is_missed) {
        assert!(deletion.is_explained(), "{sut}: {deletion:#?}");
        assert_eq!(deletion.site, of_open[0], "{sut}: {deletion:#?}");
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
fn no_sync_of_the_power_mode_is_redundant() {
    needs_all("reference-power", 15);
}

#[test]
fn no_sync_of_small_segments_is_redundant() {
    needs_all("reference-power-segments", 15);
}

#[test]
fn no_sync_of_compressed_snapshots_is_redundant() {
    needs_all("reference-power-lz4", 15);
}

#[test]
fn no_sync_of_separate_directories_is_redundant() {
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
