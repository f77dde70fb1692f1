//! Segments of the log: `TSG0 | version u16 | kind u16 | payload length u64 | CRC32C of the payload u32 | zeros | CRC32C of the
//! header u32`, and the payload behind these 32 bytes.

use std::io;

use super::malformed;

const MAGIC: &[u8; 4] = b"TSG0";
const HEADER: usize = 32;

/// Longest payload that is read.
const PAYLOAD_MAX: u64 = 64 << 20;

/// What a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Record = 2,
    Manifest = 3,
    Checkpoint = 4,
    TxnBegin = 6,
    TxnCommit = 7,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Record,
        Self::Manifest,
        Self::Checkpoint,
        Self::TxnBegin,
        Self::TxnCommit,
    ];
}

/// A segment as it lies in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) kind: Kind,
    pub(super) payload: &'a [u8],
    /// Where it ends.
    pub(super) end: usize,
}

pub(super) fn encode(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(0_u16.to_le_bytes());
    bytes.extend((kind as u16).to_le_bytes());
    bytes.extend((payload.len() as u64).to_le_bytes());
    bytes.extend(crc32c::crc32c(payload).to_le_bytes());
    bytes.resize(HEADER - 4, 0);
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes.extend(payload);
    bytes
}

/// What is found at one place of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Segment(Segment<'a>),
    /// The log ends here, or in the middle of a segment.
    End,
    /// The bytes are no header.
    Foreign,
}

/// The segment that starts at `at`.
pub(super) fn at(bytes: &[u8], at: usize) -> Found<'_> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some((header, rest)) = rest.split_first_chunk::<HEADER>() else {
        return Found::End;
    };
    let Ok((kind, len, crc)) = decode_header(header) else {
        return Found::Foreign;
    };
    match rest.get(..len) {
        Some(payload) if crc32c::crc32c(payload) == crc => Found::Segment(Segment {
            kind,
            payload,
            end: at + HEADER + len,
        }),
        _ => Found::End,
    }
}

fn decode_header(header: &[u8; HEADER]) -> io::Result<(Kind, usize, u32)> {
    let (fields, crc) = header
        .split_last_chunk::<4>()
        .ok_or_else(|| malformed("a segment header is short"))?;
    if !fields.starts_with(MAGIC) || crc32c::crc32c(fields) != u32::from_le_bytes(*crc) {
        return Err(malformed("a segment header is damaged"));
    }
    let number = u16::from_le_bytes([header[6], header[7]]);
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| *kind as u16 == number)
        .ok_or_else(|| malformed("a segment is of no known kind"))?;
    let len = u64_at(header, 8);
    if len > PAYLOAD_MAX {
        return Err(malformed("a segment is too long"));
    }
    let crc = [header[16], header[17], header[18], header[19]];
    Ok((kind, len as usize, u32::from_le_bytes(crc)))
}

/// The number at this place; zero beyond the end.
pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..)
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |chunk| u64::from_le_bytes(*chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_is_whole_or_the_end() {
        let bytes = encode(Kind::Record, b"payload");
        let segment = Segment {
            kind: Kind::Record,
            payload: b"payload",
            end: bytes.len(),
        };
        assert_eq!(at(&bytes, 0), Found::Segment(segment));
        for len in 0..bytes.len() {
            assert_eq!(at(&bytes[..len], 0), Found::End, "{len}");
        }
        assert_eq!(at(&[0; 64], 0), Found::Foreign);
    }
}
