//! Error numbers by name, with Linux's values on every machine.

use std::fmt;
use std::io;
use std::str::FromStr;

use thiserror::Error;

macro_rules! errnos {
    ($($name:ident = $code:literal, $text:literal;)*) => {
        /// An error number of the simulated operating system.
        ///
        /// The values are Linux's (`errno(3)`, `asm-generic/errno.h`), whatever the harness runs on, so that a run has the same
        /// bytes everywhere.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Errno {
            $(#[doc = $text] $name = $code,)*
        }

        impl Errno {
            /// Every error number that the harness knows.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name, such as `EIO`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

errnos! {
    EPERM = 1, "Operation not permitted.";
    ENOENT = 2, "No such file or directory.";
    EINTR = 4, "Interrupted system call.";
    EIO = 5, "Input/output error.";
    EBADF = 9, "Bad file descriptor.";
    EAGAIN = 11, "Resource temporarily unavailable.";
    ENOMEM = 12, "Cannot allocate memory.";
    EACCES = 13, "Permission denied.";
    EBUSY = 16, "Device or resource busy.";
    EEXIST = 17, "File exists.";
    EXDEV = 18, "Invalid cross-device link.";
    ENOTDIR = 20, "Not a directory.";
    EISDIR = 21, "Is a directory.";
    EINVAL = 22, "Invalid argument.";
    ENFILE = 23, "Too many open files in system.";
    EMFILE = 24, "Too many open files.";
    ETXTBSY = 26, "Text file busy.";
    EFBIG = 27, "File too large.";
    ENOSPC = 28, "No space left on device.";
    EROFS = 30, "Read-only file system.";
    EMLINK = 31, "Too many links.";
    EPIPE = 32, "Broken pipe.";
    ENAMETOOLONG = 36, "File name too long.";
    ENOLCK = 37, "No locks available.";
    ENOTEMPTY = 39, "Directory not empty.";
    ELOOP = 40, "Too many levels of symbolic links.";
    EOVERFLOW = 75, "Value too large for defined data type.";
    EILSEQ = 84, "Invalid or incomplete multibyte or wide character.";
    EOPNOTSUPP = 95, "Operation not supported.";
    ESHUTDOWN = 108, "Cannot send after transport endpoint shutdown.";
    ETIMEDOUT = 110, "Connection timed out.";
    ESTALE = 116, "Stale file handle.";
    EDQUOT = 122, "Disk quota exceeded.";
}

impl Errno {
    /// Whether the same operation may succeed at once, so that a program may try it again for ever.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::EINTR | Self::EAGAIN)
    }

    /// The number.
    pub const fn code(self) -> i32 {
        self as i32
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Errno> for io::Error {
    fn from(errno: Errno) -> Self {
        Self::from_raw_os_error(errno.code())
    }
}

/// A text that names no error number.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not an errno name; examples are EIO, ENOSPC and EINTR")]
pub struct ParseErrnoError(String);

impl FromStr for Errno {
    type Err = ParseErrnoError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|errno| errno.name() == text)
            .ok_or_else(|| ParseErrnoError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back() {
        for &errno in Errno::ALL {
            assert_eq!(errno.name().parse(), Ok(errno));
            assert_eq!(io::Error::from(errno).raw_os_error(), Some(errno.code()));
        }
    }
}
