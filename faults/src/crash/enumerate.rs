//! Which legal states of a crash point are looked at: all of them where they are few, else the canonical families and samples.

use rustc_hash::FxHashSet;

use super::atom::{Atom, Sort};
use super::atom_set::AtomSet;
use crate::image::Ino;
use crate::rng::Rng;

/// How many states of one crash point are generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// A crash point with at most this many legal states is enumerated in full.
    pub exhaustive: u32,
    /// Seeded samples beyond the canonical families, where it has more.
    pub samples: u32,
}

/// Generates choices of atoms, each closed under what persists before, no choice twice. Returns whether it gave all there are.
pub(super) fn choices(
    atoms: &[Atom],
    bounds: Bounds,
    rng: &mut Rng,
    out: &mut Vec<AtomSet>,
) -> bool {
    if exhaustive(atoms, bounds.exhaustive as usize, out) {
        return true;
    }
    out.clear();
    let mut seen = FxHashSet::default();
    let closer = Closer::of(atoms);
    let mut keep = |set: AtomSet| {
        let set = closer.close(set);
        if seen.insert(set) {
            out.push(set);
        }
    };
    families(atoms, &mut keep);
    for _ in 0..bounds.samples {
        keep(sample(atoms, rng));
    }
    false
}

/// Every closed choice, unless there are more than `max`.
fn exhaustive(atoms: &[Atom], max: usize, out: &mut Vec<AtomSet>) -> bool {
    out.clear();
    out.push(AtomSet::EMPTY);
    let interrupted = interrupted(atoms);
    // Atom by atom: every closed choice of the earlier ones, without it and, where all before it is there, with it.
    for (position, atom) in atoms.iter().enumerate() {
        for index in 0..out.len() {
            let mut with = out[index];
            let is_second =
                atom.sort == Sort::Interrupted && !with.intersection(interrupted).is_empty();
            if atom.before.is_subset(&with) && !is_second {
                if out.len() >= max {
                    return false;
                }
                with.insert(position);
                out.push(with);
            }
        }
    }
    true
}

/// The atoms of interrupted writes.
fn interrupted(atoms: &[Atom]) -> AtomSet {
    select(atoms, |atom| atom.sort == Sort::Interrupted)
}

/// Makes choices closed.
struct Closer<'a> {
    atoms: &'a [Atom],
    interrupted: AtomSet,
    /// The atoms that persist only after others.
    waiting: AtomSet,
}

impl<'a> Closer<'a> {
    fn of(atoms: &'a [Atom]) -> Self {
        Self {
            atoms,
            interrupted: interrupted(atoms),
            waiting: select(atoms, |atom| !atom.before.is_empty()),
        }
    }

    /// Drops what lacks something that persists before it, and all interrupted writes but the last.
    fn close(&self, set: AtomSet) -> AtomSet {
        let mut kept = set;
        let interrupted = set.intersection(self.interrupted);
        if let Some(last) = interrupted.iter().last() {
            kept = kept.difference(interrupted);
            kept.insert(last);
        }
        for position in set.intersection(self.waiting).iter() {
            if !self.atoms[position].before.is_subset(&kept) {
                kept.remove(position);
            }
        }
        kept
    }
}

/// Everything but damage, and what that waits for.
pub(super) fn undamaged(atoms: &[Atom]) -> AtomSet {
    let mut set = AtomSet::EMPTY;
    for (position, atom) in atoms.iter().enumerate() {
        if !atom.is_damage() {
            set = set.union(atom.before);
            set.insert(position);
        }
    }
    set
}

fn select(atoms: &[Atom], wanted: impl Fn(&Atom) -> bool) -> AtomSet {
    atoms
        .iter()
        .enumerate()
        .filter(|(_, atom)| wanted(atom))
        .fold(AtomSet::EMPTY, |mut set, (position, _)| {
            set.insert(position);
            set
        })
}

/// The states that find most bugs, cheapest first: none, all, every prefix, all but one, only one, by kind, by file, by directory,
/// and each write torn in the middle.
fn families(atoms: &[Atom], keep: &mut dyn FnMut(AtomSet)) {
    let all = undamaged(atoms);
    keep(AtomSet::EMPTY);
    keep(all);
    for count in (1..atoms.len()).rev() {
        keep(AtomSet::first(count).intersection(all));
    }
    for (position, atom) in atoms.iter().enumerate() {
        let mut with = all;
        with.insert(position);
        keep(with);
        let mut without = all;
        without.remove(position);
        keep(without);
        let mut only = atom.before;
        only.insert(position);
        keep(only);
    }
    let names = select(atoms, Atom::has_names);
    let data = select(atoms, Atom::has_data);
    let sizes = select(atoms, Atom::has_size);
    let exposed = select(atoms, |atom| atom.sort == Sort::Exposed);
    for set in [names, data, sizes] {
        keep(set);
        keep(all.difference(set));
    }
    if !exposed.is_empty() {
        keep(all.union(exposed));
        keep(all.difference(data).union(exposed));
        keep(sizes.union(exposed));
    }
    let mut files: Vec<Ino> = Vec::new();
    let mut dirs: Vec<Ino> = Vec::new();
    for atom in atoms {
        for change in &atom.changes {
            files.extend(change.file().filter(|ino| !files.contains(ino)));
        }
        for (dir, _, _) in atom.names() {
            if !dirs.contains(&dir) {
                dirs.push(dir);
            }
        }
    }
    for ino in files {
        let touching = select(atoms, |atom| atom.touches_file(ino));
        keep(touching);
        keep(touching.union(names));
        keep(all.difference(touching));
    }
    for ino in dirs {
        let touching = select(atoms, |atom| atom.touches_dir(ino));
        keep(touching);
        keep(all.difference(touching));
    }
    tears(atoms, all, keep);
}

