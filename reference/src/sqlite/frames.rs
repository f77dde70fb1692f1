//! The frames of a write-ahead log: how far it holds whole transactions.
//!
//! Source: "The Write-Ahead Log" in SQLite's description of its database file format (header, frames, checksums).

use std::io;

use crate::fs::{FsFile, read_up_to};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// What a log starts with; the last bit says that checksums are of big-endian words.
const MAGIC: u32 = 0x377f_0682;

/// The one version of the format that there is.
const VERSION: u32 = 3_007_000;

/// What the header of a log says.
struct Header {
    /// Whether the words of checksums are big-endian.
    is_big_endian: bool,
    page_bytes: usize,
    /// What every frame of this log repeats.
    salts: [u8; 8],
    /// The checksum that the first frame goes on from.
    sum: (u32, u32),
}

/// Bytes of a log up to the end of its last whole transaction: what SQLite reads of it. None where the header is not one that is known, and
/// nothing can be said.
pub(super) fn committed_len(file: &dyn FsFile) -> io::Result<Option<u64>> {
    let mut bytes = [0; HEADER_BYTES];
    let read = read_up_to(file, &mut bytes, 0)?;
    let Some(header) = Header::parse(&bytes[..read]) else {
        return Ok(None);
    };
    let mut frame = vec![0; FRAME_HEADER_BYTES + header.page_bytes];
    let (mut sum, mut offset, mut committed) = (header.sum, HEADER_BYTES as u64, 0);
    while read_up_to(file, &mut frame, offset)? == frame.len() {
        let (head, page) = frame.split_at(FRAME_HEADER_BYTES);
        sum = header.sum(header.sum(sum, &head[..8]), page);
        let is_whole = word(head, 0) != 0
            && head[8..16] == header.salts
            && (word(head, 16), word(head, 20)) == sum;
        if !is_whole {
            break;
        }
        offset += frame.len() as u64;
        // The number of pages of the database is there in the last frame of a transaction only.
        if word(head, 4) != 0 {
            committed = offset;
        }
    }
    Ok(Some(committed))
}

impl Header {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let page_bytes = usize::try_from(word(bytes.get(..HEADER_BYTES)?, 8)).ok()?;
        let is_known = word(bytes, 0) & !1 == MAGIC
            && word(bytes, 4) == VERSION
            && page_bytes.is_power_of_two()
            && (512..=65_536).contains(&page_bytes);
        let mut header = Self {
            is_big_endian: word(bytes, 0) & 1 == 1,
            page_bytes,
            salts: bytes[16..24].try_into().ok()?,
            sum: (0, 0),
        };
        header.sum = header.sum((0, 0), &bytes[..24]);
        (is_known && header.sum == (word(bytes, 24), word(bytes, 28))).then_some(header)
    }

    /// The checksum of some bytes, a multiple of eight, behind others.
    fn sum(&self, (mut first, mut second): (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let word = |bytes: &[u8]| {
            let word = word(bytes, 0);
            if self.is_big_endian {
                word
            } else {
                word.swap_bytes()
            }
        };
        for pair in bytes.chunks_exact(8) {
            first = first.wrapping_add(word(&pair[..4])).wrapping_add(second);
            second = second.wrapping_add(word(&pair[4..])).wrapping_add(first);
        }
        (first, second)
    }
}

/// Four bytes as a big-endian number.
fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(word)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use rusqlite::Connection;

    use super::*;
    use crate::fs::{FsOps, OpenOptions, StdFs};

    /// A log of five transactions, one of them of several pages, and its length behind each.
    fn log(dir: &Path) -> (Vec<u8>, Vec<u64>) {
        let connection = Connection::open(dir.join("a.db")).expect("a database");
        let rows =
            "PRAGMA page_size = 512; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0";
        connection.execute_batch(rows).expect("settings");
        let path = dir.join("a.db-wal");
        let mut ends = vec![0];
        for number in 0..5 {
            let statement = match number {
                0 => "CREATE TABLE t (a)".to_owned(),
                3 => "INSERT INTO t VALUES (zeroblob(3000))".to_owned(),
                _ => format!("INSERT INTO t VALUES ({number})"),
            };
            connection.execute_batch(&statement).expect("a row");
            ends.push(path.metadata().expect("a log").len());
        }
        (std::fs::read(&path).expect("a log"), ends)
    }

    fn committed(dir: &Path, bytes: &[u8]) -> Option<u64> {
        let path = dir.join("b.db-wal");
        std::fs::write(&path, bytes).expect("there is room");
        let file = StdFs::default().open(&path, OpenOptions::read_only());
        committed_len(&*file.expect("it is there")).expect("it can be read")
    }

    #[test]
    fn a_log_that_is_cut_anywhere_ends_with_its_last_whole_transaction() {
        let dir = tempfile::tempdir().expect("a directory");
        let (bytes, ends) = log(dir.path());
        let around = ends[1..]
            .iter()
            .flat_map(|&end| [end as usize - 1, end as usize]);
        for len in around.chain((HEADER_BYTES..bytes.len()).step_by(61)) {
            let expected = ends.iter().rev().find(|&&end| end <= len as u64);
            assert_eq!(
                committed(dir.path(), &bytes[..len]),
                expected.copied(),
                "{len}"
            );
        }
        for len in 0..HEADER_BYTES {
            assert_eq!(committed(dir.path(), &bytes[..len]), None, "{len}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_flipped_bit_ends_it_before_its_transaction(position: prop::sample::Index, bit in 0_u8..8) {
            let dir = tempfile::tempdir().expect("a directory");
            let (mut bytes, ends) = log(dir.path());
            let at = position.index(bytes.len());
            bytes[at] ^= 1 << bit;
            let expected = ends.iter().rev().find(|&&end| end <= at as u64);
            let expected = if at < HEADER_BYTES { None } else { expected.copied() };
            prop_assert_eq!(committed(dir.path(), &bytes), expected);
        }

        #[test]
        fn whatever_is_there_is_looked_at_to_its_end_at_most(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
            let dir = tempfile::tempdir().expect("a directory");
            prop_assert!(committed(dir.path(), &bytes).is_none_or(|len| len <= bytes.len() as u64));
        }
    }
}
