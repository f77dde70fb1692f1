//! The methods of an open file, as SQLite calls them.
#![expect(
    unsafe_code,
    reason = "SQLite calls these with pointers to its own structures and buffers"
)]

use std::ffi::{c_int, c_void};
use std::ptr;
use std::slice;
use std::sync::atomic::{Ordering, fence};

use rusqlite::ffi;
use rusqlite::ffi::{sqlite3_file, sqlite3_int64};

use super::caught::caught;
use super::code::{Answer, Code};
use super::control::control;
use super::locks::Level;
use super::open_file::OpenFile;

/// What SQLite allocates for an open file. The first field is SQLite's.
#[repr(C)]
struct RawFile {
    base: sqlite3_file,
    /// A box; null once it is closed.
    file: *mut OpenFile,
}

/// The size of what SQLite allocates for an open file, in bytes.
pub(super) const FILE_BYTES: c_int = size_of::<RawFile>() as c_int;

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 3,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
};

/// Says that a file is not open, so that SQLite does not close it.
///
/// # Safety
/// `raw` points to `FILE_BYTES` bytes that SQLite has set aside for a file.
pub(super) unsafe fn clear(raw: *mut sqlite3_file) {
    // SAFETY: as the caller says; the fields are written, and what was there is not read.
    unsafe {
        raw.cast::<RawFile>().write(RawFile {
            base: sqlite3_file {
                pMethods: ptr::null(),
            },
            file: ptr::null_mut(),
        });
    }
}

/// Hands an open file to SQLite, which closes it with `xClose`.
///
/// # Safety
/// `raw` points to `FILE_BYTES` bytes that SQLite has set aside for a file.
pub(super) unsafe fn fill(raw: *mut sqlite3_file, file: OpenFile) {
    // SAFETY: as the caller says; the fields are written, and what was there is not read.
    unsafe {
        raw.cast::<RawFile>().write(RawFile {
            base: sqlite3_file {
                pMethods: &raw const METHODS,
            },
            file: Box::into_raw(Box::new(file)),
        });
    }
}

/// The file behind a pointer of SQLite's.
///
/// # Safety
/// `raw` was filled by [`fill`] and not closed since. SQLite uses a file from one thread at a time, and none of the methods calls
/// back into SQLite, so nothing else refers to the file while the result is in use.
unsafe fn open_file<'a>(raw: *mut sqlite3_file) -> &'a mut OpenFile {
    // SAFETY: as the caller says.
    unsafe { &mut *(*raw.cast::<RawFile>()).file }
}

fn unsigned(number: impl TryInto<u64>) -> Answer<u64> {
    number.try_into().map_err(|_| Code::MISUSE)
}

fn index(number: c_int) -> Answer<usize> {
    usize::try_from(number).map_err(|_| Code::MISUSE)
}

