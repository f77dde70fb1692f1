//! A snapshot file.
//!
//! ```text
//! magic 8 bytes | version u32 | flags u32 | covered u64 | floor u64 | segment u64                       (header)
//! entries: key length u32, value length u32, key, value; ascending keys; as one LZ4 frame when flag 1 is set
//! count u64 | entries' bytes as stored u64 | zero u32 | CRC32C of everything before u32                 (footer)
//! ```
//!
//! With flag 2, no segment up to number `segment` counts, whatever is in it: the image was put in place of everything there was.
//!
//! The checksum covers the bytes as stored, so that nothing is decompressed or parsed that was not first found whole. An image is
//! written and read (see `image_reader`) in chunks: beyond what it is made of it takes the memory of one chunk and one entry.

use std::io::{self, Write};
use std::path::Path;

use lz4_flex::frame::FrameEncoder;

use crate::fs::{FsFile, append_all};

use super::chunks::CHUNK_BYTES;
use super::codec::{put_u32, put_u64};
use super::error::{StoreError, io_error};
use super::limits::SEQUENCE_MAX;
use super::options::Compression;
use super::table::Table;

pub(super) const MAGIC: [u8; 8] = *b"\xffPLIMimg";
pub(super) const VERSION: u32 = 1;
pub(super) const FLAG_LZ4: u32 = 1;
pub(super) const FLAG_VOIDS: u32 = 2;
pub(super) const HEADER_BYTES: usize = 40;
pub(super) const FOOTER_BYTES: usize = 24;

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
    /// Whether no segment up to that one counts. The log need not have it then.
    pub(super) voids: bool,
}

impl ImageHeader {
    /// Number of the newest segment that does not count, or 0.
    pub(super) const fn void(&self) -> u64 {
        if self.voids { self.segment } else { 0 }
    }
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
        let mut chunk = std::mem::take(&mut self.chunk);
        let spilt = self.append(&chunk);
        chunk.clear();
        self.chunk = chunk;
        spilt
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.crc = crc32c::crc32c_append(self.crc, bytes);
        self.written += bytes.len() as u64;
        append_all(self.file, bytes)
    }

    const fn len(&self) -> u64 {
        self.written + self.chunk.len() as u64
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.chunk.len() + bytes.len() > CHUNK_BYTES {
            self.spill()?;
        }
        if bytes.len() > CHUNK_BYTES {
            self.append(bytes)?;
        } else {
            self.chunk.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // What remains is written with the footer.
    }
}

/// What an image is made of.
pub(super) trait Content {
    /// Hands over every key and its value, in ascending order of the keys.
    fn write_to(&self, image: &mut ImageWriter<'_>) -> Result<(), StoreError>;
}

impl Content for Table {
    fn write_to(&self, image: &mut ImageWriter<'_>) -> Result<(), StoreError> {
        self.iter()
            .try_for_each(|(key, value)| image.put(key, value))
    }
}

/// The entries of an image on their way to its file.
pub(super) struct ImageWriter<'a> {
    body: Body<'a>,
    path: &'a Path,
    count: u64,
}

enum Body<'a> {
    Plain(Sink<'a>),
    Lz4(Box<FrameEncoder<Sink<'a>>>),
}

impl ImageWriter<'_> {
    /// Adds an entry, behind those with lesser keys.
    pub(super) fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.count += 1;
        let written = match &mut self.body {
            Body::Plain(sink) => write_entry(sink, key, value),
            Body::Lz4(encoder) => write_entry(encoder, key, value),
        };
        written.map_err(io_error("append to", self.path))
    }

    fn finish(self) -> io::Result<()> {
        let mut sink = match self.body {
            Body::Plain(sink) => sink,
            Body::Lz4(encoder) => encoder.finish()?,
        };
        let stored = sink.len() - HEADER_BYTES as u64;
        put_u64(&mut sink.chunk, self.count);
        put_u64(&mut sink.chunk, stored);
        put_u32(&mut sink.chunk, 0);
        let crc = crc32c::crc32c_append(sink.crc, &sink.chunk);
        put_u32(&mut sink.chunk, crc);
        sink.spill()
    }
}

fn write_entry(out: &mut impl Write, key: &[u8], value: &[u8]) -> io::Result<()> {
    // The lengths were checked when the entry was committed.
    out.write_all(&(key.len() as u32).to_le_bytes())?;
    out.write_all(&(value.len() as u32).to_le_bytes())?;
    out.write_all(key)?;
    out.write_all(value)
}

/// Appends a whole image to an empty file, which errors call `path`. Syncs nothing.
pub(super) fn write_image(
    file: &dyn FsFile,
    path: &Path,
    content: &dyn Content,
    header: ImageHeader,
    compression: Compression,
) -> Result<(), StoreError> {
    debug_assert!(header.floor <= header.covered && header.covered <= SEQUENCE_MAX);
    let mut sink = Sink {
        file,
        chunk: Vec::new(),
        crc: 0,
        written: 0,
    };
    sink.chunk.extend_from_slice(&MAGIC);
    put_u32(&mut sink.chunk, VERSION);
    let lz4 = if compression == Compression::Lz4 {
        FLAG_LZ4
    } else {
        0
    };
    let voids = if header.voids { FLAG_VOIDS } else { 0 };
    put_u32(&mut sink.chunk, lz4 | voids);
    put_u64(&mut sink.chunk, header.covered);
    put_u64(&mut sink.chunk, header.floor);
    put_u64(&mut sink.chunk, header.segment);
    debug_assert_eq!(sink.len(), HEADER_BYTES as u64);
    let mut writer = ImageWriter {
        body: match compression {
            Compression::None => Body::Plain(sink),
            Compression::Lz4 => Body::Lz4(Box::new(FrameEncoder::new(sink))),
        },
        path,
        count: 0,
    };
    content.write_to(&mut writer)?;
    writer.finish().map_err(io_error("append to", path))
}
