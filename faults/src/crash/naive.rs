//! The same states, told the slow way: no base moves, and nothing that was overwritten is dropped. A state is the first image with any
//! closed choice of all changes that were ever made, as long as it has those that a sync has forced.
//!
//! What is shared with the model is how an operation is cut and ordered, and what a sync covers; litmus tests hold those to what is known
//! of file systems. **Not compared**: blocks that are used again, pages that went back, servers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arbitrary::{Arbitrary, Unstructured};
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions};

use super::atom::{Atom, Sort};
use super::atom_set::AtomSet;
use super::enumerate::Bounds;
use super::failed_sync::{dirty_again, mark_clean};
use super::frontier::Frontier;
use super::pending::Pending;
use super::rules::Cutter;
use super::supersede::supersede;
use super::sync::{forced, parted};
use crate::disk::SimFs;
use crate::image::{Image, Ino, Node};
use crate::log::{Entry, MicroOp, Scope, SyncEnd};
use crate::profile::Profile;
use crate::rng::Rng;

/// States of one position beyond which a program is not followed.
const STATES_MAX: u32 = 2_000;

/// What goes wrong.
const PLANS: [&str; 4] = ["", "", "fsync #1..2 EIO F1", "fsync #2 drop"];

struct Naive {
    profile: Arc<Profile>,
    first: Image,
    volatile: Image,
    all: Pending,
    forced: AtomSet,
    /// Damage that a sync has settled.
    settled: AtomSet,
    entries: u32,
}

impl Naive {
    fn new(profile: Arc<Profile>) -> Self {
        Self {
            profile,
            first: Image::new(),
            volatile: Image::new(),
            all: Pending::default(),
            forced: AtomSet::EMPTY,
            settled: AtomSet::EMPTY,
            entries: 0,
        }
    }

    /// The atoms that may or may not persist: their places, and the atoms numbered among themselves.
    fn open(&self) -> (Vec<usize>, Vec<Atom>) {
        let gone = self.forced.union(self.settled);
        let all = 0..self.all.len();
        let places = all.filter(|&place| !gone.contains(place) && !self.is_settled(place));
        let places: Vec<usize> = places.collect();
        let number = |place| places.binary_search(&place).ok();
        let open = |&place: &usize| {
            let atom = self.all.atoms[place].clone();
            let before = atom.before.iter().filter_map(number);
            Atom {
                before: set(before),
                ..atom
            }
        };
        let atoms = places.iter().map(open).collect();
        (places, atoms)
    }

    /// Lets `change` do something to these atoms.
    fn revise<T>(&mut self, change: impl FnOnce(&mut [Atom]) -> T) {
        let (places, mut atoms) = self.open();
        change(&mut atoms);
        for (&place, atom) in places.iter().zip(atoms) {
            let before = atom.before.iter().map(|number| places[number]);
            self.all.atoms[place] = Atom {
                before: set(before),
                ..atom
            };
        }
    }

    fn advance(&mut self, entry: &Entry) {
        self.revise(|atoms| dirty_again(atoms, entry));
        let (places, pending) = self.open();
        let new = Cutter {
            profile: &self.profile,
            volatile: &self.volatile,
            pending: &pending,
            entry: self.entries,
        }
        .cut(entry);
        self.entries += 1;
        let start = self.all.len();
        for atom in new {
            let place = |number: usize| {
                let place = places.get(number).copied();
                place.unwrap_or_else(|| start + number - places.len())
            };
            let before = set(atom.before.iter().map(place));
            self.all.atoms.push(Atom { before, ..atom });
        }
        for change in &entry.changes {
            if matches!(change, MicroOp::Inode { .. }) {
                self.first.apply(change);
            }
        }
        self.volatile.show_all(&entry.changes);
        match entry.sync {
            Some((scope, SyncEnd::Done)) => self.sync(scope),
            Some((scope, SyncEnd::Failed)) => {
                self.revise(|atoms| mark_clean(atoms, scope, entry.range));
            }
            _ => {}
        }
    }

    fn sync(&mut self, scope: Scope) {
        loop {
            let (places, pending) = self.open();
            let Some(number) = parted(&self.profile, scope, &pending) else {
                break;
            };
            let place = places[number];
            self.all.part(place);
            let moved = |old: AtomSet| set(old.iter().map(|at| at + usize::from(at > place)));
            self.forced = moved(self.forced);
            self.settled = moved(self.settled);
        }
        let (places, pending) = self.open();
        for number in forced(&self.profile, scope, false, &pending).iter() {
            if pending[number].is_damage() {
                self.settled.insert(places[number]);
            } else {
                self.forced.insert(places[number]);
            }
        }
        if let (true, Scope::File(ino) | Scope::FileData(ino)) =
            (self.profile.sync_escapes_order, scope)
        {
            self.loosen(ino);
        }
    }