/// Each operation with pieces: its first half alone, its second half alone, on top of everything else.
fn tears(atoms: &[Atom], all: AtomSet, keep: &mut dyn FnMut(AtomSet)) {
    let mut start = 0;
    while start < atoms.len() {
        let entry = atoms[start].entry;
        let end = start
            + atoms[start..]
                .iter()
                .take_while(|atom| atom.entry == entry && atom.has_data())
                .count();
        if end <= start + 1 {
            start = end.max(start + 1);
            continue;
        }
        for cut in start + 1..end {
            let head = AtomSet::first(cut).difference(AtomSet::first(start));
            let tail = AtomSet::first(end).difference(AtomSet::first(cut));
            keep(all.difference(head));
            keep(all.difference(tail));
        }
        start = end;
    }
}

/// A random choice: half of the time near the end of the log, where most bugs are.
fn sample(atoms: &[Atom], rng: &mut Rng) -> AtomSet {
    let count = atoms.len();
    let settled = if rng.ratio(1, 2) {
        count.saturating_sub(1 + rng.below(8) as usize)
    } else {
        rng.below(count as u64 + 1) as usize
    };
    let mut set = if rng.ratio(3, 4) {
        AtomSet::first(settled)
    } else {
        AtomSet::EMPTY
    };
    for position in settled..count {
        if rng.ratio(1, 2) {
            set.insert(position);
        }
    }
    // One hole among the older ones.
    if settled > 0 && rng.ratio(1, 4) {
        set.remove(rng.below(settled as u64) as usize);
    }
    set
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    /// Atoms with the given orders, each closed under what is before.
    fn atoms(orders: &[Vec<usize>]) -> Vec<Atom> {
        let mut atoms: Vec<Atom> = Vec::new();
        for (position, order) in orders.iter().enumerate() {
            let mut before = AtomSet::EMPTY;
            for &earlier in order.iter().filter(|&&earlier| earlier < position) {
                before = before.union(atoms[earlier].before);
                before.insert(earlier);
            }
            atoms.push(Atom {
                sort: Sort::Change,
                changes: Vec::new(),
                before,
                journalled: false,
                marked_clean: false,
                held: crate::crash::holder::Holder::Client,
                entry: position as u32,
            });
        }
        atoms
    }

    fn is_closed(atoms: &[Atom], set: AtomSet) -> bool {
        set.iter()
            .all(|position| atoms[position].before.is_subset(&set))
    }

    proptest! {
        /// Held to the definition: filter all subsets by closedness.
        #[test]
        fn exhaustive_gives_every_closed_set_once(
            orders in prop::collection::vec(prop::collection::vec(0_usize..10, 0..3), 0..10)
        ) {
            let atoms = atoms(&orders);
            let mut got = Vec::new();
            let complete = choices(&atoms, Bounds { exhaustive: 1 << 10, samples: 0 }, &mut crate::rng::Rng::stream(0, "test"), &mut got);
            prop_assert!(complete);
            let mut wanted = BTreeSet::new();
            for bits in 0_u32..1 << atoms.len() {
                let set = (0..atoms.len())
                    .filter(|position| bits >> position & 1 == 1)
                    .fold(AtomSet::EMPTY, |set, position| set.union(AtomSet::one(position)));
                if is_closed(&atoms, set) {
                    wanted.insert(set);
                }
            }
            prop_assert_eq!(got.len(), wanted.len());
            prop_assert_eq!(got.into_iter().collect::<BTreeSet<_>>(), wanted);
        }

        #[test]
        fn families_and_samples_are_legal(
            orders in prop::collection::vec(prop::collection::vec(0_usize..40, 0..3), 12..40)
        ) {
            let atoms = atoms(&orders);
            let mut got = Vec::new();
            choices(&atoms, Bounds { exhaustive: 4, samples: 32 }, &mut crate::rng::Rng::stream(0, "test"), &mut got);
            prop_assert!(got.iter().all(|&set| is_closed(&atoms, set)));
            prop_assert!(got.contains(&AtomSet::EMPTY));
            prop_assert!(got.contains(&AtomSet::first(atoms.len())));
        }
    }
}
