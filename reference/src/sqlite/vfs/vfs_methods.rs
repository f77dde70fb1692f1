//! The methods of the VFS, as SQLite calls them.
#![expect(
    unsafe_code,
    reason = "SQLite calls these with pointers to its own structures and buffers"
)]

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::ffi;
use rusqlite::ffi::{sqlite3_file, sqlite3_int64, sqlite3_vfs};

use super::caught::caught;
use super::code::{Answer, Code};
use super::disk::Disk;
use super::file_methods;
use super::memory_file::MemoryFile;
use super::open_file::OpenFile;
use super::slot::Slot;

/// Milliseconds of a day, the unit of `xCurrentTime`.
const DAY_MS: f64 = 86_400_000.0;

/// Everything but what differs from VFS to VFS.
pub(super) const METHODS: sqlite3_vfs = sqlite3_vfs {
    iVersion: 2,
    szOsFile: 0,
    mxPathname: 0,
    pNext: ptr::null_mut(),
    zName: ptr::null(),
    pAppData: ptr::null_mut(),
    xOpen: Some(open),
    xDelete: Some(delete),
    xAccess: Some(access),
    xFullPathname: Some(full_pathname),
    xDlOpen: Some(dl_open),
    xDlError: Some(dl_error),
    xDlSym: Some(dl_sym),
    xDlClose: Some(dl_close),
    xRandomness: Some(randomness),
    xSleep: Some(sleep),
    xCurrentTime: Some(current_time),
    xGetLastError: Some(get_last_error),
    xCurrentTimeInt64: Some(current_time_int64),
    xSetSystemCall: None,
    xGetSystemCall: None,
    xNextSystemCall: None,
};

/// The disk behind a VFS.
///
/// # Safety
/// The VFS is one of ours.
unsafe fn disk(vfs: *mut sqlite3_vfs) -> Answer<Arc<Disk>> {
    // SAFETY: as the caller says.
    let slot = unsafe { Slot::of(vfs) };
    slot.disk().ok_or(Code::new(ffi::SQLITE_CANTOPEN))
}

/// A path of SQLite's.
///
/// # Safety
/// `name` ends with a zero byte and outlives the result.
unsafe fn path<'a>(name: *const c_char) -> &'a Path {
    // SAFETY: as the caller says.
    let name = unsafe { CStr::from_ptr(name) };
    Path::new(OsStr::from_bytes(name.to_bytes()))
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: ffi::sqlite3_filename,
    raw: *mut sqlite3_file,
    flags: c_int,
    granted: *mut c_int,
) -> c_int {
    // SAFETY: SQLite has set the bytes of a file aside. First of all, so that it does not close what was never opened.
    unsafe { file_methods::clear(raw) };
    caught(|| {
        // SAFETY: the VFS is one of ours.
        let disk = unsafe { disk(vfs) }?;
        let is_temporary = name.is_null() || flags & ffi::SQLITE_OPEN_DELETEONCLOSE != 0;
        let (file, flags) = if is_temporary {
            (OpenFile::Memory(MemoryFile::default()), flags)
        } else {
            // SAFETY: the name is there and ends with a zero byte.
            let (mut file, granted) = disk.open(unsafe { path(name) }, flags)?;
            let asks = ffi::SQLITE_OPEN_MAIN_DB | ffi::SQLITE_OPEN_URI;
            if flags & asks == asks {
                let is_powersafe = file.is_powersafe_mut();
                // SAFETY: the name of a main database has its URI parameters behind it.
                let answer = unsafe {
                    ffi::sqlite3_uri_boolean(name, c"psow".as_ptr(), c_int::from(*is_powersafe))
                };
                *is_powersafe = answer != 0;
            }
            (OpenFile::Disk(file), granted)
        };
        // SAFETY: SQLite has set the bytes of a file aside, and gives a place for the flags or none.
        unsafe {
            file_methods::fill(raw, file);
            if !granted.is_null() {
                *granted = flags;
            }
        }
        Ok(())
    })
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync_dir: c_int) -> c_int {
    // SAFETY: the VFS is one of ours, and the name ends with a zero byte.
    caught(|| unsafe { disk(vfs)?.delete(path(name), sync_dir != 0) })
}

