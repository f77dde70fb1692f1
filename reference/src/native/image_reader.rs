//! Reading a snapshot file, chunk by chunk: once to find it whole, and once to visit what is in it.

use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;

use lz4_flex::frame::FrameDecoder;

use crate::fs::{FsOps, OpenOptions};

use super::chunks::Chunks;
use super::codec::Reader;
use super::error::{StoreError, io_error};
use super::image::{FLAG_LZ4, FLAG_VOIDS, FOOTER_BYTES, HEADER_BYTES, ImageHeader, MAGIC, VERSION};
use super::limits::{KEY_BYTES_MAX, SEGMENT_NUMBER_MAX, SEQUENCE_MAX, VALUE_BYTES_MAX};
use super::segment::check_magic;

/// The parts of an image whose checksum is right.
struct Parts {
    header: ImageHeader,
    compressed: bool,
    /// Where the entries end.
    end: u64,
    count: u64,
}

/// What is wrong with a file.
enum Trouble {
    /// It could not be read.
    Io(io::Error),
    /// It is damaged, at which offset and how.
    Damage(u64, &'static str),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn split(chunks: &mut Chunks<'_>) -> Result<Parts, Trouble> {
    let len = chunks.len();
    let short = || Trouble::Damage(len, "the file ends within its header or footer");
    let crc_at = len.checked_sub(4).ok_or_else(short)?;
    let sum = chunks.checksum(crc_at)?;
    let crc: [u8; 4] = chunks.array(crc_at)?.ok_or_else(short)?;
    if sum != u32::from_le_bytes(crc) {
        return Err(Trouble::Damage(0, "the file does not match its checksum"));
    }
    let end = len
        .checked_sub(FOOTER_BYTES as u64)
        .filter(|&end| end >= HEADER_BYTES as u64)
        .ok_or_else(short)?;
    let footer: [u8; FOOTER_BYTES] = chunks.array(end)?.ok_or_else(short)?;
    let header: [u8; HEADER_BYTES] = chunks.array(0)?.ok_or_else(short)?;
    let mut reader = Reader::new(header.get(12..).unwrap_or_default());
    let flags = reader.u32().ok_or_else(short)?;
    let header = ImageHeader {
        covered: reader.u64().ok_or_else(short)?,
        floor: reader.u64().ok_or_else(short)?,
        segment: reader.u64().ok_or_else(short)?,
        voids: flags & FLAG_VOIDS != 0,
    };
    let mut reader = Reader::new(&footer);
    let count = reader.u64().ok_or_else(short)?;
    let stored = reader.u64().ok_or_else(short)?;
    if flags & !(FLAG_LZ4 | FLAG_VOIDS) != 0 {
        return Err(Trouble::Damage(12, "there is an unknown flag"));
    }
    if header.covered > SEQUENCE_MAX
        || header.floor > header.covered
        || header.segment > SEGMENT_NUMBER_MAX
    {
        return Err(Trouble::Damage(16, "the numbers are out of range"));
    }
    if stored != end - HEADER_BYTES as u64 {
        return Err(Trouble::Damage(
            end + 8,
            "the entries have another length than the footer says",
        ));
    }
    Ok(Parts {
        header,
        compressed: flags & FLAG_LZ4 != 0,
        end,
        count,
    })
}

/// Replaces `out` by the next `len` bytes; `None` when there are fewer. Memory follows the bytes that there are, not `len`.
fn take(source: &mut dyn Read, len: u32, out: &mut Vec<u8>) -> Option<()> {
    out.clear();
    let taken = source.take(u64::from(len)).read_to_end(out).ok()?;
    (taken as u64 == u64::from(len)).then_some(())
}

/// What visits the entries of an image, for as long as it likes.
pub(super) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Visits `count` entries, which must be all there is; `None` when they are not as they should be, or were not all visited.
fn visit_entries(source: &mut dyn Read, count: u64, visit: &mut Visit<'_>) -> Option<()> {
    let (mut last, mut key, mut value) = (Vec::new(), Vec::new(), Vec::new());
    for index in 0..count {
        let mut lengths = [0; 8];
        source.read_exact(&mut lengths).ok()?;
        let mut reader = Reader::new(&lengths);
        let key_len = reader.u32().filter(|&len| len <= KEY_BYTES_MAX)?;
        let value_len = reader.u32().filter(|&len| len <= VALUE_BYTES_MAX)?;
        take(source, key_len, &mut key)?;
        take(source, value_len, &mut value)?;
        if index > 0 && last >= key {
            return None;
        }
        if visit(&key, &value).is_break() {
            return None;
        }
        std::mem::swap(&mut last, &mut key);
    }
    let more = source.read(&mut [0]).ok()?;
    (more == 0).then_some(())
}

fn parse(chunks: &mut Chunks<'_>, visit: &mut Visit<'_>) -> Result<ImageHeader, Trouble> {
    let parts = split(chunks)?;
    let mut entries = chunks.span(HEADER_BYTES as u64, parts.end);
    let visited = if parts.compressed {
        // Only bytes whose checksum was right get here, and a frame is decompressed block by block.
        let mut decoder = FrameDecoder::new(&mut entries);
        visit_entries(&mut decoder, parts.count, visit)
    } else {
        visit_entries(&mut entries, parts.count, visit)
    };
    match chunks.take_failure() {
        Some(error) => Err(Trouble::Io(error)),
        None => visited.map(|()| parts.header).ok_or(Trouble::Damage(
            HEADER_BYTES as u64,
            "the entries are not as many, as ordered or as long as they should be",
        )),
    }
}

/// Reads an image and visits its entries in key order; `None` when `path` does not exist.
pub(super) fn read_image(
    fs: &dyn FsOps,
    path: &Path,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<Option<ImageHeader>, StoreError> {
    read_image_while(fs, path, &mut |key, value| {
        visit(key, value);
        ControlFlow::Continue(())
    })
}

/// The same for as long as `visit` goes on; where it does not there is an error, of which only the visitor knows that it means nothing.
pub(super) fn read_image_while(
    fs: &dyn FsOps,
    path: &Path,
    visit: &mut Visit<'_>,
) -> Result<Option<ImageHeader>, StoreError> {
    let file = match fs.open(path, OpenOptions::read_only()) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(io_error("open", path)(e)),
    };
    let mut chunks = Chunks::new(&*file).map_err(io_error("read", path))?;
    check_magic(
        path,
        chunks.at(0).map_err(io_error("read", path))?,
        MAGIC,
        VERSION,
    )?;
    parse(&mut chunks, visit)
        .map(Some)
        .map_err(|trouble| match trouble {
            Trouble::Io(error) => io_error("read", path)(error),
            Trouble::Damage(offset, reason) => StoreError::Corrupted {
                path: path.to_path_buf(),
                offset,
                reason,
            },
        })
}

/// Reads the snapshot or copy at `path` as anybody may: read-only, from the path alone, while a store is at work on it.
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
