//! A segment file: a header, then frames.
//!
//! ```text
//! magic 8 bytes | version u32 | zero u32 | number u64 | base u64 | salt u64 | first to u64 | zero u32 | CRC32C u32 | frames
//! ```
//!
//! `base` is the sequence number of the first frame. It is also a statement: whatever precedes it was durable before this
//! segment got its name, and frames of older segments from `base` on do not count.
//!
//! A segment gets its name by a rename, after its header and its frames up to `first to` were synced. No crash leaves one with
//! half a header, or without those frames.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::{FsFile, FsOps, OpenOptions, read_up_to};

use super::chunks::CHUNK_BYTES;
use super::codec::{Reader, put_u32, put_u64};
use super::error::{StoreError, io_error};
use super::frame::FRAME_HEADER_BYTES;
use super::limits::{BATCH_BYTES_MAX, SEQUENCE_MAX};

const MAGIC: [u8; 8] = *b"\xffPLIMlog";
const VERSION: u32 = 1;

/// Bytes before the first frame.
pub(super) const SEGMENT_HEADER_BYTES: usize = 56;

/// How much of a segment is read at once, behind its first chunk.
const LOAD_BYTES: usize = 1 << 20;

/// Bytes of the header that identify the segment: their checksum is the seed of its frames.
const IDENTITY_BYTES: usize = 40;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) number: u64,
    pub(super) base: u64,
    /// Differs between stores and lives, so that blocks of a removed segment are not taken for frames of a new one.
    pub(super) salt: u64,
    /// Sequence number of the last frame that was durable before the segment got its name; the one before `base` if none was.
    pub(super) first_to: u64,
}

impl SegmentHeader {
    /// Appends the header to `out` and returns the seed of the segment's frames.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> u32 {
        let start = out.len();
        out.extend_from_slice(&MAGIC);
        put_u32(out, VERSION);
        put_u32(out, 0);
        put_u64(out, self.number);
        put_u64(out, self.base);
        put_u64(out, self.salt);
        let seed = crc32c::crc32c(&out[start..]);
        put_u64(out, self.first_to);
        put_u32(out, 0);
        let crc = crc32c::crc32c(&out[start..]);
        put_u32(out, crc);
        debug_assert_eq!(out.len() - start, SEGMENT_HEADER_BYTES);
        seed
    }

    /// Sets `first to` in a header at the start of `out`; the seed does not depend on it.
    pub(super) fn set_first_to(out: &mut [u8], first_to: u64) {
        out[IDENTITY_BYTES..IDENTITY_BYTES + 8].copy_from_slice(&first_to.to_le_bytes());
        let crc = crc32c::crc32c(&out[..SEGMENT_HEADER_BYTES - 4]);
        out[SEGMENT_HEADER_BYTES - 4..SEGMENT_HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
    }

    /// The header and the seed of the frames, or the offset and nature of the damage.
    fn read(bytes: &[u8]) -> Result<(Self, u32), (u64, &'static str)> {
        let short = (bytes.len() as u64, "the file ends within its header");
        let mut reader = Reader::new(bytes);
        let header = reader.take(SEGMENT_HEADER_BYTES - 4).ok_or(short)?;
        let crc = reader.u32().ok_or(short)?;
        if crc32c::crc32c(header) != crc {
            return Err((0, "the header does not match its checksum"));
        }
        let mut fields = Reader::new(header.get(16..).unwrap_or_default());
        let number = fields.u64().ok_or(short)?;
        let base = fields.u64().ok_or(short)?;
        let salt = fields.u64().ok_or(short)?;
        let first_to = fields.u64().ok_or(short)?;
        if !(1..=SEQUENCE_MAX).contains(&base) || !(base - 1..=SEQUENCE_MAX).contains(&first_to) {
            return Err((24, "the sequence numbers are out of range"));
        }
        let seed = crc32c::crc32c(header.get(..IDENTITY_BYTES).unwrap_or_default());
        let header = Self {
            number,
            base,
            salt,
            first_to,
        };
        Ok((header, seed))
    }
}

/// A segment whose header was read.
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) base: u64,
    pub(super) first_to: u64,
    /// Seed of the frames' checksums.
    pub(super) seed: u32,
    /// The start of the file; all of it after [`load`](Self::load).
    pub(super) bytes: Vec<u8>,
    /// Length and handle of a file of which there is more to read.
    rest: Option<(usize, Box<dyn FsFile>)>,
}

impl Segment {
    /// Reads the header of the segment `number` at `path`, and what comes with it in one chunk.
    pub(super) fn open(fs: &dyn FsOps, path: PathBuf, number: u64) -> Result<Self, StoreError> {
        let file = fs
            .open(&path, OpenOptions::read_only())
            .map_err(io_error("open", &path))?;
        let (len, bytes) = read_start(&*file).map_err(io_error("read", &path))?;
        check_magic(&path, &bytes, MAGIC, VERSION)?;
        let corrupted = |(offset, reason)| StoreError::Corrupted {
            path: path.clone(),
            offset,
            reason,
        };
        let (header, seed) = SegmentHeader::read(&bytes).map_err(corrupted)?;
        if header.number != number {
            return Err(corrupted((
                16,
                "the segment has another number than its name says",
            )));
        }
        Ok(Self {
            path,
            base: header.base,
            first_to: header.first_to,
            seed,
            rest: (bytes.len() < len).then_some((len, file)),
            bytes,
        })
    }

