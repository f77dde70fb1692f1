//! New content of sectors, as a change of data holds it.

use std::ops::Range;
use std::sync::Arc;

use super::MicroOp;
use crate::image::{Ino, SECTOR, Sector};

/// Sectors of a file with their new content.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewSectors<'a> {
    /// The file.
    pub(crate) ino: Ino,
    /// Index of the first sector.
    pub(crate) first: u64,
    /// The sectors from there on.
    pub(crate) sectors: &'a [Arc<Sector>],
}

impl NewSectors<'_> {
    /// Index of the sector behind the last.
    pub(crate) const fn end(&self) -> u64 {
        self.first + self.sectors.len() as u64
    }

    /// Where they lie in their file: the first byte, and the one after the last.
    pub(crate) const fn bytes(&self) -> (u64, u64) {
        (self.first * SECTOR as u64, self.end() * SECTOR as u64)
    }

    /// The change of those of them that lie in `range`, which must not reach beyond them.
    pub(crate) fn part(&self, range: Range<u64>) -> MicroOp {
        let held = (range.start - self.first) as usize..(range.end - self.first) as usize;
        MicroOp::Data {
            ino: self.ino,
            first: range.start,
            sectors: self.sectors[held].to_vec(),
        }
    }
}

impl MicroOp {
    /// The sectors that a change of data writes.
    pub(crate) const fn new_sectors(&self) -> Option<NewSectors<'_>> {
        match self {
            Self::Data {
                ino,
                first,
                sectors,
            } => Some(NewSectors {
                ino: *ino,
                first: *first,
                sectors: sectors.as_slice(),
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_lies_where_it_lay() {
        let sectors: Vec<Arc<Sector>> = (1..=4).map(|byte| Sector::new([byte; SECTOR])).collect();
        let whole = MicroOp::Data {
            ino: Ino(7),
            first: 10,
            sectors: sectors.clone(),
        };
        let written = whole.new_sectors().expect("it is data");
        assert_eq!((written.end(), written.bytes()), (14, (5_120, 7_168)));
        let part = written.part(11..13);
        let part = part.new_sectors().expect("it is data");
        assert_eq!((part.ino, part.first), (Ino(7), 11));
        assert!(Arc::ptr_eq(&part.sectors[0], &sectors[1]));
        assert!(Arc::ptr_eq(&part.sectors[1], &sectors[2]));
        assert!(MicroOp::Free { ino: Ino(7) }.new_sectors().is_none());
    }
}
