//! The bugs.

use crate::specimens::mends::bugs;

bugs! {
    H1, "Each connection to a database in memory has one of its own, so that a snapshot is one of nothing.";
    H4, "A write-ahead log is asked for where the database is in memory, and the server says that it has one.";
    H5, "When a snapshot cannot take its name, the one that had the name before does not get it back.";
    H6, "A database on disk is taken for one in memory when its path has `:memory:` in it.";
    H7, "`:memory:` without a scheme is not understood: each connection has a database of its own.";
    H9, "A URL that asks for shared memory is not recognised, and the pool closes the last connection to the database.";
    H12, "The directory of the snapshots is not created, so that every snapshot fails.";
    R8, "That the last snapshot failed is only logged: the command ends as if it had succeeded.";
    R9, "The snapshot has no name between two renames, and a server that does not find it creates an empty database.";
    R10, "Older snapshots move up, and the oldest goes, before the new one is in place.";
    R14, "The directory is not synced before a snapshot is acknowledged.";
    R15, "URLs are searched for `file::memory:` instead of parsed.";
    Doubt, "After a commit on disk that failed the server goes on, although what it answered before may be lost.";
}
