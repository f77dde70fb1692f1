//! The real redb on a file of the host.
//!
//! redb asks of its backend a file that exists and whose name is durable; that is the caller's part. redb writes the magic number of
//! a new file last, and refuses a file that has a length and no magic number. A file that is [created in place](Creation::InPlace)
//! and meets a crash before that is refused for ever, so a careful caller creates it [under another name](Creation::Renamed).
//!
//! Everything else is redb's own doing: one write transaction for each command, at the default durability, which is acknowledged
//! as surviving a power loss.
//!
//! **Not covered**: savepoints, several tables, durability `None`, compaction, readers beside a writer.

use std::fmt;
use std::io;
use std::path::Path;

use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_exact_at, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};
use redb::{
    Database, Error, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition, TableError,
};

const BASE: &str = "db";
const FILE: &str = "db/store.redb";
const TEMP: &str = "db/store.redb.tmp";
const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("pairs");

/// Enough for every page of a small database; the default of 1 GiB is a bound too, and no faster.
const CACHE_BYTES: usize = 1 << 20;

/// How a new file comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// redb initialises a file that has its final name.
    InPlace,
    /// redb initialises a temporary, which is synced and then renamed.
    Renamed,
}

/// redb in its default configuration.
#[derive(Clone, Copy, Debug)]
pub struct Redb {
    creation: Creation,
}

impl Redb {
    /// redb with a file that comes to be in this way.
    pub const fn new(creation: Creation) -> Self {
        Self { creation }
    }
}

impl Sut for Redb {
    fn name(&self) -> &str {
        match self.creation {
            Creation::Renamed => "redb",
            Creation::InPlace => "redb-created-in-place",
        }
    }

    fn contract(&self) -> Contract {
        Contract {
            temporaries: vec![TEMP.to_owned()],
            canonical: None,
            ..Contract::default()
        }
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let database = prepare(&*host.fs, self.creation)
            .and_then(|()| open_database(&*host.fs, FILE))
            .map_err(|error| OpenError {
                message: error.to_string(),
            })?;
        Ok(Box::new(Open {
            database,
            has_failed: false,
        }))
    }
}

fn open_database(fs: &dyn FsOps, path: &str) -> Result<Database, Error> {
    let file = fs.open(Path::new(path), OpenOptions::read_write())?;
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    Ok(builder.create_with_backend(Backend { file })?)
}

/// Sees to it that there is a file, and that its name is durable.
fn prepare(fs: &dyn FsOps, creation: Creation) -> Result<(), Error> {
    let [base, file, temp] = [BASE, FILE, TEMP].map(Path::new);
    if fs.metadata(base)?.is_none() {
        fs.create_dir(base)?;
    }
    fs.sync_dir(Path::new(""))?;
    let exists = fs.metadata(file)?.is_some();
    match creation {
        Creation::InPlace if !exists => {
            fs.open(file, OpenOptions::read_write().create())?.close()?;
        }
        Creation::Renamed if !exists => {
            let empty = fs.open(temp, OpenOptions::read_write().create().truncate())?;
            empty.close()?;
            drop(open_database(fs, TEMP)?);
            fs.open(temp, OpenOptions::read_write())?.sync_all()?;
            fs.rename(temp, file)?;
        }
        Creation::InPlace => {}
        Creation::Renamed => {
            if fs.metadata(temp)?.is_some() {
                fs.remove_file(temp)?;
            }
        }
    }
    Ok(fs.sync_dir(base)?)
}

struct Backend {
    file: Box<dyn FsFile>,
}

impl fmt::Debug for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backend").finish_non_exhaustive()
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        read_exact_at(&*self.file, out, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        write_all_at(&*self.file, data, offset)
    }
}

struct Open {
    database: Database,
    /// Whether redb has met an error and refuses all work since.
    has_failed: bool,
}

impl Open {
    fn commit(&self, mutations: &[Mutation]) -> Result<(), Error> {
        let transaction = self.database.begin_write()?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for mutation in mutations {
                match mutation {
                    Mutation::Put { key, value } => {
                        table.insert(&key[..], &value[..])?;
                    }
                    Mutation::Delete { key } => {
                        table.remove(&key[..])?;
                    }
                }
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn visit(&self, visit: &mut Visit<'_>) -> Result<(), Error> {
        let transaction = self.database.begin_read()?;
        let table = match transaction.open_table(TABLE) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        for pair in table.iter()? {
            let (key, value) = pair?;
            visit(key.value(), value.value());
        }
        Ok(())
    }
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        match command {
            Command::Write(_) | Command::Batch(_) => match self.commit(command.mutations()) {
                Ok(()) => Ok(Ack::at(Level::Power)),
                Err(error) => {
                    self.has_failed = true;
                    let text = error.to_string();
                    Err(match error {
                        // After a failure redb refuses all work until it is reopened.
                        Error::PreviousIo => CommandError::absent(text),
                        _ => CommandError::unknown(text),
                    })
                }
            },
            // Every commit was durable when it returned, and nothing runs in the background.
            Command::Sync | Command::Tick | Command::Advance(_) => Ok(Ack::at(Level::Power)),
            _ => Err(CommandError::unsupported()),
        }
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.visit(visit).map_err(|error| error.to_string())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        // Dropping is redb's way to close. It cannot say that this failed, but nothing good comes after a failure.
        drop(self.database);
        if self.has_failed {
            return Err(CommandError::unknown("closed after an I/O error"));
        }
        Ok(Ack::at(Level::Power))
    }
}
