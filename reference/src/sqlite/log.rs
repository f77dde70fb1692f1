//! The write-ahead log, emptied so that it stays empty.
//!
//! SQLite cuts or removes a log that is in the database, and syncs nothing. There are file systems that use the blocks at once and bring
//! back the log without its end after a power loss (ext4 with data=writeback): it is then read up to an older commit, over a database that
//! is newer. So the cut is synced before anything else is written.

use std::io;
use std::path::Path;

use rusqlite::{Connection, Error};

use crate::fs::{FsOps, OpenOptions};

use super::beside::suffixed;
use super::directory::{parent, sync_dir};
use super::error::{StoreError, io_error};

/// Copies the log into the database and makes that durable; with `TRUNCATE` the log is then cut to nothing. Without a log it does nothing.
pub(super) fn copy(connection: &Connection, mode: &str) -> Result<(), Error> {
    connection
        .prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?
        .query_row((), |_| Ok(()))
}

/// Copies the log into the database, cuts it to nothing, and makes that durable. `wrong` names what SQLite could not do.
pub(super) fn empty(
    fs: &dyn FsOps,
    connection: &Connection,
    database: &Path,
    wrong: impl FnOnce(Error) -> StoreError,
) -> Result<(), StoreError> {
    let copied = copy(connection, "TRUNCATE").map_err(wrong);
    // After an error it may have been cut all the same.
    let synced = sync(fs, &suffixed(database, "-wal"));
    copied.and(synced)
}

fn sync(fs: &dyn FsOps, log: &Path) -> Result<(), StoreError> {
    let synced = match fs.open(log, OpenOptions::read_only()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => Err(io_error("open", log)(error)),
        Ok(file) => file.sync_all().map_err(io_error("sync", log)),
    };
    if synced.is_err() {
        // What is written next, such as a copy of a store that takes no commits any more, may get its blocks: most file systems commit
        // the cut with the directory, too.
        let _ = sync_dir(fs, parent(log));
    }
    synced
}
