//! `xFileControl`: what SQLite asks and tells a file beyond reading and writing.
#![expect(
    unsafe_code,
    reason = "each request has an argument of its own type behind an untyped pointer"
)]

use std::ffi::{c_char, c_int, c_void};

use rusqlite::ffi;

use super::code::{Answer, Code};
use super::disk_file::DiskFile;
use super::open_file::OpenFile;

/// Answers a request.
///
/// # Safety
/// `argument` points to what SQLite's documentation says for `request`.
pub(super) unsafe fn control(file: &mut OpenFile, request: c_int, argument: *mut c_void) -> Answer {
    let file = file.on_disk()?;
    let number = argument.cast::<c_int>();
    let long = argument.cast::<ffi::sqlite3_int64>();
    match request {
        // SAFETY: these requests take an int.
        ffi::SQLITE_FCNTL_LOCKSTATE => unsafe { *number = file.level() as c_int },
        ffi::SQLITE_FCNTL_LAST_ERRNO => unsafe { *number = file.disk().last_errno() },
        ffi::SQLITE_FCNTL_PERSIST_WAL => unsafe { exchange(file.is_wal_persistent_mut(), number) },
        ffi::SQLITE_FCNTL_POWERSAFE_OVERWRITE => unsafe {
            exchange(file.is_powersafe_mut(), number);
        },
        ffi::SQLITE_FCNTL_CHUNK_SIZE => {
            // SAFETY: this request takes an int.
            let bytes = unsafe { *number };
            file.set_chunk_bytes(u64::try_from(bytes).unwrap_or(0));
        }
        ffi::SQLITE_FCNTL_SIZE_HINT => {
            // SAFETY: this request takes a 64-bit integer.
            let len = unsafe { *long };
            file.size_hint(u64::try_from(len).unwrap_or(0))?;
        }
        ffi::SQLITE_FCNTL_HAS_MOVED => {
            let has_moved = file.has_moved()?;
            // SAFETY: this request takes an int.
            unsafe { *number = c_int::from(has_moved) };
        }
        // SAFETY: this request takes a 64-bit integer; there are no memory maps.
        ffi::SQLITE_FCNTL_MMAP_SIZE => unsafe { *long = 0 },
        // SAFETY: this request takes a pointer to a string.
        ffi::SQLITE_FCNTL_VFSNAME => unsafe { name(file, argument.cast::<*mut c_char>())? },
        _ => return Err(Code::NOT_FOUND),
    }
    Ok(())
}

/// Sets a flag, or says how it is when the argument is negative.
///
/// # Safety
/// `argument` points to an int.
const unsafe fn exchange(flag: &mut bool, argument: *mut c_int) {
    // SAFETY: as the caller says.
    unsafe {
        if *argument < 0 {
            *argument = *flag as c_int;
        } else {
            *flag = *argument != 0;
        }
    }
}

/// Hands out the name of the VFS.
///
/// # Safety
/// `argument` points to a pointer that may be overwritten.
unsafe fn name(file: &DiskFile, argument: *mut *mut c_char) -> Answer {
    // SAFETY: the format takes one string that ends with a zero byte. Whoever asked frees the copy, which is SQLite's own memory.
    unsafe {
        let copy = ffi::sqlite3_mprintf(c"%s".as_ptr(), file.disk().slot().c_name().as_ptr());
        if copy.is_null() {
            return Err(Code::new(ffi::SQLITE_NOMEM));
        }
        *argument = copy;
    }
    Ok(())
}
