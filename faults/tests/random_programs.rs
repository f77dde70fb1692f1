//! What holds of the crash states of any program, whatever goes wrong.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::crash::{Bounds, CrashKind, Frontier};
use plimsoll_faults::disk::SimFs;
use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::image::Image;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions};

const NAMES: [&str; 3] = ["a", "b", "d/a"];
const LENS: [usize; 4] = [100, 512, 4096, 9000];
const OFFSETS: [u64; 4] = [0, 100, 4096, 4600];
const ENDS: [u64; 6] = [0, 50, 600, 4096, 4700, 9000];

/// A program that is run step by step.
struct Program {
    disk: SimFs,
    held: Vec<Box<dyn FsFile>>,
    rng: Rng,
    /// What was done, and what of it the log holds.
    steps: Vec<String>,
}

impl Program {
    /// Takes note of what was done since, as whoever looks at its crashes does.
    fn follow(&mut self, frontier: &mut Frontier) {
        for entry in self.disk.take_log() {
            self.steps.push(entry.to_string());
            frontier.advance(&entry);
        }
    }

    fn new(profile: &Profile, plan: &str, rng: Rng) -> Self {
        let disk = SimFs::new(Image::new());
        disk.create_dir(Path::new("d")).expect("the disk is empty");
        profile.behave(&disk);
        if !plan.is_empty() {
            disk.set_plan(&plan.parse().expect("a plan"));
        }
        Self {
            disk,
            held: Vec::new(),
            rng,
            steps: vec![plan.to_owned()],
        }
    }

    /// Does something. A step that cannot be done fails, which is as good as any other.
    fn step(&mut self, number: u8) {
        let rng = &mut self.rng;
        let (name, other) = (*rng.pick(&NAMES), *rng.pick(&NAMES));
        let (path, to) = (Path::new(name), Path::new(other));
        let open = || self.disk.open(path, OpenOptions::read_write().create());
        let with = |act: &dyn Fn(&dyn FsFile)| {
            if let Ok(file) = open() {
                act(&*file);
            }
        };
        match rng.below(15) {
            0..5 => {
                let (len, at) = (*rng.pick(&LENS), *rng.pick(&OFFSETS));
                with(&|file| drop(file.write_at(&vec![number + 1; len], at)));
            }
            5 => {
                let len = *rng.pick(&ENDS);
                with(&|file| drop(file.set_len(len)));
            }
            6 => with(&|file| drop(file.allocate(0, 6000))),
            7..10 => with(&|file| drop(file.sync_all())),
            10 => drop(self.disk.sync_dir(Path::new(""))),
            11 => drop(self.disk.remove_file(path)),
            12 => drop(self.disk.rename(path, to)),
            13 => self.held.extend(open()),
            _ => self.held.truncate(self.held.len() / 2),
        }
    }
}

/// Something that goes wrong once, or all the time.
fn plan(rng: &mut Rng) -> String {
    let model = *rng.pick(FsyncFailure::ALL);
    let number = 1 + rng.below(3);
    let block = rng.below(3);
    let target = format!("target {block} of 3 stripe 4096");
    match rng.below(9) {
        0 => format!("fsync #{number} EIO {model}"),
        1 => format!("sync #{number}..{} EIO {model}", number + 1),
        2 => format!("writeback * block {block} xwX {model}"),
        3 => format!("writeback * x {model}"),
        4 => format!("write #{number} EIO late"),
        5 => format!("write #{number} evict"),
        6 => format!("fsync #{number} evict; write #{} short", number + 1),
        7 => format!("fsync #{number} {target} evict"),
        _ => format!("fsync #{number} {target} EIO {model}"),
    }
}

/// Whether a plan can be held against a disk. Not all have servers that evict. Where a length waits for data, or a truncation for lengths,
/// the sync of another file makes durable what memory takes for unwritten: if pages go back then, the disk has more than memory.
fn can_follow(profile: &Profile, plan: &str) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| plan.contains(word));
    if has(&["evict"]) {
        return profile.crashes().contains(&CrashKind::Eviction);
    }
    let has_journal = matches!(&*profile.name, "ext4-ordered" | "ext4-writeback" | "xfs");
    !has_journal || !has(&["F3", "F8", "late"])
}

/// Whether a name is there that a client of NFS gives an open file.
fn is_aside(image: &Image) -> bool {
    let mut found = false;
    image.walk(&mut |path, _| found |= path.contains(".nfs"));
    found
}

