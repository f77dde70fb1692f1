//! Where a write may be torn.

use std::ops::Range;

use crate::image::SECTOR;

/// Bytes in an allocation block.
pub(super) const BLOCK_BYTES: u64 = 4096;

/// Sectors in an allocation block.
pub(super) const BLOCK_SECTORS: u64 = BLOCK_BYTES / SECTOR as u64;

/// Most pieces that one write is torn into. A larger write is cut into longer ones, at the edges of blocks where they are longer
/// than a block.
pub(super) const PIECES_MAX: u64 = 16;

/// Cuts a range of sectors at multiples of `unit` on the disk, or of more where that would give more than `max` pieces.
pub(super) fn pieces(range: &Range<u64>, unit: u64, max: u64) -> Vec<Range<u64>> {
    let count = |step: u64| range.end.div_ceil(step) - range.start / step;
    let mut step = unit;
    while count(step) > max && step < BLOCK_SECTORS {
        step *= 2;
    }
    let block = step;
    while count(step) > max {
        step += block;
    }
    let mut pieces = Vec::with_capacity(count(step) as usize);
    let mut start = range.start;
    while start < range.end {
        let end = range.end.min((start / step + 1) * step);
        pieces.push(start..end);
        start = end;
    }
    pieces
}

/// Cuts a range of sectors in three, as evenly as multiples of `unit` allow.
pub(super) fn thirds(range: &Range<u64>, unit: u64) -> Vec<Range<u64>> {
    let units = pieces(range, unit, u64::MAX);
    units
        .chunks(units.len().div_ceil(3).max(1))
        .map(|run| run[0].start..run[run.len() - 1].end)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(first: u64, count: u64, unit: u64) -> Vec<(u64, u64)> {
        pieces(&(first..first + count), unit, PIECES_MAX)
            .into_iter()
            .map(|piece| (piece.start, piece.end - piece.start))
            .collect()
    }

    #[test]
    fn pieces_cover_the_write_once_and_respect_alignment() {
        assert_eq!(cut(5, 3, 1), [(5, 1), (6, 1), (7, 1)]);
        assert_eq!(cut(5, 13, 8), [(5, 3), (8, 8), (16, 2)]);
        assert_eq!(cut(8, 8, 8), [(8, 8)]);
        for (first, count) in [(0, 1000), (3, 1000), (7, 17), (5, 40), (1, 129)] {
            let large = cut(first, count, 1);
            assert!(large.len() as u64 <= PIECES_MAX, "{large:?}");
            assert_eq!(large.iter().map(|(_, count)| count).sum::<u64>(), count);
            let longest = large.iter().map(|&(_, count)| count).max();
            // No piece crosses the edge of a block, or each edge is one of a block.
            assert!(large.iter().all(|&(start, count)| {
                let end = start + count;
                if longest > Some(BLOCK_SECTORS) {
                    start == first || start % BLOCK_SECTORS == 0
                } else {
                    start / BLOCK_SECTORS == (end - 1) / BLOCK_SECTORS
                }
            }));
        }
    }

    #[test]
    fn thirds_are_even_and_whole_units() {
        assert_eq!(thirds(&(2..11), 1), [2..5, 5..8, 8..11]);
        assert_eq!(thirds(&(2..6), 1), [2..4, 4..6]);
        assert_eq!(thirds(&(2..3), 1), vec![2..3]);
        assert_eq!(thirds(&(0..24), 8), [0..8, 8..16, 16..24]);
    }
}
