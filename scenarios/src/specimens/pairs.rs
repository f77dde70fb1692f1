//! One table of keys and values in a SQLite database: what the specimens that are built on SQLite have in common.

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::image::Image;
use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_sim::command::Mutation;
use plimsoll_sim::sut::Visit;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, TransactionBehavior};

const PUT: &str = "INSERT OR REPLACE INTO pair VALUES (?1, ?2)";
const DELETE: &str = "DELETE FROM pair WHERE key = ?1";

/// What a database leaves beside its file.
pub(super) const SIDECARS: [&str; 2] = ["-journal", "-wal"];

/// Makes the table where there is none.
pub(super) fn migrate(connection: &Connection) -> Result<(), Error> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS pair (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    )
}

/// Whether there is a table: a database that was only just created has none.
pub(super) fn is_migrated(connection: &Connection) -> Result<bool, Error> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'pair'";
    let tables: u32 = connection.query_row(sql, (), |row| row.get(0))?;
    Ok(tables > 0)
}

/// Makes one change, in the transaction that is open or in one of its own.
pub(super) fn mutate(connection: &Connection, mutation: &Mutation) -> Result<(), Error> {
    match mutation {
        Mutation::Put { key, value } => connection.prepare_cached(PUT)?.execute((key, value))?,
        Mutation::Delete { key } => connection.prepare_cached(DELETE)?.execute((key,))?,
    };
    Ok(())
}

/// Makes several changes in one transaction.
pub(super) fn commit(connection: &mut Connection, mutations: &[Mutation]) -> Result<(), Error> {
    if let [mutation] = mutations {
        return mutate(connection, mutation);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for mutation in mutations {
        mutate(&transaction, mutation)?;
    }
    transaction.commit()
}

/// Whether SQLite may show a commit that failed so, of which nobody knows whether it is durable. A full disk it meets earlier.
pub(super) fn leaves_doubt(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
}

/// Copies the log into the database, and cuts it to nothing.
pub(super) fn checkpoint(connection: &Connection) -> Result<(), Error> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
}

/// Visits every pair.
pub(super) fn visit(connection: &Connection, visit: &mut Visit<'_>) -> Result<(), Error> {
    let mut statement = connection.prepare_cached("SELECT key, value FROM pair")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        visit(row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
    }
    Ok(())
}

/// Puts every pair of one database into another, in one transaction.
pub(super) fn copy(from: &Connection, to: &mut Connection) -> Result<(), Error> {
    if !is_migrated(from)? {
        return Ok(());
    }
    let mut pairs = Vec::new();
    visit(from, &mut |key, value| {
        pairs.push(Mutation::Put {
            key: key.to_vec(),
            value: value.to_vec(),
        });
    })?;
    commit(to, &pairs)
}

/// Refuses a database that is damaged.
pub(super) fn check(connection: &Connection) -> Result<(), Error> {
    let answer: String = connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
    if answer == "ok" {
        return Ok(());
    }
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    let message = format!("the integrity check failed: {answer}");
    Err(Error::SqliteFailure(code, Some(message)))
}

/// Reads a database as another process would: through a connection of its own that cannot write, on a disk of its own. `Ok(false)`
/// says that there is no file.
pub(super) fn read(fs: &dyn FsOps, path: &str, show: &mut Visit<'_>) -> Result<bool, String> {
    let disk = SimFs::new(Image::new());
    let transfer = |name: &str| -> io::Result<bool> {
        let Some(bytes) = content(fs, name)? else {
            return Ok(false);
        };
        let file = disk.open(Path::new(name), OpenOptions::read_write().create_new())?;
        write_all_at(&*file, &bytes, 0)?;
        Ok(true)
    };
    if let Some(parent) = Path::new(path).parent()
        && parent != Path::new("")
    {
        disk.create_dir(parent).map_err(|e| e.to_string())?;
    }
    if !transfer(path).map_err(|e| e.to_string())? {
        return Ok(false);
    }
    for sidecar in SIDECARS {
        transfer(&format!("{path}{sidecar}")).map_err(|e| e.to_string())?;
    }
    let host = Host::new(Arc::new(disk), Arc::new(SimClock::default()));
    let read = || -> Result<(), Error> {
        let mount = Mount::new(host, MountOptions::default().seed(0))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = mount.open_with_flags(path, flags)?;
        check(&connection)?;
        if is_migrated(&connection)? {
            visit(&connection, show)?;
        }
        Ok(())
    };
    read().map_err(|e| e.to_string())?;
    Ok(true)
}

/// A seed for what SQLite draws in one life of some databases. Two lives must not draw the same, or SQLite would take what one has left
/// in a journal for its own; and a run must be a function of its case. So the seed is made of what there is.
pub(super) fn seed(fs: &dyn FsOps, paths: &[&str]) -> io::Result<u64> {
    let mut seed = 0;
    for path in paths {
        for suffix in ["", SIDECARS[0], SIDECARS[1]] {
            seed = match content(fs, &format!("{path}{suffix}"))? {
                None => crc32c::crc32c_append(seed, b"absent"),
                Some(bytes) => {
                    let len = bytes.len() as u64;
                    crc32c::crc32c_append(crc32c::crc32c_append(seed, &len.to_le_bytes()), &bytes)
                }
            };
        }
    }
    Ok(u64::from(seed))
}

/// The bytes of a file; none when there is no such file.
pub(crate) fn content(fs: &dyn FsOps, path: &str) -> io::Result<Option<Vec<u8>>> {
    match fs.open(Path::new(path), OpenOptions::read_only()) {
        Ok(file) => read_to_end(&*file).map(Some),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}