    /// The removal of an old name of a synced file waits for nothing.
    fn loosen(&mut self, ino: Ino) {
        let durable = self.image(self.forced);
        self.revise(|atoms| {
            let is_old_name = |change: &MicroOp| match change {
                MicroOp::Name { dir, name, target } => {
                    let entries = durable.dir(*dir);
                    let held = entries.and_then(|entries| entries.get(name));
                    target.is_none() && held == Some(&ino)
                }
                change => matches!(change, MicroOp::Free { .. }),
            };
            for atom in atoms {
                if atom.has_names() && atom.changes.iter().all(is_old_name) {
                    atom.before = AtomSet::EMPTY;
                }
            }
        });
    }

    fn image(&self, chosen: AtomSet) -> Image {
        let mut image = self.first.clone();
        for place in chosen.iter() {
            for change in &self.all.atoms[place].changes {
                image.apply(change);
            }
        }
        image
    }

    /// Whether nothing is left to write of a change: it was written, or what came later was.
    fn is_settled(&self, old: usize) -> bool {
        let mut left = self.all.atoms[old].clone();
        let later = self.forced.iter().filter(|&place| place > old);
        for change in later.flat_map(|place| &self.all.atoms[place].changes) {
            supersede(&mut left, change);
        }
        self.forced.contains(old) || left.is_spent()
    }

    /// What can be seen of every state, as hashes, unless there are too many.
    fn states(&self) -> Option<BTreeMap<u128, AtomSet>> {
        let mut sets = vec![self.forced];
        let mut interrupted = AtomSet::EMPTY;
        let (places, _) = self.open();
        let open = set(places.iter().copied());
        for place in places {
            let atom = &self.all.atoms[place];
            let is_interrupted = atom.sort == Sort::Interrupted;
            if is_interrupted && atom.interrupted().is_none_or(|data| self.is_settled(data)) {
                continue;
            }
            let before = atom.before.intersection(open);
            for index in 0..sets.len() {
                let mut with = sets[index];
                let is_second = is_interrupted && !with.intersection(interrupted).is_empty();
                if before.is_subset(&with) && !is_second {
                    with.insert(place);
                    sets.push(with);
                }
            }
            if is_interrupted {
                interrupted.insert(place);
            }
            if sets.len() > STATES_MAX as usize {
                return None;
            }
        }
        let told = sets.into_iter().map(|set| (seen(self.image(set)), set));
        Some(told.collect())
    }

    /// What a state lacks.
    fn lost(&self, chosen: AtomSet) -> Vec<String> {
        let lost = (0..self.all.len()).filter(|&place| !chosen.contains(place));
        let lines = lost.flat_map(|place| self.all.atoms[place].describe());
        lines.collect()
    }
}

fn set(positions: impl Iterator<Item = usize>) -> AtomSet {
    positions.fold(AtomSet::EMPTY, |set, position| {
        set.union(AtomSet::one(position))
    })
}

/// Hash of what can be seen of an image.
fn seen(mut image: Image) -> u128 {
    image.keep_reachable();
    let nodes: Vec<(Ino, Node)> = image
        .nodes()
        .map(|(ino, node)| (ino, node.clone()))
        .collect();
    for (ino, node) in nodes {
        if let Node::File(mut content) = node {
            Arc::make_mut(&mut content).trim();
            image.insert(ino, Node::File(content));
        }
    }
    image.hash()
}

const NAMES: [&str; 5] = ["a", "b", "c", "d/a", "e/b"];
const LENS: [usize; 5] = [100, 512, 700, 4096, 5000];
const OFFSETS: [u64; 6] = [0, 100, 512, 3900, 4096, 4600];
const ENDS: [u64; 6] = [0, 50, 512, 600, 4096, 4700];

