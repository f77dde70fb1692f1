//! What serves one database.

use std::path::Path;
use std::time::Duration;

use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::vfs::Mount;
use plimsoll_sim::command::Mutation;
use rusqlite::Connection;

use super::bug::Bug;
use super::error::Error;
use super::promotion::{self, DATABASE};
use crate::specimens::mends::Mends;
use crate::specimens::pairs;

/// How long an actor waits for a request.
const IDLE: Duration = Duration::from_secs(300);

/// How long the mended protocol waits after a copy that failed.
const BACK_OFF: Duration = Duration::from_secs(60);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    InMemory,
    File,
}

/// An actor.
pub(super) struct Actor {
    connection: Connection,
    storage: Storage,
    asked: Duration,
    /// When the mended protocol tries again to copy the database into the file.
    retry: Duration,
}

impl Actor {
    pub(super) fn spawn(mount: &Mount, host: &Host, mends: Mends<Bug>) -> Result<Self, Error> {
        let is_there = host.fs.metadata(Path::new(DATABASE))?.is_some();
        let (connection, storage) = if is_there {
            let file = promotion::open(mount, &*host.fs, mends)?;
            pairs::check(&file)?;
            (file, Storage::File)
        } else {
            promotion::settle_absence(&*host.fs, mends)?;
            (mount.open(":memory:")?, Storage::InMemory)
        };
        Ok(Self {
            connection,
            storage,
            asked: host.clock.now(),
            retry: Duration::ZERO,
        })
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn is_in_file(&self) -> bool {
        self.storage == Storage::File
    }

    /// Whether nobody has asked for long.
    pub(super) fn is_idle(&self, host: &Host) -> bool {
        host.clock.now() - self.asked >= IDLE
    }

    /// A request that writes.
    pub(super) fn write(
        &mut self,
        mutations: &[Mutation],
        mount: &Mount,
        host: &Host,
        threshold: u64,
        mends: Mends<Bug>,
    ) -> Result<(), Error> {
        self.asked = host.clock.now();
        pairs::migrate(&self.connection)?;
        pairs::commit(&mut self.connection, mutations)?;
        if !mends.has(Bug::R10) && self.is_large(threshold)? {
            // A failure is only logged: the next request tries again.
            let _ = self.promote(mount, host, mends);
        }
        Ok(())
    }

    /// What the mended protocol does when no request waits.
    pub(super) fn turn(
        &mut self,
        mount: &Mount,
        host: &Host,
        threshold: u64,
        mends: Mends<Bug>,
    ) -> Result<(), Error> {
        let now = host.clock.now();
        if !mends.has(Bug::R10) || now < self.retry || !self.is_large(threshold)? {
            return Ok(());
        }
        self.retry = now + BACK_OFF;
        self.promote(mount, host, mends)
    }

    fn is_large(&self, threshold: u64) -> Result<bool, Error> {
        Ok(self.storage == Storage::InMemory && self.bytes()? > threshold)
    }

    fn bytes(&self) -> Result<u64, Error> {
        let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
        let bytes: i64 = self.connection.query_row(sql, (), |row| row.get(0))?;
        Ok(bytes.unsigned_abs())
    }

    /// The end of the actor: what is in memory goes to the file, and what is in the log of the file into that. The last close would do that
    /// too, and keep to itself that it could not.
    pub(super) fn flush(
        &mut self,
        mount: &Mount,
        host: &Host,
        mends: Mends<Bug>,
    ) -> Result<(), Error> {
        if self.storage == Storage::InMemory && self.bytes()? > 0 {
            self.promote(mount, host, mends)?;
        }
        if self.storage == Storage::File && mends.has(Bug::R7) {
            pairs::checkpoint(&self.connection)?;
        }
        Ok(())
    }

    fn promote(&mut self, mount: &Mount, host: &Host, mends: Mends<Bug>) -> Result<(), Error> {
        self.connection = promotion::promote(&self.connection, mount, host, mends)?;
        self.storage = Storage::File;
        Ok(())
    }
}
