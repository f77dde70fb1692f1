//! One connection, and what is done with it.

use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Error, OpenFlags, OptionalExtension, ffi};

use super::error::{Outcome, StoreError, unreadable};
use super::limits::Change;
use super::location::for_sqlite;
use super::options::{IntegrityCheck, Journal, Options};
use super::schema;
use super::vfs::Mount;
use super::warning::Warning;

const PUT: &str = "INSERT OR REPLACE INTO pair VALUES (?1, ?2)";
const DELETE: &str = "DELETE FROM pair WHERE key = ?1";

/// How a database is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// Page by page, in one step: what a copy costs, it costs at once, and nothing comes between.
    Backup,
    /// Row by row, without what is no longer needed.
    Vacuum,
}

/// A database in a file or in memory, with its only connection.
pub(super) struct Database {
    connection: Connection,
    path: PathBuf,
    is_wal: bool,
}

const READ_WRITE: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

impl Database {
    /// An empty database in memory.
    pub(super) fn memory(mount: &Mount) -> Result<Self, StoreError> {
        let path = PathBuf::from(":memory:");
        let connect = || {
            let flags = READ_WRITE.union(OpenFlags::SQLITE_OPEN_CREATE);
            let connection = mount.open_with_flags(&path, flags)?;
            schema::create(&connection)?;
            Ok(connection)
        };
        match connect() {
            Ok(connection) => Ok(Self {
                connection,
                path,
                is_wal: false,
            }),
            Err(error) => Err(unreadable(&path, None, error)),
        }
    }

    /// The database in a file that is there, set up so that every commit is durable.
    pub(super) fn file(
        mount: &Mount,
        path: &Path,
        options: &Options,
    ) -> Result<(Self, Option<Warning>), StoreError> {
        let wrong = |error| unreadable(path, mount.last_os_error(), error);
        let connection = mount
            .open_with_flags(for_sqlite(path), READ_WRITE)
            .map_err(wrong)?;
        if options.journal == Journal::Wal {
            // Nobody else comes to it. Its index is then in the memory of this connection alone, which needs no memory shared between
            // processes, and so no file system that has it.
            set(&connection, "locking_mode = EXCLUSIVE").map_err(wrong)?;
            set(&connection, "synchronous = FULL").map_err(wrong)?;
            // A checkpoint that SQLite starts by itself keeps its failure to itself.
            set(&connection, "wal_autocheckpoint = 0").map_err(wrong)?;
        } else {
            set(&connection, "synchronous = EXTRA").map_err(wrong)?;
        }
        // Before anything is changed: the file may be somebody else's.
        schema::check(&connection, path)?;
        let warning = log_to(&connection, path, options.journal)?;
        if options.integrity_check == IntegrityCheck::AtOpen {
            schema::check_integrity(&connection, path)?;
        }
        let database = Self {
            connection,
            path: path.to_path_buf(),
            is_wal: options.journal == Journal::Wal && warning.is_none(),
        };
        Ok((database, warning))
    }

    fn failed(&self, op: &'static str, outcome: Outcome) -> impl FnOnce(Error) -> StoreError + '_ {
        move |source| StoreError::Sqlite {
            op,
            path: self.path.clone(),
            os: None,
            outcome,
            source,
        }
    }

    /// Whether commits go to a write-ahead log.
    pub(super) const fn is_wal(&self) -> bool {
        self.is_wal
    }

    /// Makes changes in order, together or not at all.
    pub(super) fn commit<'a>(
        &self,
        changes: impl Iterator<Item = Change<'a>>,
    ) -> Result<(), StoreError> {
        self.transact(|connection| {
            for (key, value) in changes {
                match value {
                    Some(value) => connection.prepare_cached(PUT)?.execute((key, value))?,
                    None => connection.prepare_cached(DELETE)?.execute((key,))?,
                };
            }
            Ok(())
        })
    }

