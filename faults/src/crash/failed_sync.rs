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

/// The data of a sync counts as clean: no later sync writes it, although it may or may not have reached the disk. So does a length that
/// waits for the end of such data: a file grows on the disk when that was written (xfs, `xfs_end_ioend`). Nothing waits for either any
/// more. Returns whether anything had.
pub(super) fn mark_clean(atoms: &mut [Atom], scope: Scope, range: Option<(u64, u64)>) -> bool {
    let Some(ino) = file_of(scope) else {
        return false;
    };
    let mut failed = AtomSet::EMPTY;
    for (position, atom) in atoms.iter_mut().enumerate() {
        if is_covered(atom, ino, range) && !sets_length(atom) && !atom.has_names() {
            atom.marked_clean = true;
            failed.insert(position);
        }
    }
    for position in 0..atoms.len() {
        let before = atoms[position].before.intersection(failed);
        let waits_in_vain = ends_of(&atoms[position], ino).any(|end| {
            let mut data = before.iter();
            data.any(|data| atoms[data].fills(ino, end - 1, end))
        });
        atoms[position].marked_clean |= waits_in_vain;
    }
    release(atoms)
}

/// Where a file ends on its way to a new length: of each length that a write gave it.
fn ends_of(atom: &Atom, file: Ino) -> impl Iterator<Item = u64> {
    let is_growth = !atom.is_damage() && !atom.has_data() && !atom.has_names();
    let changes = atom.changes.iter().filter(move |_| is_growth);
    changes.filter_map(move |change| match change {
        MicroOp::Size { ino, len, change } if *ino == file && *change != SizeChange::Set => {
            Some((*len).max(1))
        }
        _ => None,
    })
}

/// Whether it changes a length in another way than that of data which a server adds to a file.
fn sets_length(atom: &Atom) -> bool {
    let mut changes = atom.changes.iter();
    changes.any(
        |change| matches!(change, MicroOp::Size { change, .. } if *change != SizeChange::AtLeast),
    )
}

/// Lets nothing but data wait for what counts as clean. Returns whether anything did.
fn release(atoms: &mut [Atom]) -> bool {
    let mut clean = AtomSet::EMPTY;
    for (position, atom) in atoms.iter().enumerate() {
        if atom.marked_clean {
            clean.insert(position);
        }
    }
    let mut found = false;
    for atom in atoms {
        let is_held = !atom.before.intersection(clean).is_empty();
        if is_held && !atom.marked_clean && !atom.is_damage() && !atom.has_data() {
            atom.before = atom.before.difference(clean);
            found = true;
        }
    }
    found
}

/// Whether an atom holds data of a file in a range, given as offset and length, or what shows there as long as it is not written.
fn is_covered(atom: &Atom, ino: Ino, range: Option<(u64, u64)>) -> bool {
    let (from, len) = range.unwrap_or((0, u64::MAX));
    let to = from.saturating_add(len);
    atom.fills(ino, from, to)
}

/// A write makes whole pages dirty: what counts as clean in them is written with it, and so is a length that ends there,
/// which does not wait for what still counts as clean. Returns whether it did.
pub(super) fn dirty_again(atoms: &mut [Atom], entry: &Entry) -> bool {
    if entry.kind != OpKind::Write || atoms.iter().all(|atom| !atom.marked_clean) {
        return false;
    }
    for data in entry.changes.iter().filter_map(MicroOp::new_sectors) {
        let (from, to) = data.bytes();
        let start = from / PAGE * PAGE;
        let end = to.div_ceil(PAGE) * PAGE;
        for atom in atoms.iter_mut().filter(|atom| atom.marked_clean) {
            let ends_there = ends_of(atom, data.ino).any(|len| len > start && len <= end);
            if ends_there || atom.fills(data.ino, start, end) {
                atom.marked_clean = false;
            }
        }
    }
    release(atoms)
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

/// Removes what went back to its state on disk: the data, and the lengths that writes had given the file beyond what was written of it.
/// What was cut or reserved is metadata, and stays; so does what a server has acknowledged.
pub(super) fn forget(base: &Image, atoms: &mut [Atom], reverted: &[MicroOp]) {
    for change in reverted {
        if let MicroOp::Size { ino, len, .. } = change {
            shorten(base, atoms, *ino, *len);
            continue;
        }
        for atom in atoms.iter_mut().filter(|atom| atom.held == Holder::Client) {
            supersede(atom, change);
        }
    }
}

/// Cuts the lengths that writes had given a file. Those up to `len` stay: the pages up to there were written, and it is as long as that.
fn shorten(base: &Image, atoms: &mut [Atom], file: Ino, len: u64) {
    let set = |change: &MicroOp| match change {
        MicroOp::Size {
            ino,
            len,
            change: SizeChange::Set,
        } if *ino == file => Some(*len),
        _ => None,
    };
    let changes = atoms.iter().flat_map(|atom| &atom.changes);
    let durable = || base.file(file).map_or(0, |content| content.len());
    let mut reached = changes.filter_map(set).next_back().unwrap_or_else(durable);
    for atom in atoms.iter_mut().filter(|atom| atom.held == Holder::Client) {
        atom.changes.retain_mut(|old| match old {
            MicroOp::Size {
                ino,
                len: old,
                change,
            } if *ino == file && *change != SizeChange::Set => {
                *old = len.min(*old);
                let is_longer = *old > reached;
                reached = reached.max(*old);
                is_longer
            }
            _ => true,
        });
    }
}

/// A length that another file's sync has made durable goes back as well. Returns whether there is one.
pub(super) fn settle(base: &mut Image, atoms: &[Atom], reverted: &[MicroOp]) -> bool {
    let mut found = false;
    for change in reverted {
        let MicroOp::Size { ino, len, .. } = change else {
            continue;
        };
        let is_pending = atoms
            .iter()
            .any(|atom| atom.touches_file(*ino) && atom.has_size());
        if !is_pending && base.file(*ino).is_some_and(|content| content.len() > *len) {
            base.apply(change);
            found = true;
        }
    }
    found
}
