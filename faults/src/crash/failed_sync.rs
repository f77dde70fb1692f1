//! What a failed sync leaves pending.

use super::atom::Atom;
use super::atom_set::{ATOMS_MAX, AtomSet};
use super::holder::Holder;
use super::supersede::supersede;
use crate::image::{Image, Ino};
use crate::log::{Entry, MicroOp, Scope, SizeChange};
use crate::op_kind::OpKind;

/// Bytes in a page: what memory knows as clean or dirty.
const PAGE: u64 = 4096;

/// The file that a sync is about.
const fn file_of(scope: Scope) -> Option<Ino> {
    match scope {
        Scope::File(ino) | Scope::FileData(ino) => Some(ino),
        _ => None,
    }
}

/// The data of a sync counts as clean: no later sync writes it, although it may or may not have reached the disk.
pub(super) fn mark_clean(atoms: &mut [Atom], scope: Scope, range: Option<(u64, u64)>) {
    let Some(ino) = file_of(scope) else { return };
    for atom in atoms {
        if is_covered(atom, ino, range) && !atom.has_size() && !atom.has_names() {
            atom.marked_clean = true;
        }
    }
}

/// Whether an atom holds data of a file in a range, given as offset and length, or what shows there as long as it is not written.
fn is_covered(atom: &Atom, ino: Ino, range: Option<(u64, u64)>) -> bool {
    let (from, len) = range.unwrap_or((0, u64::MAX));
    let to = from.saturating_add(len);
    atom.fills(ino, from, to)
}

/// A write makes whole pages dirty: what counts as clean in them is written with it.
pub(super) fn dirty_again(atoms: &mut [Atom], entry: &Entry) {
    if entry.kind != OpKind::Write || atoms.iter().all(|atom| !atom.marked_clean) {
        return;
    }
    for data in entry.changes.iter().filter_map(MicroOp::new_sectors) {
        let (from, to) = data.bytes();
        let start = from / PAGE * PAGE;
        let end = to.div_ceil(PAGE) * PAGE;
        for atom in atoms.iter_mut() {
            if atom.marked_clean && atom.fills(data.ino, start, end) {
                atom.marked_clean = false;
            }
        }
    }
}

/// Cuts what a sync did not write into sectors: the order within a write, and its unit, hold no longer. Returns whether anything was
/// cut. Where there is no room for the pieces, fewer states are looked at than there are.
pub(super) fn shatter(atoms: &mut Vec<Atom>, scope: Scope, range: Option<(u64, u64)>) -> bool {
    let Some(ino) = file_of(scope) else {
        return false;
    };
    let is_hit = |atom: &Atom| {
        !atom.is_damage() && is_covered(atom, ino, range) && !atom.has_size() && !atom.has_names()
    };
    let sectors = |atom: &Atom| -> usize { atom.changes.iter().map(count).sum() };
    let pieces: usize = atoms
        .iter()
        .map(|atom| if is_hit(atom) { sectors(atom) } else { 1 })
        .sum();
    if pieces > ATOMS_MAX || pieces == atoms.len() {
        return false;
    }
    let mut places: Vec<AtomSet> = Vec::with_capacity(atoms.len());
    let mut cut: Vec<Atom> = Vec::with_capacity(pieces);
    for mut atom in std::mem::take(atoms) {
        let mut before = AtomSet::EMPTY;
        for old in atom.before.iter() {
            before = before.union(places[old]);
        }
        let start = cut.len();
        if is_hit(&atom) {
            for change in std::mem::take(&mut atom.changes)
                .into_iter()
                .flat_map(single)
            {
                cut.push(Atom {
                    changes: vec![change],
                    before: AtomSet::EMPTY,
                    ..atom.clone()
                });
            }
        } else {
            cut.push(Atom { before, ..atom });
        }
        let mut place = AtomSet::EMPTY;
        for position in start..cut.len() {
            place.insert(position);
        }
        places.push(place);
    }
    *atoms = cut;
    true
}

fn count(change: &MicroOp) -> usize {
    match change {
        MicroOp::Data { sectors, .. } => sectors.len(),
        _ => 1,
    }
}

/// A change as changes of one sector each.
fn single(change: MicroOp) -> Vec<MicroOp> {
    match change {
        MicroOp::Data {
            ino,
            first,
            sectors,
        } => sectors
            .into_iter()
            .enumerate()
            .map(|(index, sector)| MicroOp::Data {
                ino,
                first: first + index as u64,
                sectors: vec![sector],
            })
            .collect(),
        other => vec![other],
    }
}

/// Removes what went back to its state on disk: the data, and the lengths that writes had given the file. What was cut or reserved
/// is metadata, and stays; so does what a server has acknowledged.
pub(super) fn forget(atoms: &mut [Atom], reverted: &[MicroOp]) {
    for change in reverted {
        for atom in atoms.iter_mut().filter(|atom| atom.held == Holder::Client) {
            match change {
                MicroOp::Size { ino, .. } => atom.changes.retain(|old| {
                    !matches!(
                        old,
                        MicroOp::Size { ino: of, change, .. }
                            if of == ino && *change != SizeChange::Set
                    )
                }),
                newer => supersede(atom, newer),
            }
        }
    }
}

/// A length that another file's sync has made durable goes back as well.
pub(super) fn settle(base: &mut Image, atoms: &[Atom], reverted: &[MicroOp]) {
    for change in reverted {
        let MicroOp::Size { ino, len, .. } = change else {
            continue;
        };
        let is_pending = atoms
            .iter()
            .any(|atom| atom.touches_file(*ino) && atom.has_size());
        if !is_pending && base.file(*ino).is_some_and(|content| content.len() > *len) {
            base.apply(change);
        }
    }
}
