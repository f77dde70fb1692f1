//! The later version of the service: each commit is in an object store before it is answered, and the database that SQLite works on is
//! a cache of that.
//!
//! The objects are a checkpoint of the database and the log behind it. A cold service downloads both at the same time, each to a
//! temporary that is renamed; the log is the smaller one and comes first. That a temporary is not there any more is taken for another
//! download that was quicker.
//!
//! **Not modelled**: an object store that fails or is slow, its revisions, several services.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_reference::fs::{FsOps, OpenOptions, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::set_journal_mode;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_sim::command::Mutation;
use plimsoll_sim::sut::Visit;
use rusqlite::Connection;

use super::bug::Bug;
use super::error::Error;
use crate::specimens::mends::Mends;
use crate::specimens::pairs;

/// The object store.
const STORE: &str = "store";

/// The cache.
const CACHE: &str = "cache";

/// The database, and the object that is its checkpoint.
const CHECKPOINT: &str = "main.db";

/// The log, and the object of that name.
const LOG: &str = "main.db-wal";

/// Bytes of the log above which there is a checkpoint.
const LOG_BYTES_MAX: usize = 24 << 10;

/// A database in the cache.
struct Database {
    /// Before the mount, so that it is closed while that is still there.
    connection: Connection,
    mount: Mount,
    host: Host,
}

/// The service.
pub(super) struct Cache {
    /// None after a commit that is not known to be in the object store: the cache has it, and must not show it.
    database: Option<Database>,
    host: Host,
    mends: Mends<Bug>,
}

impl Cache {
    pub(super) fn open(host: &Host, mends: Mends<Bug>) -> Result<Self, Error> {
        Ok(Self {
            database: Some(Database::open(host, mends)?),
            host: host.clone(),
            mends,
        })
    }

    /// The database, from the object store where the cache was given up.
    fn database(&mut self) -> Result<&mut Database, Error> {
        let database = match self.database.take() {
            Some(database) => database,
            None => Database::open(&self.host, self.mends)?,
        };
        Ok(self.database.insert(database))
    }

    /// Commits, and has the commit in the object store.
    pub(super) fn write(&mut self, mutations: &[Mutation]) -> Result<(), Error> {
        let written = self.database()?.write(mutations);
        if written.is_err()
            && let Some(database) = self.database.take()
        {
            database.mount.fence();
        }
        written
    }

    pub(super) fn visit(&mut self, visit: &mut Visit<'_>) -> Result<(), Error> {
        Ok(pairs::visit(&self.database()?.connection, visit)?)
    }

    /// Everything that was answered is in the object store.
    pub(super) fn close(self) -> Result<(), Error> {
        match self.database {
            Some(database) => Ok(database.connection.close().map_err(|(_, error)| error)?),
            None => Ok(()),
        }
    }
}

impl Database {
    fn open(host: &Host, mends: Mends<Bug>) -> Result<Self, Error> {
        let fs = &*host.fs;
        for dir in [STORE, CACHE] {
            if fs.metadata(Path::new(dir))?.is_none() {
                fs.create_dir(Path::new(dir))?;
            }
        }
        fs.sync_dir(Path::new(""))?;
        // What an object store shows stays.
        fs.sync_dir(Path::new(STORE))?;
        let is_new = pairs::content(fs, &object(CHECKPOINT))?.is_none();
        hydrate(fs, mends)?;
        let seed = pairs::seed(fs, &[&object(CHECKPOINT)])?;
        let mount = Mount::new(host.clone(), MountOptions::default().seed(seed))?;
        let connection = mount.open(cached(CHECKPOINT))?;
        set_journal_mode(&connection, "WAL")?;
        connection.query_row("PRAGMA wal_autocheckpoint = 0", (), |_| Ok(()))?;
        pairs::check(&connection)?;
        pairs::migrate(&connection)?;
        let database = Self {
            connection,
            mount,
            host: host.clone(),
        };
        if is_new {
            database.checkpoint()?;
        }
        Ok(database)
    }

    /// Commits, and has the commit in the object store.
    fn write(&mut self, mutations: &[Mutation]) -> Result<(), Error> {
        pairs::commit(&mut self.connection, mutations)?;
        let log = pairs::content(&*self.host.fs, &cached(LOG))?.unwrap_or_default();
        upload(&*self.host.fs, LOG, &log)?;
        if log.len() > LOG_BYTES_MAX {
            self.checkpoint()?;
        }
        Ok(())
    }

    /// Copies the log into the database, and has that in the object store in place of both.
    fn checkpoint(&self) -> Result<(), Error> {
        let fs = &*self.host.fs;
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        let database = pairs::content(fs, &cached(CHECKPOINT))?.unwrap_or_default();
        upload(fs, CHECKPOINT, &database)?;
        // Until it is gone, replaying it changes nothing.
        let log = object(LOG);
        if fs.metadata(Path::new(&log))?.is_some() {
            fs.remove_file(Path::new(&log))?;
            fs.sync_dir(Path::new(STORE))?;
        }
        Ok(())
    }
}

fn object(name: &str) -> String {
    format!("{STORE}/{name}")
}

fn cached(name: &str) -> String {
    format!("{CACHE}/{name}")
}

/// Puts the objects into an empty cache.
fn hydrate(fs: &dyn FsOps, mends: Mends<Bug>) -> io::Result<()> {
    for entry in fs.read_dir(Path::new(CACHE))? {
        fs.remove_file(Path::new(&cached(&entry.name)))?;
    }
    let mut downloads = Vec::new();
    for name in [LOG, CHECKPOINT] {
        if let Some(bytes) = pairs::content(fs, &object(name))? {
            let temporary = temporary(Path::new(&cached(name)), mends);
            write(fs, &temporary, &bytes)?;
            downloads.push((name, temporary));
        }
    }
    for (name, temporary) in downloads {
        match fs.rename(&temporary, Path::new(&cached(name))) {
            Err(e) if e.kind() == io::ErrorKind::NotFound && !mends.has(Bug::H5) => {}
            done => done?,
        }
    }
    Ok(())
}

/// Where a file of the cache is downloaded to.
fn temporary(path: &Path, mends: Mends<Bug>) -> PathBuf {
    if mends.has(Bug::H5) {
        PathBuf::from(format!("{}.tmp", path.display()))
    } else {
        path.with_extension("tmp")
    }
}

/// Replaces an object, durably.
fn upload(fs: &dyn FsOps, name: &str, bytes: &[u8]) -> io::Result<()> {
    let path = object(name);
    let temporary = format!("{path}.new");
    write(fs, Path::new(&temporary), bytes)?;
    fs.rename(Path::new(&temporary), Path::new(&path))?;
    fs.sync_dir(Path::new(STORE))
}

fn write(fs: &dyn FsOps, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let options = OpenOptions::read_write().create().truncate();
    let file = fs.open(path, options)?;
    write_all_at(&*file, bytes, 0)?;
    file.sync_all()
}
