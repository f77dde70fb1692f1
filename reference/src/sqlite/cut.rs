//! A consistent cut of a database, which stays as it is while commits go on.

use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Error, OpenFlags, ffi};

use super::database::{READ_WRITE, set};
use super::error::{Outcome, StoreError};
use super::location::for_sqlite;
use super::vfs::Mount;

/// What there was of a database at one moment, on a connection of its own.
pub(super) struct Cut {
    connection: Connection,
}

impl Cut {
    /// The database in a file beside a write-ahead log, held by a transaction that reads.
    pub(super) fn read(mount: &Mount, path: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = mount.open_with_flags(for_sqlite(path), flags)?;
        // The transaction begins with the first read.
        connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
        Ok(Self { connection })
    }

    /// A copy in memory.
    pub(super) fn copy(mount: &Mount, source: &Connection) -> Result<Self, Error> {
        let flags = READ_WRITE.union(OpenFlags::SQLITE_OPEN_CREATE);
        let mut connection = mount.open_with_flags(":memory:", flags)?;
        copy_pages(source, &mut connection)?;
        Ok(Self { connection })
    }

    /// Copies everything into an empty file, whose name is not durable then.
    pub(super) fn write(&self, mount: &Mount, path: &Path) -> Result<(), StoreError> {
        back_up(&self.connection, mount, path).map_err(not_copied(mount, path))
    }
}

/// Copies a database into an empty file, page by page.
pub(super) fn back_up(source: &Connection, mount: &Mount, path: &Path) -> Result<(), Error> {
    let mut copy = mount.open_with_flags(for_sqlite(path), READ_WRITE)?;
    // Nobody reads the copy before it is complete and synced.
    set(&copy, "journal_mode = OFF")?;
    // What failed late is told to the handle that wrote, and when that is closed SQLite keeps it to itself.
    set(&copy, "synchronous = FULL")?;
    copy_pages(source, &mut copy)?;
    copy.close().map_err(|(_, error)| error)
}

/// Puts the database in a file in place of another, page by page, as one commit.
pub(super) fn take_over(
    mount: &Mount,
    path: &Path,
    database: &mut Connection,
) -> Result<(), Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = mount.open_with_flags(for_sqlite(path), flags)?;
    copy_pages(&source, database)
}

/// In one step: what a copy costs, it costs at once, and nothing comes between.
fn copy_pages(source: &Connection, copy: &mut Connection) -> Result<(), Error> {
    match Backup::new(source, copy)?.step(-1)? {
        StepResult::Done => Ok(()),
        _ => Err(Error::SqliteFailure(
            ffi::Error::new(ffi::SQLITE_BUSY),
            None,
        )),
    }
}

/// Names what could not be copied to, for `map_err`.
pub(super) fn not_copied<'a>(
    mount: &'a Mount,
    path: &'a Path,
) -> impl FnOnce(Error) -> StoreError + 'a {
    move |source| StoreError::Sqlite {
        op: "copy to",
        path: path.to_path_buf(),
        os: mount.last_os_error(),
        outcome: Outcome::Absent,
        source,
    }
}
