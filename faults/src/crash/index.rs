//! Which pending atoms change what.

use super::atom::{Atom, Sort};
use super::atom_set::AtomSet;
use super::pending::Pending;
use super::veil::veil;
use crate::image::Ino;

/// Found out when it is asked for: most positions of a log are only passed.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    is_current: bool,
    /// The atoms that change names.
    pub(super) naming: AtomSet,
    /// The atoms that change each file with pending content, in the order of the first of them.
    pub(super) touching: Vec<(Ino, AtomSet)>,
    /// The atoms of garbage that nothing can be seen of once others are there, with these.
    pub(super) veiled: Vec<(usize, AtomSet)>,
}

impl Index {
    /// What is pending has changed.
    pub(super) const fn outdate(&mut self) {
        self.is_current = false;
    }

    /// Brings it up to what is pending.
    pub(super) fn refresh(&mut self, pending: &Pending) {
        if self.is_current {
            return;
        }
        self.is_current = true;
        self.naming = pending.select(Atom::has_names);
        self.touching.clear();
        for (position, atom) in pending.atoms.iter().enumerate() {
            for change in &atom.changes {
                let Some(ino) = change.file() else { continue };
                match self.touching.iter_mut().find(|(file, _)| *file == ino) {
                    Some((_, set)) => set.insert(position),
                    None => {
                        let mut set = AtomSet::EMPTY;
                        set.insert(position);
                        self.touching.push((ino, set));
                    }
                }
            }
        }
        self.veiled.clear();
        self.veiled.extend(veiled(&pending.atoms));
    }
}

/// The atoms of garbage that others hide, with these.
pub(super) fn veiled(atoms: &[Atom]) -> impl Iterator<Item = (usize, AtomSet)> {
    let exposed = |&(_, atom): &(usize, &Atom)| atom.sort == Sort::Exposed;
    atoms
        .iter()
        .enumerate()
        .filter(exposed)
        .filter_map(|(position, _)| veil(atoms, position).map(|by| (position, by)))
}
