//! What the files and connections of one mount share.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use nix::errno::Errno;
use rusqlite::ffi;

use super::code::{Answer, Code, errno};
use super::disk_file::DiskFile;
use super::locks::Locks;
use super::options::MountOptions;
use super::random::SplitMix;
use super::shared_memory::SharedMemory;
use super::slot::Slot;
use crate::fs::{FileKind, FsOps, OpenOptions, sync_dir_if_possible};
use crate::host::Host;

/// 1970-01-01T00:00:00Z as SQLite counts: milliseconds since noon of 24 November 4714 BC.
const UNIX_EPOCH_JULIAN_MS: i64 = 210_866_760_000_000;

/// Files whose names SQLite relies on after a crash.
const NAMED_LOGS: c_int =
    ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL | ffi::SQLITE_OPEN_WAL;

/// A file system, and a file on it. Numbers of files are those of their file system: another one gives the same.
pub(super) type FileId = (u64, u64);

/// What the handles on one database file share. Files are told apart by what they are, never by path.
#[derive(Debug, Default)]
pub(super) struct Shared {
    locks: Mutex<Locks>,
    memory: Mutex<SharedMemory>,
}

impl Shared {
    pub(super) fn locks(&self) -> MutexGuard<'_, Locks> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, SharedMemory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A mounted host.
#[derive(Debug)]
pub(super) struct Disk {
    slot: &'static Slot,
    host: Host,
    options: MountOptions,
    is_mounted: AtomicBool,
    last_errno: AtomicI32,
    /// Time slept through where nobody else keeps count of it.
    slept_us: AtomicU64,
    random: Mutex<SplitMix>,
    shared: Mutex<BTreeMap<FileId, Weak<Shared>>>,
}

impl Disk {
    pub(super) fn new(slot: &'static Slot, host: Host, options: MountOptions) -> Self {
        Self {
            slot,
            host,
            is_mounted: AtomicBool::new(true),
            last_errno: AtomicI32::new(0),
            slept_us: AtomicU64::new(0),
            random: Mutex::new(SplitMix::new(options.seed.unwrap_or(0))),
            shared: Mutex::default(),
            options,
        }
    }

    pub(super) const fn slot(&self) -> &'static Slot {
        self.slot
    }

    pub(super) const fn options(&self) -> &MountOptions {
        &self.options
    }

    pub(super) fn fs(&self) -> &dyn FsOps {
        &*self.host.fs
    }

    /// From now on every call of a connection fails and has no effect.
    pub(super) fn unmount(&self) {
        self.is_mounted.store(false, Ordering::Release);
        self.slot.empty();
    }

    /// Whether connections may still do anything.
    pub(super) fn mounted(&self) -> Answer {
        if self.is_mounted.load(Ordering::Acquire) {
            Ok(())
        } else {
            Err(Code::new(ffi::SQLITE_IOERR))
        }
    }

    pub(super) fn last_errno(&self) -> c_int {
        self.last_errno.load(Ordering::Relaxed)
    }

    /// Remembers an error of the file system, and returns the code it falls under.
    pub(super) fn failed(&self, error: &io::Error, code: Code) -> Code {
        self.last_errno
            .store(errno(error) as c_int, Ordering::Relaxed);
        code
    }

    /// Opens a file that has a name, and says with which flags that was possible.
    pub(super) fn open(self: &Arc<Self>, path: &Path, flags: c_int) -> Answer<(DiskFile, c_int)> {
        self.mounted()?;
        let has = |flag| flags & flag != 0;
        let mut options = OpenOptions::read_only();
        if has(ffi::SQLITE_OPEN_READWRITE) {
            options = OpenOptions::read_write();
            if has(ffi::SQLITE_OPEN_CREATE) && has(ffi::SQLITE_OPEN_EXCLUSIVE) {
                options = options.create_new();
            } else if has(ffi::SQLITE_OPEN_CREATE) {
                options = options.create();
            }
        }
        let mut opened = self.host.fs.open(path, options);
        let mut granted = flags;
        if let Err(error) = &opened
            && has(ffi::SQLITE_OPEN_READWRITE)
            && matches!(errno(error), Errno::EACCES | Errno::EPERM | Errno::EROFS)
        {
            // A database that may not be written can still be read.
            opened = self.host.fs.open(path, OpenOptions::read_only());
            granted &= !(ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE);
            granted |= ffi::SQLITE_OPEN_READONLY;
        }
        let file = opened.map_err(|error| self.failed(&error, Code::of_open(&error)))?;
        let is_writable = granted & ffi::SQLITE_OPEN_READWRITE != 0;
        let mut file = DiskFile::new(Arc::clone(self), file, path, is_writable);
        if has(ffi::SQLITE_OPEN_MAIN_DB) {
            let id = file.id()?;
            file.share(id, self.shared(id));
        }
        if has(ffi::SQLITE_OPEN_CREATE) && flags & NAMED_LOGS != 0 {
            file.sync_dir_once();
        }
        Ok((file, granted))
    }

    /// What the handles on this file share.
    fn shared(&self, id: FileId) -> Arc<Shared> {
        let mut all = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = all.get(&id).and_then(Weak::upgrade) {
            return shared;
        }
        all.retain(|_, shared| shared.strong_count() > 0);
        let shared = Arc::new(Shared::default());
        all.insert(id, Arc::downgrade(&shared));
        shared
    }

    /// Removes a file, and makes that durable when `sync_dir` says so.
    pub(super) fn delete(&self, path: &Path, sync_dir: bool) -> Answer {
        self.mounted()?;
        self.host
            .fs
            .remove_file(path)
            .map_err(|error| self.failed(&error, Code::of_delete(&error)))?;
        if sync_dir {
            self.sync_dir_of(path)?;
        }
        Ok(())
    }

    /// Makes the entries of the directory of a file durable.
    pub(super) fn sync_dir_of(&self, path: &Path) -> Answer {
        let parent = path.parent().unwrap_or(Path::new(""));
        sync_dir_if_possible(&*self.host.fs, parent).map_err(|error| {
            let code = Code::new(ffi::SQLITE_IOERR_DIR_FSYNC);
            self.failed(&error, code)
        })
    }

    /// Whether there is a file of this name. Where `is_content_wanted`, an empty one counts as none: SQLite asks so for journals,
    /// and its own VFS for Unix answers so.
    pub(super) fn exists(&self, path: &Path, is_content_wanted: bool) -> Answer<bool> {
        self.mounted()?;
        let found = self.host.fs.metadata(path).map_err(|error| {
            let code = Code::new(ffi::SQLITE_IOERR_ACCESS);
            self.failed(&error, code)
        })?;
        Ok(found.is_some_and(|metadata| {
            !is_content_wanted || metadata.kind != FileKind::File || metadata.len > 0
        }))
    }

    pub(super) fn randomness(&self, bytes: &mut [u8]) {
        self.random
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .fill(bytes);
    }

    pub(super) fn sleep(&self, time: Duration) {
        match &self.options.sleeper {
            Some(sleeper) => sleeper(time),
            None => {
                let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
                self.slept_us.fetch_add(us, Ordering::Relaxed);
            }
        }
    }

    /// The time as SQLite counts it, in milliseconds.
    pub(super) fn julian_ms(&self) -> i64 {
        let slept = Duration::from_micros(self.slept_us.load(Ordering::Relaxed));
        let since_1970 = self
            .options
            .clock_origin
            .saturating_add(self.host.clock.now())
            .saturating_add(slept);
        let ms = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        UNIX_EPOCH_JULIAN_MS.saturating_add(ms)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.slot.give_back();
    }
}
