//! A file read in chunks, so that memory does not grow with it.

use std::io::{self, Read};

use crate::fs::{FsFile, read_up_to};

/// How much is read or gathered at once.
pub(super) const CHUNK_BYTES: usize = 64 << 10;

/// A file of known length and one chunk of it. A file that fits into one chunk is read once, however often it is looked at.
pub(super) struct Chunks<'a> {
    file: &'a dyn FsFile,
    len: u64,
    start: u64,
    chunk: Vec<u8>,
    /// The first error of a read, which a decoder in between may have wrapped.
    failed: Option<io::Error>,
}

impl<'a> Chunks<'a> {
    /// The file as long as it is now.
    pub(super) fn new(file: &'a dyn FsFile) -> io::Result<Self> {
        Ok(Self {
            len: file.metadata()?.len,
            file,
            start: 0,
            chunk: Vec::new(),
            failed: None,
        })
    }

    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Some bytes from `offset` on: none only at the end.
    pub(super) fn at(&mut self, offset: u64) -> io::Result<&[u8]> {
        let end = self.start + self.chunk.len() as u64;
        if offset < self.len && !(self.start..end).contains(&offset) {
            // Less than a chunk, so that the length fits.
            let len = (self.len - offset).min(CHUNK_BYTES as u64) as usize;
            self.chunk.resize(len, 0);
            self.start = offset;
            let filled = read_up_to(self.file, &mut self.chunk, offset);
            self.chunk.truncate(*filled.as_ref().unwrap_or(&0));
            if filled? < len {
                // It is shorter than it said.
                self.len = offset + self.chunk.len() as u64;
            }
        }
        let skipped = usize::try_from(offset.saturating_sub(self.start)).unwrap_or(usize::MAX);
        Ok(self.chunk.get(skipped..).unwrap_or_default())
    }

    /// Fills `buf` from `offset` on; `None` when the file ends first.
    pub(super) fn array<const N: usize>(&mut self, offset: u64) -> io::Result<Option<[u8; N]>> {
        let mut bytes = [0; N];
        let mut span = self.span(offset, offset.saturating_add(N as u64));
        match span.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(e) => match self.failed.take() {
                Some(failed) => Err(failed),
                None if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
                None => Err(e),
            },
        }
    }

    /// The CRC32C of the bytes before `end`.
    pub(super) fn checksum(&mut self, end: u64) -> io::Result<u32> {
        let (mut crc, mut offset) = (0, 0);
        while offset < end {
            let left = usize::try_from(end - offset).unwrap_or(usize::MAX);
            let bytes = self.at(offset)?;
            let bytes = bytes.get(..left).unwrap_or(bytes);
            if bytes.is_empty() {
                break;
            }
            crc = crc32c::crc32c_append(crc, bytes);
            offset += bytes.len() as u64;
        }
        Ok(crc)
    }

    /// The bytes from `at` to `end`, as a stream.
    pub(super) const fn span(&mut self, at: u64, end: u64) -> Span<'_, 'a> {
        Span {
            chunks: self,
            at,
            end,
        }
    }

    /// The error of a read that a stream has met.
    pub(super) const fn take_failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }
}

/// Part of a file as a stream.
pub(super) struct Span<'c, 'a> {
    chunks: &'c mut Chunks<'a>,
    at: u64,
    end: u64,
}

impl Read for Span<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let bytes = match self.chunks.at(self.at) {
            Ok(bytes) => bytes,
            Err(error) => {
                let kind = error.kind();
                self.chunks.failed = Some(error);
                return Err(kind.into());
            }
        };
        let count = bytes.len().min(left).min(buf.len());
        buf[..count].copy_from_slice(&bytes[..count]);
        self.at += count as u64;
        Ok(count)
    }
}
