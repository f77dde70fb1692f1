//! The real SQLite on the files of the host: one table of keys and values, and one transaction for each command.
//!
//! Opening runs `PRAGMA integrity_check`; a database that does not pass cannot be opened. A write-ahead log is checkpointed every few
//! pages, so that a short workload holds checkpoints and logs that start anew.
//!
//! A store is named `sqlite-MODE-SYNC`, after `journal_mode` and `synchronous`, and acknowledges what SQLite documents of these (see
//! [`Settings::documented`]). With `-as-power` behind it, it claims that every commit survives a power loss, and with
//! `-without-psow` it does not rely on power-safe overwrites.
//!
//! On ext4 with data=writeback SQLite may lose acknowledged commits even with a write-ahead log and full syncs: the last close removes the
//! log and syncs nothing, the next log may get its blocks, and the old one comes back without its end
//! (`sqlite-wal-full-log-comes-back`).
//!
//! **Not covered**: several connections, attached databases, memory maps, snapshots.

mod settings;

pub use settings::{JournalMode, Settings, Synchronous};

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_reference::sqlite::set_journal_mode;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};
use rusqlite::{Connection, Error, TransactionBehavior};

/// The database.
const DATABASE: &str = "store.db";

/// Pages of the write-ahead log after which it is copied into the database.
const CHECKPOINT_PAGES: u32 = 6;

const PUT: &str = "INSERT OR REPLACE INTO pair VALUES (?1, ?2)";
const DELETE: &str = "DELETE FROM pair WHERE key = ?1";

/// SQLite with these settings.
#[derive(Clone, Debug)]
pub struct Sqlite {
    name: String,
    settings: Settings,
}

impl Sqlite {
    /// The store of this name, if it is one of SQLite's.
    pub fn named(name: &str) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            settings: Settings::parse(name)?,
        })
    }

    /// Every mode as SQLite documents it.
    pub fn modes() -> Vec<Arc<dyn Sut>> {
        Settings::documented_modes()
            .map(|settings| -> Arc<dyn Sut> {
                Arc::new(Self {
                    name: settings.to_string(),
                    settings,
                })
            })
            .collect()
    }

    /// Sets what differs from what SQLite does by itself: a journal that is removed, and full syncs.
    fn set_up(&self, connection: &Connection) -> Result<(), Error> {
        let mode = self.settings.journal_mode;
        if mode != JournalMode::Delete {
            let answer = set_journal_mode(connection, mode.name())?;
            if answer != mode.name() {
                return Err(refused(format!(
                    "journal mode {} was refused: it is {answer}",
                    mode.name()
                )));
            }
        }
        if self.settings.synchronous != Synchronous::Full {
            let sync = self.settings.synchronous.name();
            connection.execute_batch(&format!("PRAGMA synchronous = {sync}"))?;
        }
        if mode == JournalMode::Wal {
            let pragma = format!("PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}");
            connection.query_row(&pragma, (), |_| Ok(()))?;
        }
        Ok(())
    }

    fn connect(&self, host: &Host) -> Result<Open, Error> {
        let seed = seed(&*host.fs, DATABASE).map_err(|error| unreadable(&error))?;
        let options = MountOptions::default()
            .seed(seed)
            .powersafe_overwrite(self.settings.powersafe_overwrite);
        let mount = Mount::new(host.clone(), options)?;
        let connection = mount.open(DATABASE)?;
        self.set_up(&connection)?;
        let check: String =
            connection.query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))?;
        if check != "ok" {
            return Err(refused(format!("the integrity check failed: {check}")));
        }
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS pair (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
        )?;
        Ok(Open {
            connection,
            _mount: mount,
            settings: self.settings,
        })
    }
}

impl Sut for Sqlite {
    fn name(&self) -> &str {
        &self.name
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        match self.connect(host) {
            Ok(open) => Ok(Box::new(open)),
            Err(error) => Err(OpenError {
                message: error.to_string(),
            }),
        }
    }
}

