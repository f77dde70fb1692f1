//! The pending atoms of one position, and what is done with the list of them.

use super::atom::{Atom, Sort};
use super::atom_set::{ATOMS_MAX, AtomSet};
use super::supersede::supersede;
use crate::image::{Image, Ino};
use crate::log::MicroOp;

/// How much the oldest atoms are thinned out when there are too many: neighbours among so many are merged.
const MERGED: usize = 128;

/// Which neighbours are merged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kinship {
    /// Atoms of one operation.
    Operation,
    /// Atoms that change one file.
    File,
    /// Any two that later syncs treat alike.
    Any,
    /// Any two. Where a failed sync has marked one of them clean, a sync that writes the other is taken to write both: it may have.
    Unlike,
}

/// Pending atoms, oldest first. Positions in the list are what [`AtomSet`]s hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    pub(super) atoms: Vec<Atom>,
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.atoms.len()
    }

    /// Whether another atom has room.
    pub(super) fn has_room(&self) -> bool {
        self.atoms.len() < ATOMS_MAX
    }

    pub(super) fn select(&self, wanted: impl Fn(&Atom) -> bool) -> AtomSet {
        let mut set = AtomSet::EMPTY;
        for (position, atom) in self.atoms.iter().enumerate() {
            if wanted(atom) {
                set.insert(position);
            }
        }
        set
    }

    /// Makes atoms durable for certain.
    pub(super) fn persist(&mut self, set: AtomSet, base: &mut Image) {
        for position in set.iter() {
            let changes = std::mem::take(&mut self.atoms[position].changes);
            // A sync settles what allocated sectors hold, and they never hold garbage then.
            if self.atoms[position].is_damage() {
                continue;
            }
            // Of those that persist with it, the older ones have nothing left.
            let left = AtomSet::first(position).difference(set);
            for change in &changes {
                base.apply(change);
                for older in left.iter() {
                    let older = &mut self.atoms[older];
                    supersede(older, change);
                    // The last name of a file is gone, and its blocks with it: nothing is written to them any more.
                    if let MicroOp::Free { ino } = change {
                        older.changes.retain(|change| change.file() != Some(*ino));
                    }
                }
            }
        }
        self.keep(|atom| !atom.is_spent());
    }

    /// Cuts an atom of names in two: what is added, then what is removed. Nothing depends on one without the other.
    pub(super) fn part(&mut self, position: usize) {
        let mut removed = self.atoms[position].clone();
        let is_removal = |change: &MicroOp| matches!(change, MicroOp::Name { target: None, .. });
        removed.changes.retain(is_removal);
        // The log may hold the removal too, ahead of the transaction.
        removed.before = AtomSet::EMPTY;
        self.atoms[position]
            .changes
            .retain(|change| !is_removal(change));
        self.insert(position + 1, removed);
        for atom in &mut self.atoms[position + 2..] {
            if atom.before.contains(position) {
                atom.before.insert(position + 1);
            }
        }
    }

    /// Puts an atom that waits for nothing in a place.
    pub(super) fn insert(&mut self, place: usize, atom: Atom) {
        let to: Vec<Option<usize>> = (0..self.atoms.len())
            .map(|old| Some(old + usize::from(old >= place)))
            .collect();
        self.renumber(&to);
        self.atoms.insert(place, atom);
    }

    /// Drops atoms and renumbers the rest.
    pub(super) fn keep(&mut self, wanted: impl Fn(&Atom) -> bool) {
        // What was written is durable in a place of its own: what freed the other place is durable too then.
        let is_settled = |reused: &Atom| {
            let is_source = |atom: &Atom| {
                atom.sort == Sort::Change && atom.entry == reused.entry && atom.has_data()
            };
            reused.sort == Sort::Reused
                && !self
                    .atoms
                    .iter()
                    .any(|atom| is_source(atom) && wanted(atom))
        };
        let mut to = vec![None; self.atoms.len()];
        let mut count = 0;
        for (position, atom) in self.atoms.iter().enumerate() {
            // A write that has ended, or whose data is overwritten, is not interrupted any more.
            let is_over = atom.sort == Sort::Interrupted
                && atom.interrupted().is_none_or(|data| to[data].is_none());
            if wanted(atom) && !is_over && !is_settled(atom) {
                to[position] = Some(count);
                count += 1;
            }
        }
        self.renumber(&to);
        let mut position = 0;
        self.atoms.retain(|_| {
            position += 1;
            to[position - 1].is_some()
        });
    }

    fn renumber(&mut self, to: &[Option<usize>]) {
        for (position, atom) in self.atoms.iter_mut().enumerate() {
            let mut before = AtomSet::EMPTY;
            for old in atom.before.iter() {
                if let Some(new) = to[old]
                    && to[position] != Some(new)
                {
                    before.insert(new);
                }
            }
            atom.before = before;
        }
    }

    /// Makes room: while there is little, drops the oldest damage and merges the oldest neighbours, first those of one operation,
    /// then those of one file. Fewer states are explored then, and each of them is still legal. Returns whether anything changed.
    pub(super) fn make_room(&mut self) -> bool {
        let mut changed = false;
        while self.atoms.len() > ATOMS_MAX - MERGED / 2 {
            changed = true;
            if self.drop_damage() {
                continue;
            }
            let kinships = [
                Kinship::Operation,
                Kinship::File,
                Kinship::Any,
                Kinship::Unlike,
            ];
            let merged = kinships.into_iter().any(|kinship| self.merge(kinship));
            assert!(merged, "neighbours that can be merged exist");
        }
        changed
    }

    /// Drops the damage among the oldest atoms.
    fn drop_damage(&mut self) -> bool {
        let count = self.atoms.len();
        for atom in &mut self.atoms[..MERGED] {
            if atom.is_damage() {
                atom.changes.clear();
            }
        }
        self.keep(|atom| !atom.is_spent());
        self.atoms.len() < count
    }

    /// Merges the oldest atoms with their neighbours, in pairs.
    fn merge(&mut self, kinship: Kinship) -> bool {
        let mut to: Vec<Option<usize>> = Vec::with_capacity(self.atoms.len());
        let mut count = 0;
        let mut position = 0;
        while position < self.atoms.len() {
            to.push(Some(count));
            let atom = &self.atoms[position];
            let pair = self.atoms.get(position + 1).is_some_and(|next| {
                position + 1 < MERGED
                    && (next.marked_clean == atom.marked_clean || kinship == Kinship::Unlike)
                    && next.sort == Sort::Change
                    && atom.sort == Sort::Change
                    && match kinship {
                        Kinship::Operation => next.entry == atom.entry,
                        Kinship::File => files(atom).any(|ino| next.touches_file(ino)),
                        Kinship::Any | Kinship::Unlike => true,
                    }
            });
            if pair {
                to.push(Some(count));
                position += 1;
            }
            position += 1;
            count += 1;
        }
        if count == self.atoms.len() {
            return false;
        }
        self.renumber(&to);
        let mut merged: Vec<Atom> = Vec::with_capacity(count);
        for (position, atom) in std::mem::take(&mut self.atoms).into_iter().enumerate() {
            let target = to[position].expect("every atom has a place");
            if let Some(first) = merged.get_mut(target) {
                first.changes.extend(atom.changes);
                first.before = first.before.union(atom.before);
                first.journalled |= atom.journalled;
                first.marked_clean &= atom.marked_clean;
                first.held = first.held.and(atom.held);
            } else {
                merged.push(atom);
            }
        }
        self.atoms = merged;
        true
    }
}

fn files(atom: &Atom) -> impl Iterator<Item = Ino> {
    atom.changes.iter().filter_map(MicroOp::file)
}
