//! One connection, and what is done with it.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Error, OpenFlags, OptionalExtension, ffi};

use crate::fs::FsOps;

use super::cut::{Cut, back_up, not_copied, take_over};
use super::error::{Outcome, StoreError, unreadable};
use super::journal_mode::set_journal_mode;
use super::limits::Change;
use super::location::for_sqlite;
use super::log;
use super::options::{IntegrityCheck, Journal, Options};
use super::schema;
use super::vfs::Mount;

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

pub(super) const READ_WRITE: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Why the pairs of another database did not take the place of those that are here.
pub(super) enum Unreplaced {
    /// They could not be read. Here everything is as it was.
    Unread(Error),
    /// They could not be written.
    Unwritten(StoreError),
}

impl Unreplaced {
    /// What is wrong, where the other database is at this path.
    pub(super) fn into_error(self, from: &Path, os: Option<io::Error>) -> StoreError {
        match self {
            Self::Unwritten(error) => error,
            Self::Unread(error) if error.sqlite_error_code().is_none() => StoreError::Damaged {
                path: from.to_path_buf(),
                reason: error.to_string(),
            },
            Self::Unread(error) => unreadable(from, os, error),
        }
    }
}

/// Passes every pair of a database on. The outer error is that of the database, the inner one of whoever takes them.
fn read_pairs(
    source: &Connection,
    mut put: impl FnMut(&[u8], &[u8]) -> Result<(), Error>,
) -> Result<Result<(), Error>, Error> {
    let mut statement = source.prepare("SELECT key, value FROM pair")?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (key, value) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
        if let Err(error) = put(key, value) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

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
        fs: &dyn FsOps,
        mount: &Mount,
        path: &Path,
        options: &Options,
    ) -> Result<Self, StoreError> {
        let wrong = |error| unreadable(path, mount.last_os_error(), error);
        let connection = mount
            .open_with_flags(for_sqlite(path), READ_WRITE)
            .map_err(wrong)?;
        if options.journal == Journal::Wal {
            set(&connection, "synchronous = FULL").map_err(wrong)?;
            // A checkpoint that SQLite starts by itself keeps its failure to itself.
            set(&connection, "wal_autocheckpoint = 0").map_err(wrong)?;
        } else {
            set(&connection, "synchronous = EXTRA").map_err(wrong)?;
        }
        // Before anything is changed: the file may be somebody else's.
        schema::check(&connection, path)?;
        if options.journal == Journal::Rollback {
            // An earlier life may have had a write-ahead log, which SQLite is about to remove.
            log::empty(fs, &connection, path, wrong)?;
        }
        log_to(&connection, path, options.journal)?;
        if options.integrity_check == IntegrityCheck::AtOpen {
            schema::check_integrity(&connection, path)?;
        }
        Ok(Self {
            connection,
            path: path.to_path_buf(),
            is_wal: options.journal == Journal::Wal,
        })
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
    pub(super) fn replace_by(&self, source: &Connection) -> Result<(), Unreplaced> {
        let mut is_unread = false;
        let (replaced, is_undone) = self.attempt(|connection| {
            connection.execute("DELETE FROM pair", ())?;
            let mut put = connection.prepare_cached(PUT)?;
            let read = read_pairs(source, |key, value| put.execute((key, value)).map(drop));
            is_unread = read.is_err();
            read?
        });
        match replaced {
            Ok(()) => Ok(()),
            Err(StoreError::Sqlite { source, .. }) if is_unread && is_undone => {
                Err(Unreplaced::Unread(source))
            }
            Err(error) => Err(Unreplaced::Unwritten(error)),
        }
    }

    /// Runs a transaction. Before its commit was tried nothing can come of it, in this life or the next.
    fn transact(
        &self,
        write: impl FnOnce(&Connection) -> Result<(), Error>,
    ) -> Result<(), StoreError> {
        self.attempt(write).0
    }

    /// As [`transact`](Self::transact), and says whether it was rolled back, and nothing went wrong with that.
    fn attempt(
        &self,
        write: impl FnOnce(&Connection) -> Result<(), Error>,
    ) -> (Result<(), StoreError>, bool) {
        let connection = &self.connection;
        let run = |sql| connection.prepare_cached(sql)?.execute(());
        let written = run("BEGIN IMMEDIATE").and_then(|_| write(connection));
        let result = match written {
            Err(error) => Err(self.failed("write to", Outcome::Absent)(error)),
            Ok(()) => run("COMMIT")
                .map(|_| ())
                .map_err(self.failed("commit to", Outcome::Unknown)),
        };
        // Whatever it answers, the transaction has ended, and reads show what was before it.
        let is_undone = result.is_err() && !connection.is_autocommit() && run("ROLLBACK").is_ok();
        (result, is_undone)
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

    /// Copies the write-ahead log into the database and makes that durable. Where a snapshot is being written, what that still reads stays
    /// in the log.
    pub(super) fn checkpoint(&self) -> Result<(), StoreError> {
        log::copy(&self.connection, "PASSIVE").map_err(self.failed("checkpoint", Outcome::Unknown))
    }

    /// The same, and cuts the log to nothing, durably, unless somebody still reads it.
    pub(super) fn empty_log(&self, fs: &dyn FsOps) -> Result<(), StoreError> {
        let wrong = self.failed("checkpoint", Outcome::Unknown);
        log::empty(fs, &self.connection, &self.path, wrong)
    }

    /// Rewrites the database in memory without what is no longer needed. SQLite makes a second one for that, in memory too.
    pub(super) fn vacuum(&self) -> Result<(), StoreError> {
        self.connection
            .execute_batch("VACUUM")
            .map_err(self.failed("compact", Outcome::Unknown))
    }

    /// Puts the database at `path` in place of this one, as one commit.
    pub(super) fn take_over(&mut self, mount: &Mount, path: &Path) -> Result<(), StoreError> {
        let taken = take_over(mount, path, &mut self.connection);
        taken.map_err(self.failed("compact", Outcome::Unknown))
    }

    /// Copies everything into an empty file, whose name is not durable then.
    pub(super) fn copy_to(
        &self,
        mount: &Mount,
        path: &Path,
        method: Method,
    ) -> Result<(), StoreError> {
        let copied = match method {
            Method::Backup => back_up(&self.connection, mount, path),
            Method::Vacuum => self.vacuum_into(path),
        };
        copied.map_err(not_copied(mount, path))
    }

    /// Holds what there is now on another connection, so that commits can go on while it is copied.
    ///
    /// Beside a write-ahead log that is a transaction that reads: what it needs stays in the log. Elsewhere a reader would keep the writer
    /// out, and the cut is a copy in memory.
    pub(super) fn cut(&self, mount: &Mount) -> Result<Cut, StoreError> {
        let cut = if self.is_wal {
            Cut::read(mount, &self.path)
        } else {
            Cut::copy(mount, &self.connection)
        };
        cut.map_err(|source| StoreError::Sqlite {
            op: "read",
            path: self.path.clone(),
            os: mount.last_os_error(),
            outcome: Outcome::Absent,
            source,
        })
    }

    fn vacuum_into(&self, path: &Path) -> Result<(), Error> {
        // As text, whatever its bytes are: SQLite passes them on.
        let path = for_sqlite(path);
        let name = ValueRef::Text(path.as_os_str().as_encoded_bytes());
        let name = ToSqlOutput::Borrowed(name);
        self.connection.execute("VACUUM INTO ?1", (name,))?;
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

/// Chooses the journal.
fn log_to(connection: &Connection, path: &Path, journal: Journal) -> Result<(), StoreError> {
    let wrong = |error| unreadable(path, None, error);
    let mode = match journal {
        Journal::Wal => "wal",
        Journal::Rollback => "delete",
    };
    let answer = set_journal_mode(connection, mode).map_err(wrong)?;
    if answer == mode {
        return Ok(());
    }
    let message = format!("the journal mode cannot be {mode}: it is {answer}");
    let code = ffi::Error::new(ffi::SQLITE_ERROR);
    Err(wrong(Error::SqliteFailure(code, Some(message))))
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
