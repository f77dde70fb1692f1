//! The database, and the transaction that is open in it.

use plimsoll_reference::sqlite::set_journal_mode;
use plimsoll_reference::sqlite::vfs::Mount;
use plimsoll_sim::command::Mutation;
use rusqlite::{Connection, Error, ErrorCode};

use super::bug::Bug;
use super::options::Options;
use crate::specimens::mends::Mends;
use crate::specimens::pairs;

/// The file of the database.
pub(super) const DATABASE: &str = "datastore.db";

/// The longest value that is an event.
const CREATE: &str = "CREATE TABLE IF NOT EXISTS pair (key BLOB PRIMARY KEY, \
                      value BLOB NOT NULL CHECK (length(value) <= 4096)) WITHOUT ROWID";

/// The database.
pub(super) struct Datastore {
    connection: Connection,
    mends: Mends<Bug>,
}

/// Why a commit did not happen.
pub(super) enum Failure {
    /// It certainly has not: a reader was in the way.
    Busy(Error),
    /// It may have.
    Unknown(Error),
}

impl Datastore {
    pub(super) fn open(mount: &Mount, options: Options, mends: Mends<Bug>) -> Result<Self, Error> {
        let connection = mount.open(DATABASE)?;
        if options.has_wal {
            // Where it is refused the datastore warns and continues.
            set_journal_mode(&connection, "WAL")?;
        }
        connection.busy_timeout(std::time::Duration::ZERO)?;
        pairs::check(&connection)?;
        connection.execute_batch(CREATE)?;
        Ok(Self { connection, mends })
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Whether there is a transaction. SQLite ends it by itself after some errors.
    pub(super) fn is_in_transaction(&self) -> bool {
        !self.connection.is_autocommit()
    }

    /// Makes the changes of one request, all or none of them (historically: those before the one that fails).
    pub(super) fn request(&self, mutations: &[Mutation]) -> Result<(), Error> {
        if !self.is_in_transaction() {
            self.connection.execute_batch("BEGIN IMMEDIATE")?;
        }
        let has_savepoint = self.mends.has(Bug::R7);
        if has_savepoint {
            self.connection.execute_batch("SAVEPOINT request")?;
        }
        let done = mutations
            .iter()
            .try_for_each(|mutation| pairs::mutate(&self.connection, mutation));
        if has_savepoint && self.is_in_transaction() {
            let end = match done {
                Ok(()) => "RELEASE request",
                Err(_) => "ROLLBACK TO request; RELEASE request",
            };
            self.connection.execute_batch(end)?;
        }
        done
    }

    /// Commits what is in the transaction.
    pub(super) fn commit(&self, when_busy: impl FnOnce()) -> Result<(), Failure> {
        if !self.is_in_transaction() {
            return Ok(());
        }
        let Err(error) = self.connection.execute_batch("COMMIT") else {
            return Ok(());
        };
        if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) {
            return Err(Failure::Unknown(error));
        }
        when_busy();
        let end = if self.mends.has(Bug::R9) {
            "ROLLBACK"
        } else {
            // The transaction is dropped, and what it does then is to commit.
            "COMMIT"
        };
        let _ = self.connection.execute_batch(end);
        Err(Failure::Busy(error))
    }

    /// Copies the log into the database. The last close would do that, too, and keep to itself that it could not.
    pub(super) fn checkpoint(&self) -> Result<(), Error> {
        pairs::checkpoint(&self.connection)
    }

    /// Closes the database.
    pub(super) fn close(self) -> Result<(), Error> {
        self.connection.close().map_err(|(_, error)| error)
    }
}
