//! What renames leave where the two names of one persist apart.

use std::path::Path;

use plimsoll_faults::crash::{Bounds, Frontier};
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::image::Image;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end};

/// Everything that a loss of power may leave of what was done to an empty disk.
fn left(disk: &SimFs) -> Vec<Image> {
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
    let images = states.into_iter().map(|state| {
        let image = frontier.image(state);
        assert_eq!(image.hash(), frontier.key(state));
        image
    });
    images.collect()
}

/// The sync of the directory that a file came from does not free what it replaced.
#[test]
fn a_replaced_file_may_get_its_data_as_long_as_its_name_is_there() {
    let disk = SimFs::new(Image::new());
    disk.create_dir(Path::new("d")).expect("the name is free");
    let create = |path: &str, bytes: &[u8]| {
        let options = OpenOptions::read_write().create();
        let file = disk.open(Path::new(path), options).expect("a file");
        file.write_at(bytes, 0).expect("a write");
    };
    create("old", b"");
    create("d/new", b"new");
    for dir in ["d", ""] {
        disk.sync_dir(Path::new(dir)).expect("a sync");
    }
    create("old", b"old");
    let moved = disk.rename(Path::new("d/new"), Path::new("old"));
    moved.expect("it is moved");
    disk.sync_dir(Path::new("d")).expect("a sync");
    let shown = left(&disk).into_iter().map(|image| {
        let left = SimFs::new(image);
        let file = left.open(Path::new("old"), OpenOptions::read_only());
        read_to_end(&*file.expect("it has a name")).expect("it can be read")
    });
    let shown: Vec<Vec<u8>> = shown.collect();
    for bytes in [&b"old"[..], b"new", b""] {
        assert!(shown.iter().any(|known| known == bytes), "{bytes:?}");
    }
}

/// A crash leaves directories inside each other, or with two names.
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
    let mut tangled = 0;
    for image in left(&disk) {
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
