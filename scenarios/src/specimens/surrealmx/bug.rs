//! The bugs, and which of them are mended.

use std::fmt;

use crate::specimens::mends::{self, Mendable};

macro_rules! bugs {
    ($($name:ident = $number:literal, $what:literal;)*) => {
        /// A bug of the historical protocol. The numbers follow no order but that of their discovery.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Bug {
            $(#[doc = $what] $name = $number,)*
        }

        impl Bug {
            /// Every bug.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// What is wrong, in one phrase.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

bugs! {
    R1 = 1, "A torn record at the end of the log is left there, and later records are appended behind it.";
    R2 = 2, "A commit is several records, and a crash between them leaves some of its keys.";
    R3 = 3, "Closing ends the log worker without writing what is queued.";
    R6 = 6, "A commit is visible before its record is in the log, and stays visible when that fails.";
    R7 = 7, "After an append or sync failed, later commits are accepted as if nothing had happened.";
    R8 = 8, "A write buffer that failed is written once more while it is dropped, after the error was returned.";
    R10 = 10, "A snapshot takes the name of the old one before it is synced, and its directory is never synced.";
    R11 = 11, "The tail that is all there is of the log after a cut is not synced.";
    R12 = 12, "The log is truncated in place, and for a while its tail is only in a temporary, which is removed even on failure.";
    R14 = 14, "Of two snapshots at once, the second cuts the log at a position that the first has moved.";
    R22 = 22, "A snapshot that ends early is loaded as far as it goes.";
    R33 = 33, "Closing takes no final snapshot where snapshots are all there is.";
    R36 = 36, "When the log worker fails, its commits are dropped and nobody is told.";
    R37 = 37, "The directory of a new log is never synced.";
    R38 = 38, "Closing ignores that the last sync failed, and forgets that one is due when the log was cut at its start.";
    R41 = 41, "Temporaries that a crash left are never removed.";
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", *self as u8)
    }
}

impl Mendable for Bug {
    const ALL: &'static [Self] = Self::ALL;

    fn index(self) -> u32 {
        self as u32
    }
}

/// A set of these bugs that are mended.
pub type Mends = mends::Mends<Bug>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bug_is_mended_on_its_own() {
        for &bug in Bug::ALL {
            let mends = Mends::none().with(bug);
            let mended: Vec<Bug> = Bug::ALL
                .iter()
                .copied()
                .filter(|&other| mends.has(other))
                .collect();
            assert_eq!(mended, [bug]);
            assert!(Mends::all().has(bug), "{bug}: {}", bug.what());
        }
    }
}
