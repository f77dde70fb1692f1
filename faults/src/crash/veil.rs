//! What hides garbage.

use super::atom::Atom;
use super::atom_set::AtomSet;
use crate::log::MicroOp;

/// The atoms that together hide an atom of garbage: the data of its operation. None if there is none, or not for all of it.
pub(super) fn veil(atoms: &[Atom], position: usize) -> Option<AtomSet> {
    let garbage = &atoms[position];
    let mut by = AtomSet::EMPTY;
    let mut hidden = 0;
    let mut whole = 0;
    for change in &garbage.changes {
        let MicroOp::Garbage { ino, first, count } = change else {
            return None;
        };
        whole += count;
        let rest = atoms.iter().enumerate().skip(position + 1);
        for (later, atom) in rest.take_while(|(_, atom)| atom.entry == garbage.entry) {
            if atom.is_damage() {
                continue;
            }
            let written = atom.changes.iter().filter_map(MicroOp::new_sectors);
            for data in written.filter(|data| data.ino == *ino) {
                let end = data.end().min(first + count);
                let start = data.first.max(*first);
                if start < end {
                    hidden += end - start;
                    by.insert(later);
                }
            }
        }
    }
    (hidden == whole).then_some(by)
}
