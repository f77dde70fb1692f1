//! A snapshot file.
//!
//! ```text
//! magic 8 bytes | version u32 | flags u32 | covered u64 | floor u64 | segment u64                       (header)
//! entries: key length u32, value length u32, key, value; ascending keys; as one LZ4 frame when flag 1 is set
//! count u64 | entries' bytes as stored u64 | zero u32 | CRC32C of everything before u32                 (footer)
//! ```
//!
//! The checksum covers the bytes as stored, so that nothing is decompressed or parsed that was not first found whole.

use std::io::{self, Read, Write};
use std::path::Path;

use lz4_flex::frame::{FrameDecoder, FrameEncoder};

use crate::fs::{FsFile, FsOps, OpenOptions, append_all, read_to_end};

use super::codec::{Reader, put_u32, put_u64};
use super::error::{StoreError, io_error};
use super::limits::{KEY_BYTES_MAX, SEQUENCE_MAX, VALUE_BYTES_MAX};
use super::options::Compression;
use super::segment::check_magic;
use super::table::Table;

const MAGIC: [u8; 8] = *b"\xffPLIMimg";
const VERSION: u32 = 1;
const FLAG_LZ4: u32 = 1;
const HEADER_BYTES: usize = 40;
const FOOTER_BYTES: usize = 24;

/// How much is gathered before it is written.
const CHUNK_BYTES: usize = 64 << 10;

/// What a snapshot says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ImageHeader {
    /// The last commit in it.
    pub(super) covered: u64,
    /// The last commit that was durable without it when it was written; at most `covered`. Recovery needs to make the name of the
    /// file durable only when the file holds more than that.
    pub(super) floor: u64,
    /// Number of a segment that the log had then, or 0. The newest segment is never removed, so that a log without one at
    /// least as new is not the log of this snapshot.
    pub(super) segment: u64,
}

/// Gathers chunks, sums them up and appends them to a file.
struct Sink<'a> {
    file: &'a dyn FsFile,
    chunk: Vec<u8>,
    crc: u32,
    written: u64,
}

impl Sink<'_> {
    fn spill(&mut self) -> io::Result<()> {
        self.crc = crc32c::crc32c_append(self.crc, &self.chunk);
        append_all(self.file, &self.chunk)?;
        self.written += self.chunk.len() as u64;
        self.chunk.clear();
        Ok(())
    }

    const fn len(&self) -> u64 {
        self.written + self.chunk.len() as u64
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK_BYTES {
            self.spill()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // What remains is written with the footer.
    }
}

fn write_entries(out: &mut impl Write, table: &Table) -> io::Result<u64> {
    let mut count = 0;
    for (key, value) in table.iter() {
        // The lengths were checked when the entry was committed.
        out.write_all(&(key.len() as u32).to_le_bytes())?;
        out.write_all(&(value.len() as u32).to_le_bytes())?;
        out.write_all(key)?;
        out.write_all(value)?;
        count += 1;
    }
    Ok(count)
}

/// Appends a whole image to an empty file. Beyond the table it takes the memory of one chunk and one entry. Syncs nothing.
pub(super) fn write_image(
    file: &dyn FsFile,
    table: &Table,
    header: ImageHeader,
    compression: Compression,
) -> io::Result<()> {
    debug_assert!(header.floor <= header.covered && header.covered <= SEQUENCE_MAX);
    let mut sink = Sink {
        file,
        chunk: Vec::new(),
        crc: 0,
        written: 0,
    };
    sink.chunk.extend_from_slice(&MAGIC);
    put_u32(&mut sink.chunk, VERSION);
    put_u32(
        &mut sink.chunk,
        if compression == Compression::Lz4 {
            FLAG_LZ4
        } else {
            0
        },
    );
    put_u64(&mut sink.chunk, header.covered);
    put_u64(&mut sink.chunk, header.floor);
    put_u64(&mut sink.chunk, header.segment);
    debug_assert_eq!(sink.len(), HEADER_BYTES as u64);
    let count = match compression {
        Compression::None => write_entries(&mut sink, table)?,
        Compression::Lz4 => {
            let mut encoder = FrameEncoder::new(&mut sink);
            let count = write_entries(&mut encoder, table)?;
            encoder.finish()?;
            count
        }
    };
    let stored = sink.len() - HEADER_BYTES as u64;
    put_u64(&mut sink.chunk, count);
    put_u64(&mut sink.chunk, stored);
    put_u32(&mut sink.chunk, 0);
    let crc = crc32c::crc32c_append(sink.crc, &sink.chunk);
    put_u32(&mut sink.chunk, crc);
    sink.spill()
}