    /// Reads what is left of the file, but for more zeros at its end than a frame can have: a file may be given any length without being as
    /// large as that. So memory follows what was written, and where there is too little of it that is an error.
    pub(super) fn load(&mut self) -> Result<(), StoreError> {
        if let Some((len, file)) = self.rest.take() {
            read_written(&*file, len, &mut self.bytes).map_err(io_error("read", &self.path))?;
        }
        Ok(())
    }
}

/// Reads a file from where `bytes` end up to `len`. Of zeros at its end as many are there as the largest frame has, the others not.
fn read_written(file: &dyn FsFile, len: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut chunk = vec![0; LOAD_BYTES.min(len.saturating_sub(bytes.len()))];
    let mut offset = bytes.len();
    while offset < len {
        let wanted = chunk.len().min(len - offset);
        let part = chunk.get_mut(..wanted).unwrap_or_default();
        let filled = read_up_to(file, part, offset as u64)?;
        let read = part.get(..filled).unwrap_or_default();
        if let Some(last) = read.iter().rposition(|&byte| byte != 0) {
            // What was left out so far has something behind it after all.
            grow(bytes, offset + last + 1, len)?;
            let place = bytes.get_mut(offset..).unwrap_or_default();
            place.copy_from_slice(read.get(..=last).unwrap_or_default());
        }
        offset += filled;
        if filled < wanted {
            break; // It is shorter than it said.
        }
    }
    let frame_max = FRAME_HEADER_BYTES + BATCH_BYTES_MAX as usize;
    let zeros_to = bytes.len().saturating_add(frame_max);
    grow(bytes, offset.min(zeros_to), len)
}

/// Appends zeros up to `end`, with room for twice as much at once but for no more than `len`.
fn grow(bytes: &mut Vec<u8>, end: usize, len: usize) -> io::Result<()> {
    if bytes.capacity() < end {
        let capacity = end.saturating_mul(2).min(len).max(end);
        let room = bytes.try_reserve_exact(capacity - bytes.len());
        room.map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    }
    bytes.resize(end, 0);
    Ok(())
}

/// The length of a file, and its first chunk.
fn read_start(file: &dyn FsFile) -> io::Result<(usize, Vec<u8>)> {
    let len = usize::try_from(file.metadata()?.len).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut bytes = vec![0; len.min(CHUNK_BYTES)];
    let filled = read_up_to(file, &mut bytes, 0)?;
    let len = if filled < bytes.len() { filled } else { len };
    bytes.truncate(filled);
    Ok((len, bytes))
}

/// Compares the first twelve bytes of a file with its magic and its version.
pub(super) fn check_magic(
    path: &Path,
    bytes: &[u8],
    magic: [u8; 8],
    version: u32,
) -> Result<(), StoreError> {
    if !bytes
        .iter()
        .zip(&magic)
        .all(|(found, expected)| found == expected)
    {
        return Err(StoreError::ForeignFile {
            path: path.to_path_buf(),
        });
    }
    let corrupted = |offset, reason| StoreError::Corrupted {
        path: path.to_path_buf(),
        offset,
        reason,
    };
    let mut reader = Reader::new(bytes.get(magic.len()..).unwrap_or_default());
    match reader.u32() {
        None => Err(corrupted(
            bytes.len() as u64,
            "the file ends within its header",
        )),
        Some(0) => Err(corrupted(8, "there is no format version 0")),
        Some(found) if found > version => Err(StoreError::NewerVersion {
            path: path.to_path_buf(),
            found,
            supported: version,
        }),
        Some(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::fs::StdFs;

    use super::*;

    /// What is read of a file of this length with a byte at these places.
    fn read(len: u64, places: &[u64]) -> Vec<u8> {
        let dir = tempfile::tempdir().expect("a directory");
        let fs = StdFs::rooted(dir.path());
        let options = OpenOptions::read_write().create();
        let file = fs.open(Path::new("segment"), options).expect("it opens");
        file.set_len(len).expect("a hole takes no space");
        for &place in places {
            file.write_at(b"x", place).expect("there is room");
        }
        let (len, mut bytes) = read_start(&*file).expect("it can be read");
        read_written(&*file, len, &mut bytes).expect("there is memory");
        bytes
    }

    #[test]
    fn a_hole_behind_all_frames_takes_no_memory() {
        let frame_max = FRAME_HEADER_BYTES + BATCH_BYTES_MAX as usize;
        let bytes = read(1 << 30, &[7, 3 << 20]);
        assert_eq!(bytes.len(), (3 << 20) + 1 + frame_max);
        assert!(bytes.capacity() < 4 * frame_max, "{}", bytes.capacity());
        let found: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] != 0).collect();
        assert_eq!(found, [7, 3 << 20]);
    }

    #[test]
    fn zeros_that_a_frame_may_end_with_are_there() {
        for (len, last) in [(1 << 16, 5), (1 << 21, 5), ((1 << 21) + 3, 1 << 20)] {
            let bytes = read(len, &[last]);
            assert_eq!(bytes.len() as u64, len);
            assert_eq!(
                bytes.iter().rposition(|&byte| byte != 0),
                Some(last as usize)
            );
        }
    }
}
