//! One commit in a segment, or the mark of a clean close.
//!
//! ```text
//! body length u32 | CRC32C u32 | sequence u64 | synced to u64 | body (see `batch`)
//! ```
//!
//! The checksum covers every other byte of the frame and starts from a seed that stands for the segment and the place in it, so
//! that a frame of another segment, or one that was moved, is none. `synced to` is the highest sequence number known durable
//! when the frame was written: what lies before it cannot be a torn tail. A frame without a body is the mark of a clean close;
//! both its numbers are the last sequence number. Zeros are never a frame: no commit has sequence number 0.

use super::codec::{Reader, put_u32, put_u64};
use super::limits::{BATCH_BYTES_MAX, SEQUENCE_MAX};

/// Bytes before the body.
pub(super) const FRAME_HEADER_BYTES: usize = 24;

/// A valid frame in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) sequence: u64,
    pub(super) synced_to: u64,
    /// Empty in the mark of a clean close.
    pub(super) body: &'a [u8],
    /// Where the next frame starts.
    pub(super) end: usize,
}

impl Frame<'_> {
    pub(super) const fn is_close_mark(&self) -> bool {
        self.body.is_empty()
    }
}

fn checksum(seed: u32, offset: u64, len: [u8; 4], rest: &[u8]) -> u32 {
    let mut place = [0; 12];
    place[..8].copy_from_slice(&offset.to_le_bytes());
    place[8..].copy_from_slice(&len);
    crc32c::crc32c_append(crc32c::crc32c_append(seed, &place), rest)
}

/// Appends a frame to `out`. `offset` is its place in the segment.
pub(super) fn write_frame(
    out: &mut Vec<u8>,
    seed: u32,
    offset: u64,
    (sequence, synced_to): (u64, u64),
    body: &[u8],
) {
    debug_assert!(
        body.len() <= BATCH_BYTES_MAX as usize,
        "the batch was checked"
    );
    debug_assert_eq!(
        body.is_empty(),
        sequence == synced_to,
        "only the mark of a clean close is synced"
    );
    let start = out.len();
    let len = (body.len() as u32).to_le_bytes();
    out.extend_from_slice(&len);
    put_u32(out, 0);
    put_u64(out, sequence);
    put_u64(out, synced_to);
    out.extend_from_slice(body);
    let crc = checksum(seed, offset, len, &out[start + 8..]);
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

/// The frame at `offset`, before its checksum was compared.
fn candidate(bytes: &[u8], offset: usize) -> Option<(Frame<'_>, u32)> {
    let mut reader = Reader::new(bytes.get(offset..)?);
    let len = reader.u32().filter(|&len| len <= BATCH_BYTES_MAX)?;
    let crc = reader.u32()?;
    let sequence = reader.u64()?;
    let synced_to = reader.u64()?;
    let body = reader.take_u32(len)?;
    let plausible = (1..=SEQUENCE_MAX).contains(&sequence)
        && if body.is_empty() {
            synced_to == sequence
        } else {
            synced_to < sequence
        };
    let end = offset + FRAME_HEADER_BYTES + body.len();
    let frame = Frame {
        sequence,
        synced_to,
        body,
        end,
    };
    plausible.then_some((frame, crc))
}

fn is_valid(bytes: &[u8], offset: usize, seed: u32, frame: Frame<'_>, crc: u32) -> bool {
    let len = (frame.body.len() as u32).to_le_bytes();
    let rest = bytes.get(offset + 8..frame.end).unwrap_or_default();
    checksum(seed, offset as u64, len, rest) == crc
}

/// The frame at `offset`, if there is a valid one.
pub(super) fn read_frame(bytes: &[u8], offset: usize, seed: u32) -> Option<Frame<'_>> {
    let (frame, crc) = candidate(bytes, offset)?;
    is_valid(bytes, offset, seed, frame, crc).then_some(frame)
}

/// Whether a later frame proves that the frame which should start at `offset`, with number `sequence`, was durable once.
///
/// Frames have no alignment, so that every offset is tried. Only a frame whose `synced to` is the proof has its checksum computed,
/// and the work is bounded: a file made to exceed the bound counts as proof, because nothing that happens by chance does.
pub(super) fn was_synced(bytes: &[u8], offset: usize, seed: u32, sequence: u64) -> bool {
    let remaining = bytes.len().saturating_sub(offset);
    let sequence_max = sequence.saturating_add(remaining as u64);
    let mut budget = remaining.saturating_mul(16);
    for at in offset..bytes.len().saturating_sub(FRAME_HEADER_BYTES - 1) {
        let Some((frame, crc)) = candidate(bytes, at) else {
            continue;
        };
        if frame.synced_to < sequence || frame.sequence > sequence_max {
            continue;
        }
        if is_valid(bytes, at, seed, frame, crc) {
            return true;
        }
        match budget.checked_sub(FRAME_HEADER_BYTES + frame.body.len()) {
            Some(left) => budget = left,
            None => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED: u32 = 0x1234_5678;

    fn frame(sequence: u64, synced_to: u64, body: &[u8]) -> Frame<'_> {
        Frame {
            sequence,
            synced_to,
            body,
            end: FRAME_HEADER_BYTES + body.len(),
        }
    }

    #[test]
    fn a_frame_is_valid_only_in_its_place_and_segment() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, SEED, 0, (7, 6), b"body");
        assert_eq!(read_frame(&bytes, 0, SEED), Some(frame(7, 6, b"body")));
        assert_eq!(read_frame(&bytes, 0, SEED + 1), None, "another segment");
        bytes.insert(0, 0);
        assert_eq!(read_frame(&bytes, 1, SEED), None, "another place");
    }

    #[test]
    fn zeros_are_no_frame() {
        assert_eq!(read_frame(&[0; 4096], 0, SEED), None);
        assert!(!was_synced(&[0; 4096], 0, SEED, 1));
    }

    #[test]
    fn a_later_frame_proves_only_what_it_says() {
        let mut bytes = vec![0xaa; 100];
        write_frame(&mut bytes, SEED, 100, (9, 5), b"body");
        assert!(was_synced(&bytes, 0, SEED, 5));
        assert!(!was_synced(&bytes, 0, SEED, 6));
    }

    #[test]
    fn a_corrupt_length_is_compared_with_the_file_first() {
        let mut bytes = Vec::new();
        write_frame(&mut bytes, SEED, 0, (1, 0), b"body");
        for len in [5_u32, BATCH_BYTES_MAX, BATCH_BYTES_MAX + 1, u32::MAX] {
            bytes[..4].copy_from_slice(&len.to_le_bytes());
            assert_eq!(read_frame(&bytes, 0, SEED), None);
        }
    }
}
