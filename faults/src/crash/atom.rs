//! The smallest group of changes that persists as one.

use std::sync::Arc;

use super::atom_set::AtomSet;
use super::holder::Holder;
use crate::image::{Ino, Name, SECTOR, Sector};
use crate::log::{MicroOp, SizeChange};

/// Changes that reach the disk together or not at all.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    /// The changes, in the order in which they were made.
    pub(super) changes: Vec<MicroOp>,
    /// Everything that must persist before it, directly or not.
    pub(super) before: AtomSet,
    /// Whether the file system's journal orders it.
    pub(super) journalled: bool,
    /// Whether a failed sync has marked its data clean: no later sync writes it.
    pub(super) marked_clean: bool,
    /// Who has executed it.
    pub(super) held: Holder,
    /// The operation it belongs to, by position in the log.
    pub(super) entry: u32,
}

impl Atom {
    pub(super) fn touches_file(&self, ino: Ino) -> bool {
        self.changes.iter().any(|change| change.file() == Some(ino))
    }

    pub(super) fn has_names(&self) -> bool {
        self.changes
            .iter()
            .any(|change| matches!(change, MicroOp::Name { .. }))
    }

    pub(super) fn has_data(&self) -> bool {
        self.changes
            .iter()
            .any(|change| matches!(change, MicroOp::Data { .. } | MicroOp::Zero { .. }))
    }

    /// Whether it holds written data of a file in a range of bytes.
    pub(super) fn has_data_in(&self, file: Ino, from: u64, to: u64) -> bool {
        self.changes.iter().any(|change| match change {
            MicroOp::Data {
                ino,
                first,
                sectors,
            } => {
                let (start, end) = byte_range(*first, sectors);
                *ino == file && start < to && end > from
            }
            _ => false,
        })
    }

    pub(super) fn has_size(&self) -> bool {
        self.changes
            .iter()
            .any(|change| matches!(change, MicroOp::Size { .. }))
    }

    pub(super) fn touches_dir(&self, ino: Ino) -> bool {
        self.names().any(|(dir, _, _)| dir == ino)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (Ino, &Name, Option<Ino>)> {
        self.changes.iter().filter_map(|change| match change {
            MicroOp::Name { dir, name, target } => Some((*dir, name, *target)),
            _ => None,
        })
    }

    /// One line for a witness.
    pub(super) fn describe(&self) -> Vec<String> {
        self.changes
            .iter()
            .map(|change| match change {
                MicroOp::Inode { ino, .. } => format!("inode {} comes into being", ino.0),
                MicroOp::Data {
                    ino,
                    first,
                    sectors,
                } => {
                    let (from, to) = byte_range(*first, sectors);
                    format!("data of inode {}, bytes {from}..{to}", ino.0)
                }
                MicroOp::Zero { ino, .. } => format!("cut-off data of inode {} is zeroed", ino.0),
                MicroOp::Size {
                    ino,
                    len,
                    change: SizeChange::AtLeast,
                } => format!("length {len} or more of inode {}", ino.0),
                MicroOp::Size { ino, len, .. } => format!("length {len} of inode {}", ino.0),
                MicroOp::Evicted { ino, .. } => format!("unsent pages of inode {}", ino.0),
                MicroOp::Held { ino, .. } => format!("inode {} is open without a name", ino.0),
                MicroOp::Released { ino } => format!("inode {} is closed", ino.0),
                MicroOp::Name {
                    name,
                    target: Some(ino),
                    ..
                } => format!("name {name} -> inode {}", ino.0),
                MicroOp::Name {
                    name, target: None, ..
                } => format!("name {name} removed"),
            })
            .collect()
    }
}

/// Where sectors lie in their file: the first byte, and the one after the last.
fn byte_range(first: u64, sectors: &[Arc<Sector>]) -> (u64, u64) {
    let start = first * SECTOR as u64;
    (start, start + (sectors.len() * SECTOR) as u64)
}

/// Most pieces that one write is torn into. A larger write is cut into as many even runs of sectors.
pub(super) const PIECES_MAX: usize = 16;

/// Cuts a write into the pieces that may persist on their own, each of `unit` sectors at least, each with its first sector.
pub(super) fn pieces(
    ino: Ino,
    first: u64,
    sectors: &[Arc<Sector>],
    unit: usize,
) -> impl Iterator<Item = (u64, MicroOp)> {
    // Pieces start at multiples of the unit on the disk, not in the write.
    let lead = (unit - (first as usize % unit)) % unit;
    let (head, tail) = sectors.split_at(lead.min(sectors.len()));
    let units = tail.len().div_ceil(unit).max(1);
    let step = units.div_ceil(PIECES_MAX) * unit;
    let head = (!head.is_empty()).then_some((first, head));
    let start = first + lead as u64;
    head.into_iter()
        .chain(
            tail.chunks(step)
                .enumerate()
                .map(move |(index, run)| (start + (index * step) as u64, run)),
        )
        .map(move |(first, run)| {
            let sectors = run.to_vec();
            (
                first,
                MicroOp::Data {
                    ino,
                    first,
                    sectors,
                },
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(first: u64, count: usize, unit: usize) -> Vec<(u64, usize)> {
        let sectors = vec![Sector::new([1; SECTOR]); count];
        pieces(Ino(7), first, &sectors, unit)
            .map(|(_, piece)| match piece {
                MicroOp::Data { first, sectors, .. } => (first, sectors.len()),
                other => panic!("a piece of data is data, not {other:?}"),
            })
            .collect()
    }

    #[test]
    fn pieces_cover_the_write_once_and_respect_alignment() {
        assert_eq!(cut(5, 3, 1), [(5, 1), (6, 1), (7, 1)]);
        assert_eq!(cut(5, 13, 8), [(5, 3), (8, 8), (16, 2)]);
        assert_eq!(cut(8, 8, 8), [(8, 8)]);
        let large = cut(0, 1000, 1);
        assert!(large.len() <= PIECES_MAX, "{large:?}");
        assert_eq!(large.iter().map(|(_, count)| count).sum::<usize>(), 1000);
    }
}
