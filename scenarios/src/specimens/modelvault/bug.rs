//! The bugs, and which of them are mended.

use std::fmt;

use crate::specimens::mends::{self, Mendable};

macro_rules! bugs {
    ($($name:ident = $label:literal, $what:literal;)*) => {
        /// A bug of the historical protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Bug {
            $(#[doc = $what] $name,)*
        }

        impl Bug {
            /// Every bug.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The short name, as it stands in the names of stores.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)* }
            }

            /// What is wrong, in one phrase.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }
        }
    };
}

bugs! {
    New = "new", "A new database is written under its own name, and what a crash leaves of one is refused for good.";
    Seen = "seen", "What a killed process had not synced is shown after a restart, and not synced then either.";
    R1 = "r1", "The old file gives up its name before the new one takes it; between the two renames there is no database, and opening makes an empty one.";
    R2 = "r2", "When a compacted database cannot be reopened, its handle goes on with the old file, which has no name any more.";
    R5 = "r5", "A tail of the log that is no segment header is an error, and not the end of the log.";
    R9 = "r9", "A commit that fails behind its last segment is said to have had no effect, and the next one is taken.";
    R14 = "r14", "Whatever is in the place of a copy is restored, also what is no database.";
    R15 = "r15", "The directory of a bare file name is the empty path, which cannot be opened, and that is ignored.";
    R16 = "r16", "A replacement whose name could not be made durable counts as done.";
    R17 = "r17", "A copy is truncated before it is written anew.";
    R18 = "r18", "Temporaries of maintenance that failed, or was crashed, stay for good, and nobody hears that one was not synced.";
    R19 = "r19", "A file that cannot be described counts as absent, so that it is replaced without a backup.";
    R20 = "r20", "The superblock may reach the disk before the segments that it names.";
    R22 = "r22", "The directory of a new database is never synced.";
    H1 = "h1", "Compaction lets go of the lock of the writer before it has reopened.";
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
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