#[test]
fn where_all_that_is_pending_reaches_the_disk_it_holds_what_processes_see() {
    let mut compared = 0;
    for seed in 0..1_500 {
        let mut rng = Rng::stream(seed, "everything");
        let plan = plan(&mut rng);
        for profile in Profile::shipped() {
            if !can_follow(&profile, &plan) {
                continue;
            }
            let mut program = Program::new(&profile, &plan, rng.clone());
            let mut frontier = Frontier::new(Image::new(), Arc::clone(&profile));
            for number in 0..8 {
                program.step(number);
                program.follow(&mut frontier);
                let seen = program.disk.image().hash();
                let at = format!("{} {seed}: {:#?}", profile.name, program.steps);
                assert_eq!(frontier.volatile().hash(), seen, "{at}");
                let all = frontier.everything();
                let image = frontier.image(all);
                assert_eq!(frontier.key(all), image.hash(), "{at}");
                if !is_aside(&image) {
                    assert_eq!(image.hash(), seen, "{at}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 50_000, "{compared}");
}

/// Follows a program and holds each state that is not fresh to have been there before. Returns how many states there were.
fn hold_to_fresh(profile: &Arc<Profile>, kind: CrashKind, seed: u64) -> usize {
    let bounds = Bounds {
        exhaustive: 500,
        samples: 0,
    };
    let mut program = Program::new(profile, "", Rng::stream(seed, "fresh"));
    let mut frontier = Frontier::new(Image::new(), Arc::clone(profile));
    let mut known = BTreeSet::from([Image::new().hash()]);
    let (mut states, mut compared) = (Vec::new(), 0);
    for number in 0..8 {
        program.step(number);
        for entry in program.disk.take_log() {
            program.steps.push(entry.to_string());
            let has_changed = frontier.advance(&entry);
            let mut rng = Rng::stream(seed, "states");
            if !frontier.states_of(kind, bounds, &mut rng, &mut states) {
                return compared;
            }
            let mut fresh = states.clone();
            frontier.retain_fresh(&mut fresh);
            let mut keys = |states: &[_]| -> BTreeSet<u128> {
                states.iter().map(|&state| frontier.key(state)).collect()
            };
            let all = keys(&states);
            if has_changed {
                known.extend(keys(&fresh));
            }
            let at = format!("{} {kind} {seed}: {:#?}", profile.name, program.steps);
            assert!(all.is_subset(&known), "{at}");
            compared += all.len();
            known = all;
        }
    }
    compared
}

#[test]
fn a_state_that_is_not_fresh_was_there_before() {
    for profile in Profile::shipped() {
        for &kind in profile.crashes() {
            let compared: usize = (0..100)
                .map(|seed| hold_to_fresh(&profile, kind, seed))
                .sum();
            assert!(compared > 500, "{} {kind}: {compared}", profile.name);
        }
    }
}

/// Syncs everything that has a name, without a failure. Returns whether all of that was done.
fn sync_all(disk: &SimFs) -> bool {
    let files = NAMES.iter().map(|name| {
        match disk.open(Path::new(name), OpenOptions::read_write()) {
            Ok(file) => file.sync_all().is_ok(),
            // There is no such file.
            Err(_) => true,
        }
    });
    let files: Vec<bool> = files.collect();
    let dirs = ["", "d"].map(|dir| disk.sync_dir(Path::new(dir)).is_ok());
    files.into_iter().chain(dirs).all(|is_done| is_done)
}

#[test]
fn what_was_synced_without_a_failure_at_the_end_is_durable() {
    let mut compared = 0;
    for seed in 0..1_000 {
        let mut rng = Rng::stream(seed, "synced");
        let plan = plan(&mut rng);
        // Under these a sync that succeeds need not have written everything.
        let is_clean = ["F1 ", "F2", "F5", "F7"]
            .iter()
            .any(|model| format!("{plan} ").contains(model));
        for profile in Profile::shipped() {
            let is_late = plan.contains("late")
                && matches!(&*profile.name, "ext4-ordered" | "ext4-writeback" | "xfs");
            // There the sync of a directory does nothing, and a server's word is worth nothing.
            let is_weak = matches!(&*profile.name, "lustre-2.16" | "nfs-async");
            if is_clean || is_late || is_weak || !can_follow(&profile, &plan) {
                continue;
            }
            let mut program = Program::new(&profile, &plan, rng.clone());
            let mut frontier = Frontier::new(Image::new(), Arc::clone(&profile));
            for number in 0..8 {
                program.step(number);
            }
            // The first may be told of an error from before.
            sync_all(&program.disk);
            program.follow(&mut frontier);
            let mut is_done = sync_all(&program.disk);
            for entry in program.disk.take_log() {
                program.steps.push(entry.to_string());
                is_done &= entry.sync.is_none_or(|(_, end)| end.is_done());
                frontier.advance(&entry);
            }
            let image = frontier.image(frontier.nothing());
            if is_done && !is_aside(&image) {
                let at = format!("{} {seed}: {:#?}", profile.name, program.steps);
                assert_eq!(image.hash(), program.disk.image().hash(), "{at}");
                compared += 1;
            }
        }
    }
    assert!(compared > 2_000, "{compared}");
}