/// The parts of an image whose checksum is right.
struct Parts<'a> {
    header: ImageHeader,
    compressed: bool,
    entries: &'a [u8],
    count: u64,
}

/// What is wrong with a file, and at which offset.
type Damage = (u64, &'static str);

fn split(bytes: &[u8]) -> Result<Parts<'_>, Damage> {
    let short = (
        bytes.len() as u64,
        "the file ends within its header or footer",
    );
    let (rest, crc) = bytes.split_last_chunk().ok_or(short)?;
    if crc32c::crc32c(rest) != u32::from_le_bytes(*crc) {
        return Err((0, "the file does not match its checksum"));
    }
    let mut reader = Reader::new(rest.get(12..).ok_or(short)?);
    let flags = reader.u32().ok_or(short)?;
    let header = ImageHeader {
        covered: reader.u64().ok_or(short)?,
        floor: reader.u64().ok_or(short)?,
        segment: reader.u64().ok_or(short)?,
    };
    let footer_at = bytes.len().checked_sub(FOOTER_BYTES).ok_or(short)?;
    let entries = bytes.get(HEADER_BYTES..footer_at).ok_or(short)?;
    let mut reader = Reader::new(rest.get(footer_at..).ok_or(short)?);
    let count = reader.u64().ok_or(short)?;
    let stored = reader.u64().ok_or(short)?;
    if flags & !FLAG_LZ4 != 0 {
        return Err((12, "there is an unknown flag"));
    }
    if header.covered > SEQUENCE_MAX || header.floor > header.covered {
        return Err((16, "the sequence numbers are out of range"));
    }
    if stored != entries.len() as u64 {
        return Err((
            footer_at as u64 + 8,
            "the entries have another length than the footer says",
        ));
    }
    Ok(Parts {
        header,
        compressed: flags & FLAG_LZ4 != 0,
        entries,
        count,
    })
}

fn visit_entries(entries: &[u8], count: u64, visit: &mut dyn FnMut(&[u8], &[u8])) -> Option<()> {
    let mut reader = Reader::new(entries);
    let mut last: Option<&[u8]> = None;
    for _ in 0..count {
        let key_len = reader.u32().filter(|&len| len <= KEY_BYTES_MAX)?;
        let value_len = reader.u32().filter(|&len| len <= VALUE_BYTES_MAX)?;
        let key = reader.take_u32(key_len)?;
        let value = reader.take_u32(value_len)?;
        if last.is_some_and(|last| last >= key) {
            return None;
        }
        last = Some(key);
        visit(key, value);
    }
    reader.is_empty().then_some(())
}

fn parse(bytes: &[u8], visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<ImageHeader, Damage> {
    let parts = split(bytes)?;
    let mut decompressed = Vec::new();
    let entries = if parts.compressed {
        // LZ4 expands at most 255 times, and only bytes whose checksum was right get here.
        FrameDecoder::new(parts.entries)
            .read_to_end(&mut decompressed)
            .map_err(|_| (HEADER_BYTES as u64, "the entries cannot be decompressed"))?;
        decompressed.as_slice()
    } else {
        parts.entries
    };
    visit_entries(entries, parts.count, visit).ok_or((
        HEADER_BYTES as u64,
        "the entries are not as many, as ordered or as long as they should be",
    ))?;
    Ok(parts.header)
}

/// Reads an image and visits its entries in key order; `None` when `path` does not exist.
pub(super) fn read_image(
    fs: &dyn FsOps,
    path: &Path,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<Option<ImageHeader>, StoreError> {
    let file = match fs.open(path, OpenOptions::read_only()) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io_error("open", path)(e)),
    };
    let bytes = read_to_end(&*file).map_err(io_error("read", path))?;
    check_magic(path, &bytes, MAGIC, VERSION)?;
    parse(&bytes, visit)
        .map(Some)
        .map_err(|(offset, reason)| StoreError::Corrupted {
            path: path.to_path_buf(),
            offset,
            reason,
        })
}

/// Reads the snapshot at `path` as anybody may: read-only, from the path alone, while a store is at work on it.
///
/// Every entry is visited in key order, after the whole file was found to be intact. `Ok(false)` says that the path does not
/// exist.
///
/// # Errors
/// `Io`, `Corrupted`, `ForeignFile` and `NewerVersion`. Entries may have been visited before an error.
pub fn read_snapshot(
    fs: &dyn FsOps,
    path: &Path,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<bool, StoreError> {
    Ok(read_image(fs, path, visit)?.is_some())
}
