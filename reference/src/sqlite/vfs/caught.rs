//! The boundary to C, which no panic may cross.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::ffi;

use super::code::Answer;

/// Runs a method and returns its result code; a panic becomes an I/O error.
pub(super) fn caught(method: impl FnOnce() -> Answer) -> c_int {
    // Whatever a panic leaves half done is behind the error that SQLite gets: it gives up the transaction.
    match catch_unwind(AssertUnwindSafe(method)) {
        Ok(Ok(())) => ffi::SQLITE_OK,
        Ok(Err(code)) => code.number(),
        Err(panic) => {
            // The destructor of a payload may panic as well.
            std::mem::forget(panic);
            ffi::SQLITE_IOERR
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_io_error() {
        assert_eq!(caught(|| panic!("in a method")), ffi::SQLITE_IOERR);
        assert_eq!(caught(|| Ok(())), ffi::SQLITE_OK);
    }
}
