//! The bugs, and which of them are mended.

use crate::specimens::mends::{self, bugs};

bugs! {
    R1, "A torn record at the end of the log is left there, and later records are appended behind it.";
    R2, "A commit is several records, and a crash between them leaves some of its keys.";
    R3, "Closing ends the log worker without writing what is queued.";
    R6, "A commit is visible before its record is in the log, and stays visible when that fails.";
    R7, "After an append or sync failed, later commits are accepted as if nothing had happened.";
    R8, "A write buffer that failed is written once more while it is dropped, after the error was returned.";
    R10, "A snapshot takes the name of the old one before it is synced, and its directory is never synced.";
    R11, "The tail that is all there is of the log after a cut is not synced.";
    R12, "The log is truncated in place, and for a while its tail is only in a temporary, which is removed even on failure.";
    R14, "Of two snapshots at once, the second cuts the log at a position that the first has moved.";
    R22, "A snapshot that ends early is loaded as far as it goes.";
    R33, "Closing takes no final snapshot where snapshots are all there is.";
    R36, "When the log worker fails, its commits are dropped and nobody is told.";
    R37, "The directory of a new log is never synced.";
    R38, "Closing ignores that the last sync failed, and forgets that one is due when the log was cut at its start.";
    R41, "Temporaries that a crash left are never removed.";
}

/// A set of these bugs that are mended.
pub type Mends = mends::Mends<Bug>;
