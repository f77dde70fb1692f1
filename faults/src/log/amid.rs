//! Writes that a kill ends part way.

use super::{Entry, MicroOp};
use crate::image::{Image, SECTOR};
use crate::op_kind::OpKind;

/// Bytes that are copied between two looks for a fatal signal.
const PAGE: u64 = 4096;

/// Ends of pages of one write that are given out, if there are more: the first, one in the middle, and the last.
const ENDS_MAX: u64 = 8;

/// The bytes of a file at which a kill can end a write of so many bytes at this offset.
pub(crate) fn ends(offset: u64, len: u64) -> Vec<u64> {
    let first = offset / PAGE + 1;
    let last = (offset + len).div_ceil(PAGE);
    let mut pages: Vec<u64> = match last.saturating_sub(first) {
        0..=ENDS_MAX => (first..last).collect(),
        _ => vec![first, first.midpoint(last), last - 1],
    };
    pages.iter_mut().for_each(|page| *page *= PAGE);
    pages
}

impl Entry {
    /// The bytes of its file at which a kill can end a write: the ends of all its pages but the last one, or some of them where there are
    /// many. None of any other operation.
    ///
    /// A write is copied into the page cache page by page, and a fatal signal is looked for between them (Linux, `generic_perform_write`),
    /// so that what a killed process leaves of a write is all that lies in the first of its pages.
    pub fn ends_amid(&self) -> Vec<u64> {
        match (self.kind, self.range, self.changes.as_slice()) {
            (OpKind::Write, Some((offset, len)), [MicroOp::Data { .. }, ..]) => ends(offset, len),
            _ => Vec::new(),
        }
    }

    /// What processes see where a process was killed in this write, which ended at one of these bytes.
    #[must_use]
    pub fn killed_at(&self, end: u64, before: &Image) -> Image {
        let mut image = before.clone();
        self.apply_until(end, &mut image);
        image.keep_reachable();
        image
    }

    fn apply_until(&self, end: u64, image: &mut Image) {
        for change in &self.changes {
            match change {
                MicroOp::Data { .. } => {
                    let Some(sectors) = change.new_sectors() else {
                        continue;
                    };
                    let cut = (end / SECTOR as u64).clamp(sectors.first, sectors.end());
                    image.apply(&sectors.part(sectors.first..cut));
                }
                MicroOp::Size { ino, len, change } => {
                    let held = image.file(*ino).map_or(0, |content| content.len());
                    let len = end.min(*len);
                    if len > held {
                        let (ino, change) = (*ino, *change);
                        image.apply(&MicroOp::Size { ino, len, change });
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use plimsoll_reference::fs::{FsOps, OpenOptions, write_all_at};

    use super::*;
    use crate::disk::SimFs;

    /// What is left of a write of `len` bytes at an offset of a file of 5,000 other bytes that is ended at each byte where it can be.
    fn left(offset: u64, len: usize) -> Vec<(u64, Vec<u8>)> {
        let fs = SimFs::new(Image::new());
        let path = Path::new("a");
        let file = fs.open(path, OpenOptions::read_write().create());
        let file = file.expect("a new file");
        write_all_at(&*file, &[b'-'; 5_000], 0).expect("there is room");
        let mut before = fs.image();
        write_all_at(&*file, &vec![b'x'; len], offset).expect("there is room");
        before.keep_sums();
        let log = fs.take_log();
        let entry = log.last().expect("it is written down");
        let ino = entry.changes[0].file().expect("it is of a file");
        let ends = entry.ends_amid().into_iter();
        let cut = ends.map(|end| {
            let mut image = before.clone();
            entry.apply_until(end, &mut image);
            (end, image.file(ino).expect("it is there").to_vec())
        });
        cut.collect()
    }

    #[test]
    fn a_write_ends_with_a_page() {
        assert_eq!(left(0, 4_096), []);
        assert_eq!(left(100, 3_996), []);
        let expected = |from: usize, to: usize| {
            let mut bytes = vec![b'-'; 5_000.max(to)];
            bytes[from..to].fill(b'x');
            bytes
        };
        assert_eq!(left(4_000, 200), [(4_096, expected(4_000, 4_096))]);
        assert_eq!(
            left(1_000, 12_000),
            [
                (4_096, expected(1_000, 4_096)),
                (8_192, expected(1_000, 8_192)),
                (12_288, expected(1_000, 12_288)),
            ]
        );
        let ends = left(0, 20 * 4_096).into_iter().map(|(end, _)| end / PAGE);
        assert_eq!(Vec::from_iter(ends), [1, 10, 19]);
    }
}