/// Does something, and says what. Of few names only the content changes.
fn step(disk: &SimFs, rng: &mut Rng, number: u8, names: usize) -> String {
    let (name, other) = (*rng.pick(&NAMES[..names]), *rng.pick(&NAMES[..names]));
    let (path, to) = (Path::new(name), Path::new(other));
    let with = |act: &dyn Fn(&dyn FsFile)| {
        if let Ok(file) = disk.open(path, OpenOptions::read_write().create()) {
            act(&*file);
        }
    };
    match rng.below(if names == 2 { 9 } else { 14 }) {
        0..4 => {
            let (len, at) = (*rng.pick(&LENS), *rng.pick(&OFFSETS));
            with(&|file| drop(file.write_at(&vec![number + 1; len], at)));
            format!("write {name} {at}+{len}")
        }
        4 => {
            let len = *rng.pick(&ENDS);
            with(&|file| drop(file.set_len(len)));
            format!("cut {name} {len}")
        }
        5 => {
            with(&|file| drop(file.allocate(0, 6000)));
            format!("allocate {name}")
        }
        6 | 7 => {
            with(&|file| drop(file.sync_all()));
            format!("fsync {name}")
        }
        8 => {
            with(&|file| drop(file.sync_data()));
            format!("fdatasync {name}")
        }
        9 => {
            let dir = *rng.pick(&["", "d", "e"]);
            drop(disk.sync_dir(Path::new(dir)));
            format!("fsyncdir {dir}")
        }
        10 => {
            drop(disk.remove_file(path));
            format!("unlink {name}")
        }
        11 | 12 => {
            drop(disk.rename(path, to));
            format!("rename {name} {other}")
        }
        _ => {
            drop(disk.hard_link(path, to));
            format!("link {name} {other}")
        }
    }
}

/// What a random program leaves in the log, and its steps.
fn program(rng: &mut Rng) -> (Vec<Entry>, Vec<String>) {
    let disk = SimFs::new(Image::new());
    for dir in ["d", "e"] {
        disk.create_dir(Path::new(dir)).expect("the disk is empty");
    }
    let plan = *rng.pick(&PLANS);
    if !plan.is_empty() {
        disk.set_plan(&plan.parse().expect("a plan"));
    }
    let names = 2 + rng.below(4) as usize;
    let mut steps = vec![plan.to_owned()];
    for number in 0..3 + rng.below(7) as u8 {
        steps.push(step(&disk, rng, number, names));
    }
    (disk.take_log(), steps)
}

/// Follows a program in both ways for as long as its states are few. Returns how many there were.
fn compare(profile: &Arc<Profile>, rng: &mut Rng) -> usize {
    let (log, steps) = program(rng);
    let mut fast = Frontier::new(Image::new(), Arc::clone(profile));
    let mut slow = Naive::new(Arc::clone(profile));
    let mut known = BTreeSet::from([seen(Image::new())]);
    let mut compared = 0;
    let bounds = Bounds {
        exhaustive: STATES_MAX,
        samples: 0,
    };
    let mut states = Vec::new();
    for entry in &log {
        fast.advance(entry);
        slow.advance(entry);
        let Some(wanted) = slow.states() else { break };
        if !fast.states(bounds, rng, &mut states) {
            break;
        }
        let at = format!("{}, {steps:#?} at {entry}", profile.name);
        let mut fresh = states.clone();
        fast.retain_fresh(&mut fresh);
        let mut got = BTreeSet::new();
        for &state in &states {
            let (key, lost) = (fast.key(state), fast.lost(state));
            assert_eq!(key, fast.image(state).hash(), "{at}: {lost:?}");
            assert!(wanted.contains_key(&key), "more at {at}: {lost:?}");
            let is_known = known.contains(&key) || fresh.contains(&state);
            assert!(is_known || got.contains(&key), "new at {at}: {lost:?}");
            got.insert(key);
        }
        let missed = wanted.iter().find(|(key, _)| !got.contains(key));
        let lost = missed.map(|(_, set)| slow.lost(*set));
        assert_eq!(lost, None, "missed at {at}");
        compared += got.len();
        known = got;
    }
    compared
}

/// A profile of a local disk of which everything is compared.
fn any_profile(rng: &mut Rng) -> Arc<Profile> {
    let bytes: Vec<u8> = (0..200).map(|_| rng.next_u64() as u8).collect();
    let any = Profile::arbitrary(&mut Unstructured::new(&bytes)).expect("there are bytes");
    Arc::new(Profile {
        name: format!("{any:?}"),
        reuse_waits_for_commit: true,
        network: None,
        ..any
    })
}

#[test]
fn states_are_those_of_the_definition() {
    for name in ["posix-minimal", "ext4-ordered", "xfs", "btrfs"] {
        let profile = Profile::named(name).expect("it ships");
        let mut rng = Rng::stream(5, name);
        let compared: usize = (0..150).map(|_| compare(&profile, &mut rng)).sum();
        assert!(compared > 5_000, "{name}: {compared} states");
    }
}

#[test]
fn so_they_are_of_any_profile() {
    let mut rng = Rng::stream(5, "any profile");
    let mut compared = 0;
    for _ in 0..400 {
        let profile = any_profile(&mut rng);
        compared += compare(&profile, &mut rng);
    }
    assert!(compared > 10_000, "{compared} states");
}
