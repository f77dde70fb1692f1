//! Limits on space of which a disk says that they would have made no difference make none.

use std::ops::RangeInclusive;
use std::path::Path;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::image::Image;
use plimsoll_faults::plan::{FaultPlan, Space};
use plimsoll_reference::fs::{FsOps, OpenOptions};

/// Everything that can ask for space, and some that gives it back.
fn perform(fs: &dyn FsOps) -> Vec<String> {
    let mut results = Vec::new();
    let mut note = |result: std::io::Result<usize>| results.push(format!("{result:?}"));
    let open = |name: &str| fs.open(Path::new(name), OpenOptions::read_write().create());
    let (a, b) = (open("a").expect("a"), open("b").expect("b"));
    note(a.write_at(&[1; 40], 0));
    note(b.set_len(25).map(|()| 0));
    note(a.write_at(&[2; 30], 30));
    note(b.allocate(10, 40).map(|()| 0));
    note(a.set_len(20).map(|()| 0));
    note(b.write_at(&[3; 10], 45));
    note(a.sync_data().map(|()| 0));
    note(fs.remove_file(Path::new("b")).map(|()| 0));
    drop(b);
    note(a.write_at(&[4; 50], 10));
    results
}

/// What a run comes to under a limit, and which other limits it says do not differ.
fn run(bytes: u64, reserved: bool) -> (String, RangeInclusive<u64>, u64) {
    let disk = SimFs::new(Image::new());
    let space = Space {
        reserved,
        ..Space::of(bytes)
    };
    let mut plan = FaultPlan::none();
    plan.spaces.push(space);
    disk.set_plan(&plan);
    let results = perform(&disk);
    let (alike, peak) = (disk.alike_spaces(), disk.peak_bytes());
    let fired = disk.fired();
    (
        format!("{results:?} {fired:?} {:?}", disk.take_log()),
        alike,
        peak,
    )
}

#[test]
fn limits_that_are_alike_give_equal_runs() {
    for reserved in [false, true] {
        let (.., peak) = run(u64::MAX, reserved);
        // Space that is reserved until a sync may be asked for beyond what there ever was.
        let runs: Vec<_> = (0..2 * peak).map(|bytes| run(bytes, reserved)).collect();
        let mut classes = 0;
        let mut size = 0;
        while let Some((text, alike, _)) = runs.get(size) {
            assert!(alike.contains(&(size as u64)));
            for (bytes, (other, same, _)) in runs.iter().enumerate() {
                let is_alike = alike.contains(&(bytes as u64));
                let is_same = text == other && alike == same;
                assert!(!is_alike || is_same, "{size} and {bytes}, {reserved}");
            }
            classes += 1;
            size = usize::try_from(*alike.end()).map_or(usize::MAX, |end| end.saturating_add(1));
        }
        assert!(classes < runs.len(), "{classes} of {}", runs.len());
    }
}
