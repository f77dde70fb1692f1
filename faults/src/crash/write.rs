//! What a profile says of data: how a write is torn, and what allocated sectors show until it has reached them.

use std::ops::Range;

use super::atom::{Atom, Sort};
use super::atom_set::AtomSet;
use super::pieces::{BLOCK_BYTES, BLOCK_SECTORS, PIECES_MAX, pieces, thirds};
use super::rules::Cutter;
use crate::image::{Ino, SECTOR, Sector};
use crate::log::{MicroOp, NewSectors};
use crate::profile::{Exposure, Interrupted, Tear};

/// Most sectors of one operation that show garbage each on its own. Of more, as many runs do.
const EXPOSED_MAX: usize = 4;

/// Sectors of reserved space that show garbage: those that a store writes or reads first.
const RESERVED_MAX: u64 = 64;

/// Most pieces of one write at which the power may fail, half of them at each end of it.
const INTERRUPTED_MAX: usize = 4;

/// New content of sectors of a file.
pub(super) struct Written<'a> {
    pub(super) new: NewSectors<'a>,
    /// The bytes that were written; the rest of the sectors is what the page cache held.
    pub(super) bytes: Range<u64>,
    /// Whether sectors that the file did not hold are allocated for it.
    pub(super) allocates: bool,
}

impl<'a> Written<'a> {
    /// What a change of data writes, in a range of bytes if that is known.
    pub(super) fn of(change: &'a MicroOp, range: Option<(u64, u64)>, allocates: bool) -> Self {
        let Some(new) = change.new_sectors() else {
            unreachable!("only data is written");
        };
        let (start, end) = new.bytes();
        Self {
            new,
            bytes: range.map_or(start..end, |(offset, len)| offset..offset + len),
            allocates,
        }
    }
}

impl Cutter<'_> {
    pub(super) fn cut_data(&self, written: &Written<'_>, atoms: &mut Vec<Atom>) {
        let new = written.new;
        let ino = new.ino;
        let range = new.first..new.end();
        let exposed = if written.allocates {
            self.unwritten(ino, range.clone())
        } else {
            Vec::new()
        };
        let is_each = exposed.len() <= EXPOSED_MAX;
        if !is_each {
            self.expose(ino, &exposed, atoms);
        }
        let in_order = matches!(self.profile.tear, Tear::SectorPrefix | Tear::BlockPrefix);
        let mut earlier = AtomSet::EMPTY;
        let pieces = self.torn(&range);
        for (number, piece) in pieces.iter().enumerate() {
            let mut before = self
                .reused(ino, piece.start)
                .union(self.same_unit(ino, piece));
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
            let data = new.part(piece.clone());
            let mut with = before;
            with.insert(self.pending.len() + atoms.len());
            earlier = earlier.union(with);
            atoms.push(self.atom(vec![data], before, false));
            let is_head = number < INTERRUPTED_MAX / 2;
            if is_head || number + INTERRUPTED_MAX / 2 >= pieces.len() {
                let unit = self.unit();
                let start = if is_head { piece.start } else { piece.end - 1 } / unit * unit;
                self.interrupt(written, &(start..start + unit), with, atoms);
            }
        }
    }

    /// Sectors that the disk writes whole.
    fn unit(&self) -> u64 {
        self.profile.atomic_unit.bytes() / SECTOR as u64
    }

    /// Sectors that a write is torn at, if it is.
    fn torn_unit(&self) -> Option<u64> {
        match self.profile.tear {
            Tear::None => None,
            Tear::BlockPrefix | Tear::AnyBlocks => Some(BLOCK_SECTORS),
            Tear::SectorPrefix | Tear::AnySectors | Tear::Thirds => Some(self.unit()),
        }
    }

    /// The pieces of a write that persist whole.
    fn torn(&self, range: &Range<u64>) -> Vec<Range<u64>> {
        match self.torn_unit() {
            None => vec![range.clone()],
            Some(unit) if self.profile.tear == Tear::Thirds => thirds(range, unit),
            Some(unit) => pieces(range, unit, PIECES_MAX),
        }
    }

    /// Pending data in the same units: the page cache writes a unit as it is by then, earlier writes to it included.
    fn same_unit(&self, ino: Ino, piece: &Range<u64>) -> AtomSet {
        let Some(unit) = self.torn_unit().filter(|&unit| unit > 1) else {
            return AtomSet::EMPTY;
        };
        let from = piece.start / unit * unit * SECTOR as u64;
        let to = piece.end.div_ceil(unit) * unit * SECTOR as u64;
        self.after(|atom| atom.has_data_in(ino, from, to))
    }

    /// Lets the power fail while a unit is written: what was to be written there is garbage, or what surrounds it, or both, as the
    /// profile says. `with` is the data that the unit has got, and what it waits for.
    fn interrupt(
        &self,
        written: &Written<'_>,
        unit: &Range<u64>,
        with: AtomSet,
        atoms: &mut Vec<Atom>,
    ) {
        let hits = |inside: bool, outside: bool| {
            self.damaged(written, unit, |byte| {
                if written.bytes.contains(&byte) {
                    inside
                } else {
                    outside
                }
            })
        };
        let mut kinds = Vec::new();
        if self.profile.interrupted_sector == Interrupted::Garbage {
            kinds.push(hits(true, false));
        }
        if !self.profile.powersafe_overwrite {
            kinds.push(hits(false, true));
        }
        if kinds.len() == 2 && kinds.iter().all(|changes| !changes.is_empty()) {
            kinds.push(hits(true, true));
        }
        for changes in kinds.into_iter().filter(|changes| !changes.is_empty()) {
            let atom = self.atom(changes, with, false);
            atoms.push(Atom {
                sort: Sort::Interrupted,
                ..atom
            });
        }
    }

    /// The sectors of a unit in which some bytes are garbage, the others as the write leaves them.
    fn damaged(
        &self,
        written: &Written<'_>,
        unit: &Range<u64>,
        is_hit: impl Fn(u64) -> bool,
    ) -> Vec<MicroOp> {
        let new = written.new;
        let old = self.volatile.file(new.ino);
        let len = old
            .map_or(0, |content| content.len())
            .max(written.bytes.end);
        let mut changes = Vec::new();
        for index in unit.clone() {
            let start = index * SECTOR as u64;
            let hit: Vec<bool> = (start..start + SECTOR as u64)
                .map(|byte| byte < len && is_hit(byte))
                .collect();
            if !hit.contains(&true) {
                continue;
            }
            let now = index
                .checked_sub(new.first)
                .and_then(|place| new.sectors.get(place as usize));
            let now = now.or_else(|| old.and_then(|content| content.sector(index)));
            let mut bytes = now.map_or([0; SECTOR], |sector| *sector.bytes());
            let garbage = Sector::garbage(new.ino.0, index);
            for (place, _) in hit.iter().enumerate().filter(|(_, hit)| **hit) {
                bytes[place] = garbage.bytes()[place];
            }
            changes.push(MicroOp::Data {
                ino: new.ino,
                first: index,
                sectors: vec![Sector::new(bytes)],
            });
        }
        changes
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

    /// Data in a block that a pending cut has freed goes into another block, or the same one, that the file has only once the cut is
    /// committed. Whether the old file shows it before that is up to [`reuse`](super::reuse).
    fn reused(&self, ino: Ino, first: u64) -> AtomSet {
        if !self.profile.truncate_atomic {
            return AtomSet::EMPTY;
        }
        let block = first / BLOCK_SECTORS * BLOCK_BYTES;
        self.after(|atom| atom.cuts(ino, block))
    }
}
