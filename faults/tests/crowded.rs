//! More pending changes than the model keeps apart.

use std::path::Path;

use plimsoll_faults::crash::{Bounds, CrashKind, Frontier};
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::fsync_failure::{ErrorReport, FsyncFailure};
use plimsoll_faults::image::Image;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::fs::{FsOps, OpenOptions};

/// A name, and data that a failed sync has marked clean, in turn: no two neighbours are alike.
#[test]
fn neighbours_that_a_failed_sync_told_apart_are_merged_when_there_is_no_room() {
    for name in [
        "posix-minimal",
        "ext4-ordered",
        "ext4-writeback",
        "xfs",
        "btrfs",
    ] {
        let profile = Profile::named(name).expect("it ships");
        let disk = SimFs::new(Image::new());
        let log = disk
            .open(Path::new("log"), OpenOptions::read_write().create())
            .expect("nothing goes wrong yet");
        disk.set_fsync_failure(FsyncFailure::F1, ErrorReport::PerFdOnce);
        disk.set_plan(&"fsync #1.. EIO".parse().expect("a plan"));
        for number in 0..400_u64 {
            log.write_at(&[1; 512], number * 4096).expect("a write");
            log.sync_all().expect_err("every sync fails");
            let dir = format!("dir{number}");
            disk.create_dir(Path::new(&dir)).expect("a directory");
        }
        let mut frontier = Frontier::new(Image::new(), profile);
        for entry in disk.take_log() {
            frontier.advance(&entry);
        }
        let bounds = Bounds {
            exhaustive: 16,
            samples: 8,
        };
        let mut states = Vec::new();
        let mut rng = Rng::stream(1, "crowded");
        frontier.states_of(CrashKind::PowerLoss, bounds, &mut rng, &mut states);
        assert!(states.len() > 8, "{name}: {} states", states.len());
        for &state in &states {
            frontier.image(state);
        }
    }
}

/// A large write that a failed sync tears into sectors, and another behind it.
#[test]
fn a_torn_sync_of_a_large_write_leaves_room_for_the_next() {
    for profile in Profile::shipped() {
        let disk = SimFs::new(Image::new());
        disk.set_plan(&"fsync #1 EIO F7".parse().expect("a plan"));
        let options = OpenOptions::read_write().create();
        let [first, second] =
            ["first", "second"].map(|path| disk.open(Path::new(path), options).expect("a file"));
        first.write_at(&[1; 110_000], 0).expect("a write");
        first.sync_all().expect_err("it fails");
        second.write_at(&[2; 110_000], 0).expect("a write");
        let mut frontier = Frontier::new(Image::new(), profile);
        for entry in disk.take_log() {
            frontier.advance(&entry);
        }
        frontier.image(frontier.everything());
    }
}