fn refused(message: String) -> Error {
    Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR),
        Some(message),
    )
}

fn unreadable(error: &io::Error) -> Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_READ);
    Error::SqliteFailure(code, Some(error.to_string()))
}

/// A seed for what SQLite draws in this life of the database. SQLite relies on it that two lives do not draw the same, or it would take
/// what one has left in a journal for its own; and a run must be a function of its case. So the seed is made of what there is: of the
/// database its header, which counts changes, and of journals everything.
pub(super) fn seed(fs: &dyn FsOps, database: &str) -> io::Result<u64> {
    let mut seed = 0;
    for (suffix, len_max) in [("", 100), ("-journal", usize::MAX), ("-wal", usize::MAX)] {
        let path = format!("{database}{suffix}");
        let path = Path::new(&path);
        let Some(metadata) = fs.metadata(path)? else {
            seed = crc32c::crc32c_append(seed, b"absent");
            continue;
        };
        let file = fs.open(path, OpenOptions::read_only())?;
        let bytes = if len_max == usize::MAX {
            read_to_end(&*file)?
        } else {
            let mut head = vec![0; len_max];
            let len = file.read_at(&mut head, 0)?;
            head.truncate(len);
            head
        };
        seed = crc32c::crc32c_append(seed, &metadata.len.to_le_bytes());
        seed = crc32c::crc32c_append(seed, &bytes);
    }
    Ok(u64::from(seed))
}

struct Open {
    /// Before the mount, so that it is dropped while its disk is still there.
    connection: Connection,
    _mount: Mount,
    settings: Settings,
}

impl Open {
    fn mutate(connection: &Connection, mutation: &Mutation) -> Result<(), Error> {
        match mutation {
            Mutation::Put { key, value } => {
                connection.prepare_cached(PUT)?.execute((key, value))?;
            }
            Mutation::Delete { key } => {
                connection.prepare_cached(DELETE)?.execute((key,))?;
            }
        }
        Ok(())
    }

    fn commit(&mut self, command: &Command) -> Result<Level, Error> {
        if let Command::Write(mutation) = command {
            Self::mutate(&self.connection, mutation)?;
        } else {
            let behavior = TransactionBehavior::Immediate;
            let transaction = self.connection.transaction_with_behavior(behavior)?;
            for mutation in command.mutations() {
                Self::mutate(&transaction, mutation)?;
            }
            transaction.commit()?;
        }
        Ok(self.settings.level())
    }

    /// Only a checkpoint makes earlier commits more durable than they were: it syncs the log first.
    fn sync(&self) -> Result<Level, Error> {
        let level = self.settings.level();
        if self.settings.journal_mode != JournalMode::Wal
            || self.settings.synchronous == Synchronous::Off
        {
            return Ok(level);
        }
        let checkpoint = "PRAGMA wal_checkpoint(FULL)";
        let is_blocked: bool = self
            .connection
            .query_row(checkpoint, (), |row| row.get(0))?;
        Ok(if is_blocked { level } else { Level::Power })
    }

    fn visit(&self, visit: &mut Visit<'_>) -> Result<(), Error> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT key, value FROM pair")?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            visit(row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
        }
        Ok(())
    }
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let result = match command {
            Command::Write(_) | Command::Batch(_) => self.commit(command),
            Command::Sync => self.sync(),
            // Nothing runs in the background.
            Command::Tick | Command::Advance(_) => Ok(self.settings.level()),
            _ => return Err(CommandError::unsupported()),
        };
        match result {
            Ok(level) => Ok(Ack::at(level)),
            // A commit may fail after the step that makes it count.
            Err(error) => Err(CommandError::unknown(error.to_string())),
        }
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.visit(visit).map_err(|error| error.to_string())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        // The last connection copies the log into the database. That this failed it does not say, so nothing more is promised.
        match self.connection.close() {
            Ok(()) => Ok(Ack::at(self.settings.level())),
            Err((_, error)) => Err(CommandError::unknown(error.to_string())),
        }
    }
}
