//! A file as SQLite has it open.

use super::code::{Answer, Code};
use super::disk_file::DiskFile;
use super::memory_file::MemoryFile;

/// A file of the disk, or a temporary one.
pub(super) enum OpenFile {
    Disk(DiskFile),
    Memory(MemoryFile),
}

impl OpenFile {
    /// Fills `buf`, and says how many bytes there were before the end of the file.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) -> Answer<usize> {
        match self {
            Self::Disk(file) => file.read(buf, offset),
            Self::Memory(file) => Ok(file.read(buf, offset)),
        }
    }

    pub(super) fn write(&mut self, buf: &[u8], offset: u64) -> Answer {
        match self {
            Self::Disk(file) => file.write(buf, offset),
            Self::Memory(file) => file.write(buf, offset),
        }
    }

    pub(super) fn truncate(&mut self, len: u64) -> Answer {
        match self {
            Self::Disk(file) => file.truncate(len),
            Self::Memory(file) => {
                file.truncate(len);
                Ok(())
            }
        }
    }

    pub(super) fn sync(&mut self, is_data_only: bool) -> Answer {
        match self {
            Self::Disk(file) => file.sync(is_data_only),
            Self::Memory(_) => Ok(()),
        }
    }

    pub(super) fn len(&self) -> Answer<u64> {
        match self {
            Self::Disk(file) => file.len(),
            Self::Memory(file) => Ok(file.len()),
        }
    }

    pub(super) fn close(&mut self) -> Answer {
        match self {
            Self::Disk(file) => file.close(),
            Self::Memory(_) => Ok(()),
        }
    }

    /// The file on the disk, for what temporary files do not have.
    pub(super) const fn on_disk(&mut self) -> Answer<&mut DiskFile> {
        match self {
            Self::Disk(file) => Ok(file),
            Self::Memory(_) => Err(Code::NOT_FOUND),
        }
    }
}
