//! A file that nothing survives.

use super::code::{Answer, Code};

/// Largest temporary file, in bytes: what SQLite can do to one must fit into memory.
const BYTES_MAX: usize = 1 << 30;

/// A temporary file, held in memory.
#[derive(Debug, Default)]
pub(super) struct MemoryFile {
    bytes: Vec<u8>,
}

impl MemoryFile {
    /// Fills `buf` from `offset` and says how many bytes there were.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) -> usize {
        let there = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.bytes.get(offset..))
            .unwrap_or_default();
        let len = there.len().min(buf.len());
        buf[..len].copy_from_slice(&there[..len]);
        len
    }

    pub(super) fn write(&mut self, buf: &[u8], offset: u64) -> Answer {
        let full = Code::new(rusqlite::ffi::SQLITE_FULL);
        let start = usize::try_from(offset).map_err(|_| full)?;
        let end = start
            .checked_add(buf.len())
            .filter(|&end| end <= BYTES_MAX)
            .ok_or(full)?;
        if end > self.bytes.len() {
            self.bytes.resize(end, 0);
        }
        self.bytes[start..end].copy_from_slice(buf);
        Ok(())
    }

    pub(super) fn truncate(&mut self, len: u64) {
        self.bytes
            .truncate(usize::try_from(len).unwrap_or(usize::MAX));
    }

    pub(super) const fn len(&self) -> u64 {
        self.bytes.len() as u64
    }
}