    /// Puts the pairs of another database in place of all that is here.
    pub(super) fn replace_by(&self, source: &Connection) -> Result<(), StoreError> {
        self.transact(|connection| {
            connection.execute("DELETE FROM pair", ())?;
            let mut put = connection.prepare_cached(PUT)?;
            let mut statement = source.prepare("SELECT key, value FROM pair")?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                put.execute((row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?))?;
            }
            Ok(())
        })
    }

    /// Runs a transaction. Before its commit was tried nothing can come of it, in this life or the next.
    fn transact(
        &self,
        write: impl FnOnce(&Connection) -> Result<(), Error>,
    ) -> Result<(), StoreError> {
        let connection = &self.connection;
        let run = |sql| connection.prepare_cached(sql)?.execute(());
        let written = run("BEGIN IMMEDIATE").and_then(|_| write(connection));
        let result = match written {
            Err(error) => Err(self.failed("write to", Outcome::Absent)(error)),
            Ok(()) => run("COMMIT")
                .map(|_| ())
                .map_err(self.failed("commit to", Outcome::Unknown)),
        };
        if result.is_err() && !connection.is_autocommit() {
            // Whatever it answers, the transaction has ended, and reads show what was before it.
            let _ = run("ROLLBACK");
        }
        result
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let get = || {
            self.connection
                .prepare_cached("SELECT value FROM pair WHERE key = ?1")?
                .query_row((key,), |row| row.get(0))
                .optional()
        };
        get().map_err(self.failed("read", Outcome::Absent))
    }

    /// Visits every key and its value in key order.
    pub(super) fn visit(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        visit_pairs(&self.connection, visit).map_err(self.failed("read", Outcome::Absent))
    }

    fn number(&self, sql: &str, column: usize) -> Result<u64, StoreError> {
        let number = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_row((), |row| row.get::<_, i64>(column))
        };
        let number = number().map_err(self.failed("read", Outcome::Absent))?;
        Ok(u64::try_from(number).unwrap_or(0))
    }

    /// Number of keys.
    pub(super) fn len(&self) -> Result<u64, StoreError> {
        self.number("SELECT count(*) FROM pair", 0)
    }

    /// Size in bytes, as a file would have it.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        let pages = self.number("PRAGMA page_count", 0)?;
        Ok(pages.saturating_mul(self.number("PRAGMA page_size", 0)?))
    }

    /// Pages in the write-ahead log, without touching a file.
    pub(super) fn logged_pages(&self) -> Result<u64, StoreError> {
        self.number("PRAGMA wal_checkpoint(NOOP)", 1)
    }

    /// Copies the write-ahead log into the database and makes that durable; with `TRUNCATE` the log is then cut to nothing.
    pub(super) fn checkpoint(&self, mode: &str) -> Result<(), StoreError> {
        let run = || {
            let sql = format!("PRAGMA wal_checkpoint({mode})");
            let mut statement = self.connection.prepare_cached(&sql)?;
            let is_blocked: bool = statement.query_row((), |row| row.get(0))?;
            if is_blocked { Err(busy()) } else { Ok(()) }
        };
        run().map_err(self.failed("checkpoint", Outcome::Unknown))
    }

    /// Rewrites the database without what is no longer needed.
    pub(super) fn vacuum(&self) -> Result<(), StoreError> {
        self.connection
            .execute_batch("VACUUM")
            .map_err(self.failed("compact", Outcome::Unknown))
    }

    /// Copies everything into an empty file, whose name is not durable then.
    pub(super) fn copy_to(
        &self,
        mount: &Mount,
        path: &Path,
        method: Method,
    ) -> Result<(), StoreError> {
        let copied = match method {
            Method::Backup => self.back_up(mount, path),
            Method::Vacuum => self.vacuum_into(path),
        };
        copied.map_err(|source| StoreError::Sqlite {
            op: "copy to",
            path: path.to_path_buf(),
            os: mount.last_os_error(),
            outcome: Outcome::Absent,
            source,
        })
    }

    fn back_up(&self, mount: &Mount, path: &Path) -> Result<(), Error> {
        let mut copy = mount.open_with_flags(for_sqlite(path), READ_WRITE)?;
        // Nobody reads the copy before it is complete and synced.
        set(&copy, "journal_mode = OFF")?;
        // What failed late is told to the handle that wrote, and when that is closed SQLite keeps it to itself.
        set(&copy, "synchronous = FULL")?;
        let step = Backup::new(&self.connection, &mut copy)?.step(-1)?;
        if step != StepResult::Done {
            return Err(busy());
        }
        copy.close().map_err(|(_, error)| error)
    }

    fn vacuum_into(&self, path: &Path) -> Result<(), Error> {
        let path = for_sqlite(path);
        let text = path
            .to_str()
            .ok_or_else(|| Error::InvalidPath(path.clone()))?;
        self.connection.execute("VACUUM INTO ?1", (text,))?;
        Ok(())
    }

    pub(super) fn close(self) -> Result<(), StoreError> {
        let path = self.path;
        self.connection
            .close()
            .map_err(|(_, source)| StoreError::Sqlite {
                op: "close",
                path,
                os: None,
                outcome: Outcome::Unknown,
                source,
            })
    }
}

/// Chooses the journal, and says so when it is not the one that was asked for.
fn log_to(
    connection: &Connection,
    path: &Path,
    journal: Journal,
) -> Result<Option<Warning>, StoreError> {
    let wrong = |error| unreadable(path, None, error);
    let mut warning = None;
    if journal == Journal::Wal {
        let answer = journal_mode(connection, "WAL").map_err(wrong)?;
        if answer == "wal" {
            return Ok(None);
        }
        set(connection, "locking_mode = NORMAL").map_err(wrong)?;
        set(connection, "synchronous = EXTRA").map_err(wrong)?;
        warning = Some(Warning::WalRefused { answer });
    }
    let answer = journal_mode(connection, "DELETE").map_err(wrong)?;
    if answer == "delete" {
        return Ok(warning);
    }
    let message = format!("there can be no rollback journal: the journal mode is {answer}");
    let code = ffi::Error::new(ffi::SQLITE_ERROR);
    Err(wrong(Error::SqliteFailure(code, Some(message))))
}

fn journal_mode(connection: &Connection, mode: &str) -> Result<String, Error> {
    let pragma = format!("PRAGMA journal_mode = {mode}");
    connection.query_row(&pragma, (), |row| row.get(0))
}

/// Sets a pragma, whatever it answers.
pub(super) fn set(connection: &Connection, pragma: &str) -> Result<(), Error> {
    let mut statement = connection.prepare(&format!("PRAGMA {pragma}"))?;
    let mut rows = statement.query(())?;
    while rows.next()?.is_some() {}
    Ok(())
}

pub(super) fn visit_pairs(
    connection: &Connection,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<(), Error> {
    let mut statement = connection.prepare_cached("SELECT key, value FROM pair ORDER BY key")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        visit(row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
    }
    Ok(())
}

fn busy() -> Error {
    Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None)
}
