//! Result codes of SQLite, and what errors of the file system become.

use std::ffi::c_int;
use std::io;

use nix::errno::Errno;
use rusqlite::ffi;

/// A result code that is not success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Code(c_int);

/// What a method of the VFS returns.
pub(super) type Answer<T = ()> = Result<T, Code>;

impl Code {
    /// What the operating system did not do falls under this code.
    pub(super) const fn new(number: c_int) -> Self {
        assert!(number != ffi::SQLITE_OK, "success is no error");
        Self(number)
    }

    pub(super) const BUSY: Self = Self::new(ffi::SQLITE_BUSY);
    pub(super) const NOT_FOUND: Self = Self::new(ffi::SQLITE_NOTFOUND);
    pub(super) const MISUSE: Self = Self::new(ffi::SQLITE_MISUSE);

    /// The number that SQLite knows.
    pub(super) const fn number(self) -> c_int {
        self.0
    }

    /// A read that failed. Errors of the medium are told from others, as SQLite's own VFS for Unix does.
    pub(super) fn of_read(error: &io::Error) -> Self {
        match errno(error) {
            Errno::EIO | Errno::ENXIO | Errno::ERANGE => Self::new(ffi::SQLITE_IOERR_CORRUPTFS),
            _ => Self::new(ffi::SQLITE_IOERR_READ),
        }
    }

    /// A write that failed.
    pub(super) fn of_write(error: &io::Error) -> Self {
        if errno(error) == Errno::ENOSPC || error.kind() == io::ErrorKind::WriteZero {
            Self::new(ffi::SQLITE_FULL)
        } else {
            Self::new(ffi::SQLITE_IOERR_WRITE)
        }
    }

    /// A file that could not be opened.
    pub(super) fn of_open(error: &io::Error) -> Self {
        match errno(error) {
            Errno::EISDIR => Self::new(ffi::SQLITE_CANTOPEN_ISDIR),
            _ => Self::new(ffi::SQLITE_CANTOPEN),
        }
    }

    /// A file that could not be removed.
    pub(super) fn of_delete(error: &io::Error) -> Self {
        match errno(error) {
            Errno::ENOENT => Self::new(ffi::SQLITE_IOERR_DELETE_NOENT),
            _ => Self::new(ffi::SQLITE_IOERR_DELETE),
        }
    }
}

/// The error number of an error; `EIO` for one that has none.
pub(super) fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(errno: Errno) -> io::Error {
        io::Error::from_raw_os_error(errno as i32)
    }

    #[test]
    fn errors_become_the_codes_that_sqlite_acts_on() {
        let read = |errno| Code::of_read(&error(errno)).number();
        assert_eq!(read(Errno::EIO), ffi::SQLITE_IOERR_CORRUPTFS);
        assert_eq!(read(Errno::EBADF), ffi::SQLITE_IOERR_READ);
        let write = |errno| Code::of_write(&error(errno)).number();
        assert_eq!(write(Errno::ENOSPC), ffi::SQLITE_FULL);
        assert_eq!(write(Errno::EIO), ffi::SQLITE_IOERR_WRITE);
        let open = |errno| Code::of_open(&error(errno)).number();
        assert_eq!(open(Errno::EISDIR), ffi::SQLITE_CANTOPEN_ISDIR);
        assert_eq!(open(Errno::ENOENT), ffi::SQLITE_CANTOPEN);
        let delete = |errno| Code::of_delete(&error(errno)).number();
        assert_eq!(delete(Errno::ENOENT), ffi::SQLITE_IOERR_DELETE_NOENT);
        assert_eq!(delete(Errno::EIO), ffi::SQLITE_IOERR_DELETE);
    }
}
