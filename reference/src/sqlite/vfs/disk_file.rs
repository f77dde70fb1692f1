//! An open file of a mounted host.

use std::ffi::c_void;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ffi;

use super::code::{Answer, Code};
use super::disk::{Disk, FileId, Shared};
use super::locks::Level;
use super::shared_memory::Held;
use crate::fs::{FsFile, write_all_at};

/// A database, journal or write-ahead log.
pub(super) struct DiskFile {
    disk: Arc<Disk>,
    /// There until the file is closed.
    file: Option<Box<dyn FsFile>>,
    path: PathBuf,
    /// Whether the next sync makes the name durable too.
    is_dir_sync_due: bool,
    /// Locks and shared memory, of a database only.
    shared: Option<Arc<Shared>>,
    id: FileId,
    is_writable: bool,
    level: Level,
    held: Option<Held>,
    is_wal_persistent: bool,
    is_powersafe: bool,
    /// The file grows and shrinks by this many bytes; 0 for as many as it takes.
    chunk_bytes: u64,
}

impl DiskFile {
    pub(super) fn new(
        disk: Arc<Disk>,
        file: Box<dyn FsFile>,
        path: &Path,
        is_writable: bool,
    ) -> Self {
        let is_powersafe = disk.options().powersafe_overwrite;
        Self {
            disk,
            file: Some(file),
            path: path.to_path_buf(),
            is_dir_sync_due: false,
            shared: None,
            id: (0, 0),
            is_writable,
            level: Level::None,
            held: None,
            is_wal_persistent: false,
            is_powersafe,
            chunk_bytes: 0,
        }
    }

    /// Makes it a database file.
    pub(super) fn share(&mut self, id: FileId, shared: Arc<Shared>) {
        self.id = id;
        self.shared = Some(shared);
    }

