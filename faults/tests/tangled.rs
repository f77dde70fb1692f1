//! Directories that a crash leaves inside each other, or with two names.

use std::path::Path;

use plimsoll_faults::crash::{Bounds, Frontier};
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::image::Image;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::fs::FsOps;

#[test]
fn a_store_can_move_directories_that_a_crash_left_inside_each_other() {
    let disk = SimFs::new(Image::new());
    for dir in ["a", "b"] {
        disk.create_dir(Path::new(dir)).expect("the name is free");
    }
    disk.sync_dir(Path::new("")).expect("it is a directory");
    for (from, to) in [("a", "b/a"), ("b/a", "c"), ("b", "c/b")] {
        let moved = disk.rename(Path::new(from), Path::new(to));
        moved.expect("it is moved");
    }
    let profile = Profile::named("posix-minimal").expect("it ships");
    let mut frontier = Frontier::new(Image::new(), profile);
    for entry in disk.take_log() {
        frontier.advance(&entry);
    }
    let bounds = Bounds {
        exhaustive: 1 << 10,
        samples: 0,
    };
    let mut states = Vec::new();
    assert!(frontier.states(bounds, &mut Rng::stream(1, "states"), &mut states));
    let mut tangled = 0;
    for state in states {
        let image = frontier.image(state);
        assert_eq!(image.hash(), frontier.key(state));
        let disk = SimFs::new(image);
        let is_there = |path: &str| {
            disk.metadata(Path::new(path))
                .expect("it is asked")
                .is_some()
        };
        tangled += usize::from(is_there("b/a/b/a/b"));
        for dir in ["a", "b", "c"] {
            if is_there(dir) {
                disk.rename(Path::new(dir), Path::new("x"))
                    .expect("the way to the new name does not lead through it");
                disk.rename(Path::new("x"), Path::new(dir))
                    .expect("nor the way back");
            }
        }
    }
    assert!(tangled > 0);
}
