//! Every sync of the reference is there for a reason: take any one away, and some crash shows it.

use plimsoll_scenarios::calibration::{disks, sync_deletion_cases};
use plimsoll_sim::calibrate::{Deletion, delete_syncs};
use plimsoll_sim::explore;

/// Drops each sync of a run in turn.
fn delete(sut: &str) -> Vec<Deletion> {
    let case = sync_deletion_cases()
        .into_iter()
        .find(|case| case.id == sut)
        .expect("the mode is there");
    assert_eq!(
        explore::violated(&case),
        [],
        "{sut} passes with all its syncs"
    );
    delete_syncs(&case, &disks())
}

/// Every one of at least `syncs_min` syncs is needed on some disk, but for one, of which it is known what does the same.
///
/// That one is of an open after a kill that finds nothing but a snapshot newer than the log: it makes the name of the snapshot durable
/// before it writes a byte, and in this workload the life before has done so. (Where it has not, ext4 with data=writeback writes into
/// the blocks of the snapshot that a power loss brings back.)
#[track_caller]
fn needs_all(sut: &str, syncs_min: usize) {
    let deletions = delete(sut);
    let missed: Vec<String> = deletions
        .iter()
        .filter(|deletion| deletion.noticed.is_empty())
        .inspect(|deletion| assert!(deletion.is_explained(), "{sut}: {deletion:#?}"))
        .map(|deletion| {
            format!(
                "{} ({}): {:?}",
                deletion.plan, deletion.site, deletion.redundant
            )
        })
        .collect();
    assert!(
        deletions.len() >= syncs_min,
        "{sut}: {} syncs",
        deletions.len()
    );
    assert!(
        missed.len() <= 1,
        "{sut}: {} of {} syncs can be dropped unnoticed: {missed:#?}",
        missed.len(),
        deletions.len()
    );
}

/// Each of at least `syncs_min` syncs is needed on some disk, or another operation does what it does on all of them.
#[track_caller]
fn explains_all(sut: &str, syncs_min: usize) {
    let deletions = delete(sut);
    let unexplained: Vec<&Deletion> = deletions
        .iter()
        .filter(|deletion| !deletion.is_explained())
        .collect();
    assert!(unexplained.is_empty(), "{sut}: {unexplained:#?}");
    let noticed = deletions
        .iter()
        .filter(|deletion| !deletion.noticed.is_empty())
        .count();
    assert!(deletions.len() >= syncs_min, "{sut}: {}", deletions.len());
    assert!(
        2 * noticed > deletions.len(),
        "{sut}: only {noticed} of {} are noticed",
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
}

#[test]
fn every_redundant_sync_of_the_delayed_modes_is_explained() {
    explains_all("reference-window", 15);
    explains_all("reference-async", 15);
}

#[test]
fn every_redundant_sync_of_the_modes_without_a_log_is_explained() {
    explains_all("reference-snapshot-only", 10);
    explains_all("reference-memory", 10);
}

#[test]
fn every_redundant_sync_of_maintenance_is_explained() {
    explains_all("reference-power+maintenance", 40);
}

#[test]
fn every_redundant_sync_of_maintenance_in_the_process_mode_is_explained() {
    explains_all("reference-process-custom-paths+maintenance", 40);
}

#[test]
fn every_redundant_sync_of_maintenance_in_the_async_mode_is_explained() {
    explains_all("reference-async+maintenance", 40);
}

#[test]
fn every_redundant_sync_of_maintenance_without_a_log_is_explained() {
    explains_all("reference-snapshot-only+maintenance", 20);
}
