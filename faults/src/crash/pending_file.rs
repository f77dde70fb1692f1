//! The pending content of one file, arranged so that a choice is hashed in one pass.

use std::sync::Arc;

use super::atom::Atom;
use super::atom_set::AtomSet;
use crate::image::{Content, Ino, Sector};
use crate::log::MicroOp;

/// What the atoms of a file write, sector by sector.
#[derive(Debug, Default)]
pub(super) struct PendingFile {
    /// In order of sectors, and for each the newest first, garbage last.
    writes: Vec<SectorWrite>,
    /// Atoms that set the length, oldest first, and to what.
    lengths: Vec<(usize, u64)>,
    /// Atoms that do more than write and set the length.
    others: AtomSet,
    /// The atoms taken in so far.
    known: AtomSet,
}

/// A sector that an atom writes.
#[derive(Debug)]
struct SectorWrite {
    index: u64,
    /// Of the atom.
    position: usize,
    /// Whether nobody wrote it: it shows only where no data was ever put.
    is_garbage: bool,
    /// What it changes in the sum of the durable content.
    delta: u128,
    sector: Arc<Sector>,
}

impl PendingFile {
    pub(super) fn clear(&mut self) {
        self.writes.clear();
        self.lengths.clear();
        self.others = AtomSet::EMPTY;
        self.known = AtomSet::EMPTY;
    }

    /// Takes in the atoms that have come since. Those known stay what they are until everything is cleared.
    pub(super) fn update(
        &mut self,
        durable: &Content,
        atoms: &[Atom],
        ino: Ino,
        touching: AtomSet,
    ) {
        if self.known == touching {
            return;
        }
        for position in touching.difference(self.known).iter() {
            for change in &atoms[position].changes {
                if change.file() != Some(ino) {
                    continue;
                }
                match change {
                    MicroOp::Data { first, sectors, .. } => {
                        for (index, sector) in (*first..).zip(sectors) {
                            self.write(durable, position, index, sector);
                        }
                    }
                    MicroOp::Garbage { first, count, .. } => {
                        for index in *first..first + count {
                            self.expose(durable, position, ino, index);
                        }
                    }
                    MicroOp::Size { len, .. } => self.lengths.push((position, *len)),
                    _ => self.others.insert(position),
                }
            }
        }
        self.known = touching;
    }

    fn write(&mut self, durable: &Content, position: usize, index: u64, sector: &Arc<Sector>) {
        // Before its equals: of two writes in one atom the later holds.
        let place = self.writes.partition_point(|write| {
            let is_newer = !write.is_garbage && write.position > position;
            write.index < index || (write.index == index && is_newer)
        });
        let write = SectorWrite {
            index,
            position,
            is_garbage: false,
            delta: durable.delta(index, sector),
            sector: Arc::clone(sector),
        };
        self.writes.insert(place, write);
    }

    fn expose(&mut self, durable: &Content, position: usize, ino: Ino, index: u64) {
        if durable.sector(index).is_some() {
            return;
        }
        let sector = Sector::garbage(ino.0, index);
        let place = self.writes.partition_point(|write| write.index <= index);
        let write = SectorWrite {
            index,
            position,
            is_garbage: true,
            delta: durable.delta(index, &sector),
            sector,
        };
        self.writes.insert(place, write);
    }

    /// Hash of what can be read under a choice of known atoms; `None` where that takes building the content.
    pub(super) fn hash(&self, durable: &Content, chosen: AtomSet) -> Option<u128> {
        if !chosen.intersection(self.others).is_empty() {
            return None;
        }
        let len = self
            .lengths
            .iter()
            .rfind(|(position, _)| chosen.contains(*position))
            .map_or(durable.len(), |(_, len)| *len);
        let mut last = None;
        let newest = self.writes.iter().filter(|write| {
            let is_newest = last != Some(write.index) && chosen.contains(write.position);
            if is_newest {
                last = Some(write.index);
            }
            is_newest
        });
        Some(durable.hash_with(
            len,
            newest.map(|write| (write.index, write.delta, &*write.sector)),
        ))
    }
}
