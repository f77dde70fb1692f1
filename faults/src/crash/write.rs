//! What a profile says of data: how a write is torn, and what allocated sectors show until it has reached them.

use std::ops::Range;
use std::sync::Arc;

use super::atom::{Atom, Sort};
use super::atom_set::AtomSet;
use super::pieces::{BLOCK_BYTES, BLOCK_SECTORS, PIECES_MAX, pieces};
use super::rules::Cutter;
use crate::image::{Ino, SECTOR, Sector};
use crate::log::MicroOp;
use crate::profile::{Exposure, Tear};

/// Most sectors of one operation that show garbage each on its own. Of more, as many runs do.
const EXPOSED_MAX: usize = 4;

/// Sectors of reserved space that show garbage: those that a store writes or reads first.
const RESERVED_MAX: u64 = 64;

impl Cutter<'_> {
    pub(super) fn cut_data(
        &self,
        ino: Ino,
        first: u64,
        sectors: &[Arc<Sector>],
        atoms: &mut Vec<Atom>,
    ) {
        let range = first..first + sectors.len() as u64;
        let exposed = self.unwritten(ino, range.clone());
        let is_each = exposed.len() <= EXPOSED_MAX;
        if !is_each {
            self.expose(ino, &exposed, atoms);
        }
        let in_order = matches!(self.profile.tear, Tear::SectorPrefix | Tear::BlockPrefix);
        let mut earlier = AtomSet::EMPTY;
        for piece in self.torn(&range) {
            let mut before = self.reused(ino, piece.start);
            if in_order {
                before = before.union(earlier);
            }
            if is_each {
                // A sector is allocated before it is written, so it shows zeros, garbage or the data, and none of them twice.
                let start = atoms.len();
                let inside: Vec<u64> = exposed
                    .iter()
                    .copied()
                    .filter(|index| piece.contains(index))
                    .collect();
                self.expose(ino, &inside, atoms);
                for position in start..atoms.len() {
                    before.insert(self.pending.len() + position);
                }
            }
            let held = (piece.start - first) as usize..(piece.end - first) as usize;
            let data = MicroOp::Data {
                ino,
                first: piece.start,
                sectors: sectors[held].to_vec(),
            };
            earlier = earlier.union(before);
            earlier.insert(self.pending.len() + atoms.len());
            atoms.push(self.atom(vec![data], before, false));
        }
    }

    /// The pieces of a write that persist whole.
    fn torn(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        match self.profile.tear {
            Tear::None => vec![range.clone()],
            Tear::BlockPrefix | Tear::AnyBlocks => pieces(range, BLOCK_SECTORS, PIECES_MAX),
            Tear::SectorPrefix | Tear::AnySectors => pieces(range, 1, PIECES_MAX),
        }
    }

    /// Reserved space shows what the disk held there, where the profile lets it.
    pub(super) fn cut_allocation(
        &self,
        range: Option<(u64, u64)>,
        changes: &[&MicroOp],
        atoms: &mut Vec<Atom>,
    ) {
        let Some((offset, len)) = range else { return };
        let first = offset / SECTOR as u64;
        let sectors = first
            ..(offset + len)
                .div_ceil(SECTOR as u64)
                .min(first + RESERVED_MAX);
        for change in changes {
            if let MicroOp::Size { ino, .. } = change {
                self.expose(*ino, &self.unwritten(*ino, sectors.clone()), atoms);
            }
        }
    }

    /// The sectors of a range that the file gets now, if they may show what the disk held there before.
    ///
    /// The profiles for which that is so know no blocks, so a sector that was not written is one that was not there.
    fn unwritten(&self, ino: Ino, range: Range<u64>) -> Vec<u64> {
        if self.profile.extend_exposes != Exposure::Garbage {
            return Vec::new();
        }
        let content = self.volatile.file(ino);
        let is_absent =
            |index: &u64| content.is_none_or(|content| content.sector(*index).is_none());
        range.filter(is_absent).collect()
    }

    /// Lets sectors show what the disk held there: each on its own, or in runs if they are many.
    fn expose(&self, ino: Ino, sectors: &[u64], atoms: &mut Vec<Atom>) {
        let step = sectors.len().div_ceil(EXPOSED_MAX).max(1);
        for run in sectors.chunks(step) {
            let garbage = run
                .chunk_by(|a, b| a + 1 == *b)
                .map(|run| MicroOp::Garbage {
                    ino,
                    first: run[0],
                    count: run.len() as u64,
                });
            let atom = self.atom(garbage.collect(), AtomSet::EMPTY, false);
            atoms.push(Atom {
                sort: Sort::Exposed,
                ..atom
            });
        }
    }

    /// Data in a block that a pending cut has freed goes into another block, which the file has only once the cut is committed:
    /// freed blocks are not used again before that.
    fn reused(&self, ino: Ino, first: u64) -> AtomSet {
        if !self.profile.truncate_atomic || !self.profile.reuse_waits_for_commit {
            return AtomSet::EMPTY;
        }
        let block = first / BLOCK_SECTORS * BLOCK_BYTES;
        self.after(|atom| {
            atom.changes.iter().any(|change| {
                matches!(change, MicroOp::Zero { ino: of, from } if *of == ino && *from <= block)
            })
        })
    }
}
