//! The bugs, and which of them are mended.

use crate::specimens::mends::{self, bugs};

bugs! {
    New, "A new database is written under its own name, and what a crash leaves of one is refused for good.";
    Seen, "What a killed process had not synced is shown after a restart, and not synced then either.";
    R1, "The old file gives up its name before the new one takes it; between the two renames there is no database, and opening makes an empty one.";
    R2, "When a compacted database cannot be reopened, its handle goes on with the old file, which has no name any more.";
    R5, "A tail of the log that is no segment header is an error, and not the end of the log.";
    R9, "A commit that fails behind its last segment is said to have had no effect, and the next one is taken.";
    R14, "Whatever is in the place of a copy is restored, also what is no database.";
    R15, "The directory of a bare file name is the empty path, which cannot be opened, and that is ignored.";
    R16, "A replacement whose name could not be made durable counts as done.";
    R17, "A copy is truncated before it is written anew.";
    R18, "Temporaries of maintenance that failed, or was crashed, stay for good, and nobody hears that one was not synced.";
    R19, "A file that cannot be described counts as absent, so that it is replaced without a backup.";
    R20, "The superblock may reach the disk before the segments that it names.";
    R22, "The directory of a new database is never synced.";
    H1, "Compaction lets go of the lock of the writer before it has reopened.";
}

/// A set of these bugs that are mended.
pub type Mends = mends::Mends<Bug>;
