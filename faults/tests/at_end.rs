//! Going to the end of a log at once leads where going there entry by entry does.

use std::path::Path;
use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use proptest::prelude::*;

use plimsoll_faults::crash::{Bounds, CrashState, Frontier};
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions};

/// Files in two directories, one of which is there from the start.
const NAMES: [&str; 5] = ["a", "b", "c", "d/a", "d/b"];

/// What goes wrong.
const PLANS: [&str; 5] = ["", "", "", "fsync #5 EIO", "fsync #4 drop; write #6 short"];

#[derive(Clone, Debug)]
enum Step {
    Write(usize, u64, usize),
    Cut(usize, u64),
    Sync(usize, bool),
    SyncDirs,
    SyncAll,
    Remove(usize),
    Rename(usize, usize),
    Link(usize, usize),
    Hold(usize),
    LetGo,
}

fn step() -> impl Strategy<Value = Step> {
    let file = || 0..NAMES.len();
    let offset = || prop_oneof![0..1_500_u64, 4_000..9_000_u64];
    prop_oneof![
        6 => (file(), offset(), 1..3_000_usize).prop_map(|(file, at, len)| Step::Write(file, at, len)),
        1 => (file(), offset()).prop_map(|(file, len)| Step::Cut(file, len)),
        4 => (file(), any::<bool>()).prop_map(|(file, data)| Step::Sync(file, data)),
        3 => Just(Step::SyncDirs),
        3 => Just(Step::SyncAll),
        3 => file().prop_map(Step::Remove),
        2 => (file(), file()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => (file(), file()).prop_map(|(from, to)| Step::Link(from, to)),
        1 => file().prop_map(Step::Hold),
        1 => Just(Step::LetGo),
    ]
}

fn open(disk: &SimFs, file: usize) -> Option<Box<dyn FsFile>> {
    let options = OpenOptions::read_write().create();
    disk.open(Path::new(NAMES[file]), options).ok()
}

fn sync_dirs(disk: &SimFs) {
    for dir in ["", "d"] {
        let _ = disk.sync_dir(Path::new(dir));
    }
}

/// What steps leave in the log. A step that cannot be done fails, which is as good as any other.
fn log(steps: &[Step], plan: &str) -> Vec<Entry> {
    let disk = SimFs::new(Image::new());
    disk.create_dir(Path::new("d")).expect("the disk is empty");
    if !plan.is_empty() {
        disk.set_plan(&plan.parse().expect("a plan"));
    }
    let mut held = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        let path = |file: usize| Path::new(NAMES[file]);
        match *step {
            Step::Write(file, offset, len) => {
                open(&disk, file).map(|file| file.write_at(&vec![number as u8; len], offset));
            }
            Step::Cut(file, len) => {
                open(&disk, file).map(|file| file.set_len(len));
            }
            Step::Sync(file, true) => {
                open(&disk, file).map(|file| file.sync_data());
            }
            Step::Sync(file, false) => {
                open(&disk, file).map(|file| file.sync_all());
            }
            Step::SyncDirs => sync_dirs(&disk),
            Step::SyncAll => {
                for file in 0..NAMES.len() {
                    let options = OpenOptions::read_write();
                    if let Ok(file) = disk.open(path(file), options) {
                        let _ = file.sync_all();
                    }
                }
                sync_dirs(&disk);
            }
            Step::Remove(file) => drop(disk.remove_file(path(file))),
            Step::Rename(from, to) => drop(disk.rename(path(from), path(to))),
            Step::Link(from, to) => drop(disk.hard_link(path(from), path(to))),
            Step::Hold(file) => held.extend(open(&disk, file)),
            Step::LetGo => held.truncate(held.len() / 2),
        }
    }
    disk.take_log()
}

/// Everything that can be asked of a position.
fn seen(frontier: &mut Frontier) -> (usize, Vec<CrashState>, Vec<String>) {
    let bounds = Bounds {
        exhaustive: 12,
        samples: 8,
    };
    let mut states = Vec::new();
    frontier.states(bounds, &mut Rng::stream(1, "states"), &mut states);
    let mut fresh = states.clone();
    frontier.retain_fresh(&mut fresh);
    let mut found = Vec::new();
    for &state in &states {
        let image = frontier.image(state).hash();
        let (key, lost) = (frontier.key(state), frontier.lost(state));
        let is_fresh = fresh.contains(&state);
        found.push(format!("{image:x} {key:x} {is_fresh} {lost:?}"));
    }
    found.push(format!("{:x}", frontier.volatile().hash()));
    (frontier.pending(), states, found)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_end_is_where_the_walk_ends(
        steps in prop::collection::vec(step(), 1..30),
        plan in prop::sample::select(&PLANS[..]),
        bytes in prop::collection::vec(any::<u8>(), 200),
    ) {
        let log = log(&steps, plan);
        let mut profiles = Profile::shipped();
        // Servers remember more: there nothing is left out.
        profiles.retain(|profile| profile.network.is_none());
        let any = Profile::arbitrary(&mut Unstructured::new(&bytes)).expect("there are bytes");
        profiles.push(Arc::new(any));
        for profile in profiles {
            let mut walk = Frontier::new(Image::new(), Arc::clone(&profile));
            for (entry, len) in log.iter().zip(1..) {
                walk.advance(entry);
                if len % 4 != 0 && len != log.len() {
                    continue;
                }
                let mut end = Frontier::at_end(Image::new(), Arc::clone(&profile), &log[..len]);
                prop_assert_eq!(seen(&mut end), seen(&mut walk), "{} at {}", profile.name, len);
            }
        }
    }
}