const fn level(number: c_int) -> Level {
    match number {
        ffi::SQLITE_LOCK_NONE => Level::None,
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

unsafe extern "C" fn close(raw: *mut sqlite3_file) -> c_int {
    caught(|| {
        // SAFETY: the box was made by `fill`, and SQLite does not use a file that it has closed.
        let mut file = unsafe {
            let raw = raw.cast::<RawFile>();
            (*raw).base.pMethods = ptr::null();
            Box::from_raw(ptr::replace(&raw mut (*raw).file, ptr::null_mut()))
        };
        file.close()
    })
}

unsafe extern "C" fn read(
    raw: *mut sqlite3_file,
    buffer: *mut c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    caught(|| {
        let amount = index(amount)?;
        // SAFETY: the file is open, and the buffer takes `amount` bytes; the zeros make it one that may be looked at. They are also
        // what a read beyond the end of the file is to show.
        let (file, buffer) = unsafe {
            ptr::write_bytes(buffer.cast::<u8>(), 0, amount);
            let buffer = slice::from_raw_parts_mut(buffer.cast::<u8>(), amount);
            (open_file(raw), buffer)
        };
        if file.read(buffer, unsigned(offset)?)? < amount {
            return Err(Code::new(ffi::SQLITE_IOERR_SHORT_READ));
        }
        Ok(())
    })
}

unsafe extern "C" fn write(
    raw: *mut sqlite3_file,
    buffer: *const c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    caught(|| {
        let amount = index(amount)?;
        // SAFETY: the file is open, and the buffer holds `amount` bytes.
        let (file, buffer) = unsafe {
            let buffer = slice::from_raw_parts(buffer.cast::<u8>(), amount);
            (open_file(raw), buffer)
        };
        file.write(buffer, unsigned(offset)?)
    })
}

unsafe extern "C" fn truncate(raw: *mut sqlite3_file, len: sqlite3_int64) -> c_int {
    // SAFETY: the file is open.
    caught(|| unsafe { open_file(raw) }.truncate(unsigned(len)?))
}

unsafe extern "C" fn sync(raw: *mut sqlite3_file, flags: c_int) -> c_int {
    // A full sync is one that reaches the medium; there is no lesser kind.
    let is_data_only = flags & ffi::SQLITE_SYNC_DATAONLY != 0;
    // SAFETY: the file is open.
    caught(|| unsafe { open_file(raw) }.sync(is_data_only))
}

unsafe extern "C" fn file_size(raw: *mut sqlite3_file, size: *mut sqlite3_int64) -> c_int {
    caught(|| {
        // SAFETY: the file is open.
        let len = unsafe { open_file(raw) }.len()?;
        let len = len.try_into().map_err(|_| Code::MISUSE)?;
        // SAFETY: SQLite gives a place for the answer.
        unsafe { *size = len };
        Ok(())
    })
}

unsafe extern "C" fn lock(raw: *mut sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: the file is open.
    caught(|| match unsafe { open_file(raw) } {
        OpenFile::Disk(file) => file.lock(level(wanted)),
        OpenFile::Memory(_) => Ok(()),
    })
}

unsafe extern "C" fn unlock(raw: *mut sqlite3_file, wanted: c_int) -> c_int {
    caught(|| {
        // SAFETY: the file is open.
        if let OpenFile::Disk(file) = unsafe { open_file(raw) } {
            file.unlock(level(wanted));
        }
        Ok(())
    })
}

unsafe extern "C" fn check_reserved_lock(raw: *mut sqlite3_file, answer: *mut c_int) -> c_int {
    caught(|| {
        // SAFETY: the file is open.
        let is_reserved = match unsafe { open_file(raw) } {
            OpenFile::Disk(file) => file.is_reserved(),
            OpenFile::Memory(_) => false,
        };
        // SAFETY: SQLite gives a place for the answer.
        unsafe { *answer = c_int::from(is_reserved) };
        Ok(())
    })
}

unsafe extern "C" fn file_control(
    raw: *mut sqlite3_file,
    request: c_int,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: the file is open, and SQLite gives each request the argument it has.
    caught(|| unsafe { control(open_file(raw), request, argument) })
}

unsafe extern "C" fn sector_size(raw: *mut sqlite3_file) -> c_int {
    // SAFETY: the file is open.
    match unsafe { open_file(raw) } {
        OpenFile::Disk(file) => {
            c_int::try_from(file.disk().options().sector_bytes).unwrap_or(c_int::MAX)
        }
        OpenFile::Memory(_) => 512,
    }
}

unsafe extern "C" fn device_characteristics(raw: *mut sqlite3_file) -> c_int {
    // SAFETY: the file is open.
    match unsafe { open_file(raw) } {
        OpenFile::Disk(file) if file.is_powersafe() => ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE,
        OpenFile::Disk(_) | OpenFile::Memory(_) => 0,
    }
}

unsafe extern "C" fn shm_map(
    raw: *mut sqlite3_file,
    number: c_int,
    bytes: c_int,
    extend: c_int,
    start: *mut *mut c_void,
) -> c_int {
    caught(|| {
        // SAFETY: SQLite gives a place for the answer, and the file is open.
        let file = unsafe {
            *start = ptr::null_mut();
            open_file(raw)
        };
        let region = file
            .on_disk()?
            .map_memory(index(number)?, index(bytes)?, extend != 0)?;
        // SAFETY: as above.
        unsafe { *start = region };
        Ok(())
    })
}

unsafe extern "C" fn shm_lock(
    raw: *mut sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    caught(|| {
        // SAFETY: the file is open.
        let file = unsafe { open_file(raw) }.on_disk()?;
        let (first, count) = (index(first)?, index(count)?);
        if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
            file.release_memory_locks(first, count);
            return Ok(());
        }
        let is_exclusive = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
        file.take_memory_locks(first, count, is_exclusive)
    })
}

unsafe extern "C" fn shm_barrier(_raw: *mut sqlite3_file) {
    fence(Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(raw: *mut sqlite3_file, _delete: c_int) -> c_int {
    caught(|| {
        // SAFETY: the file is open.
        unsafe { open_file(raw) }.on_disk()?.unmap_memory();
        Ok(())
    })
}

unsafe extern "C" fn fetch(
    _raw: *mut sqlite3_file,
    _offset: sqlite3_int64,
    _amount: c_int,
    page: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite gives a place for the answer. Null says that the page is to be read.
    unsafe { *page = ptr::null_mut() };
    ffi::SQLITE_OK
}

unsafe extern "C" fn unfetch(
    _raw: *mut sqlite3_file,
    _offset: sqlite3_int64,
    _page: *mut c_void,
) -> c_int {
    ffi::SQLITE_OK
}
