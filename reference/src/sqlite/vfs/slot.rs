//! Names under which SQLite finds hosts.
#![expect(
    unsafe_code,
    reason = "SQLite takes a VFS as a pointer to a structure that must live on"
)]

use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::ffi;

use super::disk::Disk;
use super::file_methods::FILE_BYTES;
use super::vfs_methods;

/// Longest path that SQLite may hand over, in bytes.
const PATH_BYTES_MAX: c_int = 1024;

/// Slots that nobody uses.
static FREE: Mutex<Vec<&'static Slot>> = Mutex::new(Vec::new());

/// Slots made so far.
static MADE: AtomicU32 = AtomicU32::new(0);

/// A registered VFS, and the disk behind it.
///
/// SQLite keeps a pointer to the VFS in every connection and says nowhere when it is done with it. So slots are never unregistered
/// and never freed, but used again: there are as many as there ever were mounts at one time. A connection that outlives its mount
/// finds an empty slot, or files whose disk is fenced; its slot goes to another mount only when it has no file open.
#[derive(Debug)]
pub(super) struct Slot {
    name: CString,
    disk: Mutex<Option<Arc<Disk>>>,
}

impl Slot {
    /// A slot that nobody uses.
    pub(super) fn take() -> rusqlite::Result<&'static Self> {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match free {
            Some(slot) => Ok(slot),
            None => Self::register(),
        }
    }

    fn register() -> rusqlite::Result<&'static Self> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = CString::new(format!("plimsoll-{number}")).expect("digits hold no zero byte");
        let slot: &'static Self = Box::leak(Box::new(Self {
            name,
            disk: Mutex::new(None),
        }));
        let vfs = Box::into_raw(Box::new(ffi::sqlite3_vfs {
            szOsFile: FILE_BYTES,
            mxPathname: PATH_BYTES_MAX,
            zName: slot.name.as_ptr(),
            pAppData: ptr::from_ref(slot).cast_mut().cast::<c_void>(),
            ..vfs_methods::METHODS
        }));
        // SAFETY: the structure is complete, is never freed, and from here on belongs to SQLite, which links it into its list.
        let code = unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
        if code == ffi::SQLITE_OK {
            Ok(slot)
        } else {
            Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
        }
    }

    /// The name under which SQLite knows it.
    pub(super) fn name(&self) -> &str {
        self.name.to_str().expect("the name is ASCII")
    }

    /// The same, as SQLite takes it.
    pub(super) fn c_name(&self) -> &CStr {
        &self.name
    }

    /// Puts a disk behind it.
    pub(super) fn fill(&self, disk: &Arc<Disk>) {
        *self.disk.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(disk));
    }

    /// Takes the disk away.
    pub(super) fn empty(&self) {
        let disk = self
            .disk
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Outside of the lock: with the last reference the disk gives the slot back.
        drop(disk);
    }

    /// The disk behind it, unless it was unmounted.
    pub(super) fn disk(&self) -> Option<Arc<Disk>> {
        self.disk
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Lets another mount have it.
    pub(super) fn give_back(&'static self) {
        FREE.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self);
    }

    /// The slot of a VFS that [`Slot::take`] registered.
    ///
    /// # Safety
    /// `vfs` is one of these.
    pub(super) unsafe fn of(vfs: *mut ffi::sqlite3_vfs) -> &'static Self {
        // SAFETY: `register` has put a slot there that is never freed.
        unsafe { &*(*vfs).pAppData.cast::<Self>() }
    }
}
