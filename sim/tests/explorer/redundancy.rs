//! What is said of a sync that nobody misses, and of those that only look as if nobody could.

use std::sync::Arc;

use plimsoll_faults::profile::Profile;
use plimsoll_sim::calibrate::{Deletion, Redundancy, delete_syncs};
use plimsoll_sim::case::{Case, Disk};

use crate::replacer::{Recipe, Replacer};

/// What comes of dropping each sync of two writes.
fn deletions(recipe: Recipe, disks: &[&str]) -> Vec<Deletion> {
    let disks: Vec<Disk> = disks
        .iter()
        .map(|name| Disk::honest(Profile::named(name).expect("it ships")))
        .collect();
    let steps = ["put a 1", "put b 2"];
    let workload = steps.map(|step| step.parse().expect("a command")).to_vec();
    let sut = Arc::new(Replacer { recipe });
    delete_syncs(
        &Case::new("replacer", sut, workload, disks[0].clone()),
        &disks,
    )
}

const DISKS: [&str; 5] = [
    "posix-minimal",
    "ext4-ordered",
    "xfs",
    "btrfs",
    "lustre-2.15",
];

/// Those of the second of two writes, in order. The close behind them, and the open behind that, are left out.
fn second_write(deletions: &[Deletion], syncs: usize) -> &[Deletion] {
    &deletions[syncs..2 * syncs]
}

/// The sync of the file before the rename is made up for by one behind it, before anything is acknowledged. In between the old file is
/// gone and the new one may not be there.
#[test]
fn a_sync_that_is_made_up_for_behind_the_rename_is_needed() {
    let deletions = deletions(Recipe::SyncedTwice, &["posix-minimal", "ext4-ordered"]);
    let [file, again, dir] = second_write(&deletions, 3) else {
        panic!("a write has three syncs: {deletions:#?}");
    };
    assert!(file.is_noticed_on("posix-minimal") && file.is_noticed_on("ext4-ordered"));
    assert_eq!(again.noticed, [], "{again:#?}");
    assert!(again.is_proven(), "{again:#?}");
    assert!(dir.is_noticed_on("posix-minimal"), "{dir:#?}");
}

/// A later change of the same name, made durable, decides it; but only after what rests on the earlier one was acknowledged.
#[test]
fn a_name_that_is_replaced_after_the_acknowledgement_has_to_be_durable() {
    let deletions = deletions(Recipe::Plain, &DISKS);
    let [_, dir, ..] = deletions.as_slice() else {
        panic!("a write has two syncs: {deletions:#?}");
    };
    assert!(dir.site.starts_with("fsyncdir"), "{dir:#?}");
    assert!(dir.is_noticed_on("posix-minimal"), "{dir:#?}");
}

/// The same name is given twice before the acknowledgement, and both times made durable: the second time decides.
#[test]
fn a_name_that_is_replaced_before_the_acknowledgement_need_not_be_durable() {
    let deletions = deletions(Recipe::PlacedTwice, &DISKS);
    let [_, first, _, second] = second_write(&deletions, 4) else {
        panic!("a write has four syncs: {deletions:#?}");
    };
    assert_eq!(first.noticed, [], "{first:#?}");
    assert!(first.is_proven(), "{first:#?}");
    assert!(second.is_noticed_on("posix-minimal"), "{second:#?}");
}

/// A server that lies about durability still takes the data from its client: that sync is not idle.
#[test]
fn a_sync_that_only_sends_is_not_idle() {
    for deletion in deletions(Recipe::Plain, &["nfs-async"]) {
        if deletion.site.starts_with("fsync ") {
            let [(disk, redundancy)] = deletion.redundant.as_slice() else {
                assert!(deletion.is_noticed_on("nfs-async"), "{deletion:#?}");
                continue;
            };
            assert_eq!(disk, "nfs-async");
            assert_ne!(*redundancy, Redundancy::Idle, "{deletion:#?}");
        }
    }
}

/// In every recipe: what is shown to be redundant is not noticed, on any disk.
#[test]
fn what_is_noticed_was_not_shown_to_be_redundant() {
    for recipe in [Recipe::Plain, Recipe::SyncedTwice, Recipe::PlacedTwice] {
        for deletion in deletions(recipe, &DISKS) {
            assert_eq!(deletion.contradicted, [], "{recipe:?}: {deletion:#?}");
            assert_eq!(deletion.vacuous, [""; 0], "{recipe:?}: {deletion:#?}");
        }
    }
}
