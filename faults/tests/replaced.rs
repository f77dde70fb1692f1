//! Files that a rename replaces.

use std::path::Path;

use plimsoll_faults::crash::{Bounds, Frontier};
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::image::Image;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end};

/// Where the two names of a rename persist apart, the sync of the directory that a file came from does not free what it replaced.
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
    let shown = states.into_iter().map(|state| {
        let left = SimFs::new(frontier.image(state));
        let file = left.open(Path::new("old"), OpenOptions::read_only());
        read_to_end(&*file.expect("it has a name")).expect("it can be read")
    });
    let shown: Vec<Vec<u8>> = shown.collect();
    for bytes in [&b"old"[..], b"new", b""] {
        assert!(shown.iter().any(|known| known == bytes), "{bytes:?}");
    }
}