unsafe extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    answer: *mut c_int,
) -> c_int {
    caught(|| {
        let is_content_wanted = flags == ffi::SQLITE_ACCESS_EXISTS;
        // SAFETY: the VFS is one of ours, the name ends with a zero byte, and SQLite gives a place for the answer.
        unsafe {
            *answer = 0;
            *answer = c_int::from(disk(vfs)?.exists(path(name), is_content_wanted)?);
        }
        Ok(())
    })
}

/// Paths are left as they are: what a relative one means is up to the host's file system.
unsafe extern "C" fn full_pathname(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    bytes: c_int,
    full: *mut c_char,
) -> c_int {
    // SAFETY: the name ends with a zero byte.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if usize::try_from(bytes).is_ok_and(|bytes| name.len() > bytes) {
        return ffi::SQLITE_CANTOPEN_FULLPATH;
    }
    // SAFETY: there is room for the name and its zero byte, and the two do not overlap.
    unsafe { ptr::copy_nonoverlapping(name.as_ptr().cast::<c_char>(), full, name.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn dl_open(_vfs: *mut sqlite3_vfs, _name: *const c_char) -> *mut c_void {
    ptr::null_mut()
}

unsafe extern "C" fn dl_error(_vfs: *mut sqlite3_vfs, bytes: c_int, text: *mut c_char) {
    // SAFETY: there is room for `bytes` bytes, and the format takes no argument.
    unsafe {
        ffi::sqlite3_snprintf(bytes, text, c"extensions cannot be loaded".as_ptr());
    }
}

unsafe extern "C" fn dl_sym(
    _vfs: *mut sqlite3_vfs,
    _library: *mut c_void,
    _name: *const c_char,
) -> Option<unsafe extern "C" fn(*mut sqlite3_vfs, *mut c_void, *const c_char)> {
    None
}

unsafe extern "C" fn dl_close(_vfs: *mut sqlite3_vfs, _library: *mut c_void) {}

unsafe extern "C" fn randomness(vfs: *mut sqlite3_vfs, bytes: c_int, buffer: *mut c_char) -> c_int {
    let Ok(len) = usize::try_from(bytes) else {
        return 0;
    };
    let code = caught(|| {
        // SAFETY: the VFS is one of ours, and the buffer takes `len` bytes; the zeros make it one that may be looked at.
        let (disk, buffer) = unsafe {
            ptr::write_bytes(buffer, 0, len);
            let buffer = slice::from_raw_parts_mut(buffer.cast::<u8>(), len);
            (disk(vfs)?, buffer)
        };
        disk.randomness(buffer);
        Ok(())
    });
    if code == ffi::SQLITE_OK { bytes } else { 0 }
}

unsafe extern "C" fn sleep(vfs: *mut sqlite3_vfs, microseconds: c_int) -> c_int {
    caught(|| {
        let time = Duration::from_micros(u64::try_from(microseconds).unwrap_or(0));
        // SAFETY: the VFS is one of ours.
        unsafe { disk(vfs) }?.sleep(time);
        Ok(())
    });
    microseconds
}

unsafe extern "C" fn current_time(vfs: *mut sqlite3_vfs, days: *mut f64) -> c_int {
    caught(|| {
        // SAFETY: the VFS is one of ours, and SQLite gives a place for the answer.
        unsafe { *days = disk(vfs)?.julian_ms() as f64 / DAY_MS };
        Ok(())
    })
}

unsafe extern "C" fn current_time_int64(vfs: *mut sqlite3_vfs, ms: *mut sqlite3_int64) -> c_int {
    caught(|| {
        // SAFETY: the VFS is one of ours, and SQLite gives a place for the answer.
        unsafe { *ms = disk(vfs)?.julian_ms() };
        Ok(())
    })
}

unsafe extern "C" fn get_last_error(
    vfs: *mut sqlite3_vfs,
    _bytes: c_int,
    _text: *mut c_char,
) -> c_int {
    // SAFETY: the VFS is one of ours.
    unsafe { disk(vfs) }.map_or(0, |disk| disk.last_errno())
}
