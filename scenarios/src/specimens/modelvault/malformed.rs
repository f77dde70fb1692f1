//! Bytes that are not what they should be.

use std::io;

/// The error for such bytes.
pub(super) fn malformed(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
