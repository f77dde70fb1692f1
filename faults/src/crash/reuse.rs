//! Blocks that were freed and are written again before that is durable.
//!
//! A file system with one journal, but without an order between data and journal, may give a freed block to another place or file
//! at once. Until the transaction that freed it commits, the old file has its old length and, in that block, the new bytes.
//!
//! The blocks of a file that was removed while open are freed when it is closed (`orphans`). Until then what it holds may be written to
//! freed blocks as well; after that nobody writes it any more: the last close of a file without a name drops its pages
//! (`truncate_inode_pages_final`).
//!
//! **Not modelled**: blocks that were free already; a block that is torn on the way, or that goes to two places.

use std::ops::Range;
use std::sync::Arc;

use super::atom::{Atom, Sort};
use super::atom_set::AtomSet;
use super::holder::Holder;
use super::orphans::Orphans;
use super::pending::Pending;
use super::pieces::{BLOCK_BYTES, BLOCK_SECTORS};
use crate::image::{Image, Ino, SECTOR, Sector};
use crate::log::MicroOp;
use crate::profile::{Profile, ReplaceWaits};

/// Blocks of one file that are looked at when it is cut or removed: the first of them.
const FREED_MAX: usize = 8;

/// Most places in which new blocks of one operation may come to lie.
const PLACES_MAX: usize = 4;

/// Most such places that are pending at once.
const REUSED_MAX: usize = 24;

/// A block of a file, by position in the file.
type Block = (Ino, u64);

/// Whether freed blocks may be written again before that is durable.
pub(super) const fn may_reuse(profile: &Profile) -> bool {
    profile.truncate_atomic && !profile.reuse_waits_for_commit
}

/// Adds what freed blocks may show: of the new blocks that the `new` atoms write, in blocks that are being freed, and of those that are
/// to be written, in blocks that these atoms free. Returns whether there is anything.
pub(super) fn reuse(
    profile: &Profile,
    pending: &mut Pending,
    new: &Range<usize>,
    base: &Image,
    volatile: &Image,
    orphans: &Orphans,
) -> bool {
    if !may_reuse(profile) {
        return false;
    }
    let frees: Vec<(usize, Block)> = freed(&pending.atoms, base);
    if frees.is_empty() {
        return false;
    }
    let is_written = |ino| orphans.is_open(ino) || volatile.links(ino) > 0;
    let sources = sources(&pending.atoms, base, is_written);
    let mut room = REUSED_MAX.saturating_sub(
        pending
            .select(|atom| atom.sort == Sort::Reused)
            .iter()
            .count(),
    );
    room = room.min(PLACES_MAX);
    let mut reused: Vec<(usize, Atom)> = Vec::new();
    // First each new block in one freed block, then in the next: few blocks get all places, many get one each.
    for shift in 0..frees.len() {
        for (index, &(position, block)) in sources.iter().enumerate() {
            let (freed_by, place) = frees[(index + shift) % frees.len()];
            let is_new = new.contains(&position) || new.contains(&freed_by);
            if reused.len() < room
                && is_new
                && !has_blocks(profile, &pending.atoms, position, freed_by)
            {
                let entry = pending.atoms[position].entry;
                reused.push((freed_by, lies_in(place, block, volatile, entry)));
            }
        }
    }
    // From the newest place to the oldest, so that the positions stay what they were; in one place the newest content last.
    reused.sort_by_key(|(place, atom)| std::cmp::Reverse((*place, atom.entry)));
    let found = !reused.is_empty();
    for (place, atom) in reused {
        if pending.has_room() {
            pending.insert(place, atom);
        }
    }
    found
}

/// Whether the data of one atom has its blocks by the time when another frees some: a rename over a file that waits for the length
/// of the new one allocates its blocks first.
fn has_blocks(profile: &Profile, atoms: &[Atom], data: usize, freed_by: usize) -> bool {
    profile.rename_replace_waits != ReplaceWaits::Nothing
        && data < freed_by
        && atoms[freed_by]
            .names()
            .any(|(_, _, target)| target.is_some_and(|ino| atoms[data].touches_file(ino)))
}

/// Durable blocks that pending atoms free, with the atom.
fn freed(atoms: &[Atom], base: &Image) -> Vec<(usize, Block)> {
    let mut freed: Vec<(usize, Block)> = Vec::new();
    for (position, atom) in atoms.iter().enumerate() {
        for change in &atom.changes {
            let (ino, first) = match change {
                MicroOp::Zero { ino, from } => (*ino, from.div_ceil(BLOCK_BYTES)),
                MicroOp::Free { ino } => (*ino, 0),
                _ => continue,
            };
            let end = base
                .file(ino)
                .map_or(0, |content| content.len().div_ceil(BLOCK_BYTES));
            let blocks = (first..end)
                .filter(|&block| is_held(base, (ino, block)))
                .take(FREED_MAX);
            for block in blocks {
                // A block is freed once.
                if freed.iter().all(|(_, known)| *known != (ino, block)) {
                    freed.push((position, (ino, block)));
                }
            }
        }
    }
    freed
}

/// Blocks that pending data is to be written to and that are still to be allocated, each with the last atom that writes to it. Of a file
/// that has neither a name nor a handle nothing is written.
fn sources(atoms: &[Atom], base: &Image, is_written: impl Fn(Ino) -> bool) -> Vec<(usize, Block)> {
    let mut sources: Vec<(usize, Block)> = Vec::new();
    for (position, atom) in atoms
        .iter()
        .enumerate()
        // What a failed sync has marked clean is not written back any more: it gets no block that is freed after that.
        .filter(|(_, atom)| atom.sort == Sort::Change && !atom.marked_clean)
    {
        for data in atom.changes.iter().filter_map(MicroOp::new_sectors) {
            let ino = data.ino;
            for block in data.first / BLOCK_SECTORS..data.end().div_ceil(BLOCK_SECTORS) {
                if is_held(base, (ino, block))
                    && !atoms[..position]
                        .iter()
                        .any(|older| older.cuts(ino, block * BLOCK_BYTES))
                {
                    continue;
                }
                sources.retain(|(_, known)| *known != (ino, block));
                sources.push((position, (ino, block)));
            }
        }
    }
    let mut files: Vec<Ino> = sources.iter().map(|(_, (ino, _))| *ino).collect();
    files.sort_unstable();
    files.dedup();
    files.retain(|&ino| is_written(ino));
    sources.retain(|(_, (ino, _))| files.contains(ino));
    sources
}

/// Whether a block has anything on the disk.
fn is_held(base: &Image, (ino, block): Block) -> bool {
    let sectors = block * BLOCK_SECTORS..(block + 1) * BLOCK_SECTORS;
    base.file(ino).is_some_and(|content| {
        sectors
            .into_iter()
            .any(|index| content.sector(index).is_some())
    })
}

/// A block as the page cache has it, in a place that was freed. The place is gone once what freed it is durable.
fn lies_in((old, place): Block, (new, block): Block, volatile: &Image, entry: u32) -> Atom {
    let content = volatile.file(new);
    let sector = |index: u64| {
        let held = content.and_then(|content| content.sector(block * BLOCK_SECTORS + index));
        held.map_or_else(|| Sector::new([0; SECTOR]), Arc::clone)
    };
    Atom {
        sort: Sort::Reused,
        changes: vec![MicroOp::Data {
            ino: old,
            first: place * BLOCK_SECTORS,
            sectors: (0..BLOCK_SECTORS).map(sector).collect(),
        }],
        before: AtomSet::EMPTY,
        journalled: false,
        marked_clean: false,
        held: Holder::Client,
        entry,
    }
}