    /// Makes the first sync one of its directory too.
    pub(super) const fn sync_dir_once(&mut self) {
        self.is_dir_sync_due = true;
    }

    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }

    fn file(&self) -> Answer<&dyn FsFile> {
        self.disk.mounted()?;
        self.file.as_deref().ok_or(Code::MISUSE)
    }

    fn failed(&self, code: i32) -> impl Fn(io::Error) -> Code {
        move |error| self.disk.failed(&error, Code::new(code))
    }

    /// What the file is.
    pub(super) fn id(&self) -> Answer<FileId> {
        let metadata = self.file()?.metadata();
        let metadata = metadata.map_err(self.failed(ffi::SQLITE_IOERR_FSTAT))?;
        Ok((metadata.device, metadata.inode))
    }

    /// Fills `buf` from `offset` and says how many bytes there were before the end of the file.
    pub(super) fn read(&self, buf: &mut [u8], offset: u64) -> Answer<usize> {
        let file = self.file()?;
        let mut filled = 0;
        while filled < buf.len() {
            match file.read_at(&mut buf[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.disk.failed(&error, Code::of_read(&error))),
            }
        }
        Ok(filled)
    }

    pub(super) fn write(&self, buf: &[u8], offset: u64) -> Answer {
        write_all_at(self.file()?, buf, offset)
            .map_err(|error| self.disk.failed(&error, Code::of_write(&error)))
    }

    pub(super) fn truncate(&self, len: u64) -> Answer {
        self.file()?
            .set_len(self.in_chunks(len))
            .map_err(self.failed(ffi::SQLITE_IOERR_TRUNCATE))
    }

    pub(super) fn sync(&mut self, is_data_only: bool) -> Answer {
        let file = self.file()?;
        let synced = if is_data_only {
            file.sync_data()
        } else {
            file.sync_all()
        };
        synced.map_err(self.failed(ffi::SQLITE_IOERR_FSYNC))?;
        if self.is_dir_sync_due {
            self.disk.sync_dir_of(&self.path)?;
            self.is_dir_sync_due = false;
        }
        Ok(())
    }

    pub(super) fn len(&self) -> Answer<u64> {
        let metadata = self.file()?.metadata();
        Ok(metadata.map_err(self.failed(ffi::SQLITE_IOERR_FSTAT))?.len)
    }

    /// Closes the file. The handle is gone even after an error.
    pub(super) fn close(&mut self) -> Answer {
        self.let_go();
        match self.file.take().map(FsFile::close) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(self.failed(ffi::SQLITE_IOERR_CLOSE)(error)),
        }
    }

    /// Gives up locks and shared memory.
    fn let_go(&mut self) {
        if let Some(shared) = self.shared.take() {
            if let Some(held) = self.held.take() {
                shared.memory().detach(held);
            }
            shared.locks().lower(&mut self.level, Level::None);
        }
    }

    /// A handle that cannot write gets no lock to write, as with SQLite's own VFS for Unix: with one SQLite would, when it closes the last
    /// connection, remove a write-ahead log that may be another process's.
    pub(super) fn lock(&mut self, wanted: Level) -> Answer {
        self.disk.mounted()?;
        if wanted > Level::Shared && !self.is_writable {
            return Err(Code::new(ffi::SQLITE_IOERR_LOCK));
        }
        match &self.shared {
            Some(shared) => shared.locks().raise(&mut self.level, wanted),
            None => Ok(()),
        }
    }

    pub(super) fn unlock(&mut self, wanted: Level) {
        if let Some(shared) = &self.shared {
            shared.locks().lower(&mut self.level, wanted);
        }
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.shared
            .as_ref()
            .is_some_and(|shared| shared.locks().is_reserved())
    }

    pub(super) const fn level(&self) -> Level {
        self.level
    }

    /// The shared memory, and what this handle holds of it.
    fn shared_memory(&mut self) -> Answer<(&Shared, &mut Held)> {
        self.disk.mounted()?;
        let none = Code::new(ffi::SQLITE_IOERR_SHMMAP);
        let shared = self.shared.as_deref().ok_or(none)?;
        let held = self.held.get_or_insert_with(|| shared.memory().attach());
        Ok((shared, held))
    }

    pub(super) fn map_memory(
        &mut self,
        index: usize,
        bytes: usize,
        extend: bool,
    ) -> Answer<*mut c_void> {
        let (shared, _) = self.shared_memory()?;
        shared.memory().map(index, bytes, extend)
    }

    pub(super) fn take_memory_locks(
        &mut self,
        first: usize,
        count: usize,
        is_exclusive: bool,
    ) -> Answer {
        let (shared, held) = self.shared_memory()?;
        shared.memory().take(held, first, count, is_exclusive)
    }

    pub(super) fn release_memory_locks(&mut self, first: usize, count: usize) {
        if let (Some(shared), Some(held)) = (&self.shared, &mut self.held) {
            shared.memory().release(held, first, count);
        }
    }

    pub(super) fn unmap_memory(&mut self) {
        if let (Some(shared), Some(held)) = (&self.shared, self.held.take()) {
            shared.memory().detach(held);
        }
    }

    pub(super) const fn is_wal_persistent_mut(&mut self) -> &mut bool {
        &mut self.is_wal_persistent
    }

    pub(super) const fn is_powersafe_mut(&mut self) -> &mut bool {
        &mut self.is_powersafe
    }

    pub(super) const fn is_powersafe(&self) -> bool {
        self.is_powersafe
    }

    pub(super) const fn set_chunk_bytes(&mut self, bytes: u64) {
        self.chunk_bytes = bytes;
    }

    fn in_chunks(&self, len: u64) -> u64 {
        match self.chunk_bytes {
            0 => len,
            chunk => len.div_ceil(chunk).saturating_mul(chunk),
        }
    }

    /// The file is about to have this length: where it grows in chunks, space is reserved now.
    pub(super) fn size_hint(&self, len: u64) -> Answer {
        let wanted = self.in_chunks(len);
        let there = self.len()?;
        if self.chunk_bytes == 0 || wanted <= there {
            return Ok(());
        }
        let file = self.file()?;
        // Where the file system cannot reserve space, a longer file is as good as SQLite needs it.
        file.allocate(there, wanted - there)
            .or_else(|_| file.set_len(wanted))
            .map_err(|error| self.disk.failed(&error, Code::of_write(&error)))
    }

    /// Whether the path leads somewhere else than to this file.
    pub(super) fn has_moved(&self) -> Answer<bool> {
        self.disk.mounted()?;
        let there = self.disk.fs().metadata(&self.path);
        let there = there.map_err(self.failed(ffi::SQLITE_IOERR_FSTAT))?;
        let is_here = there.is_some_and(|there| (there.device, there.inode) == self.id);
        Ok(self.shared.is_some() && !is_here)
    }
}

impl Drop for DiskFile {
    fn drop(&mut self) {
        self.let_go();
    }
}
