//! The open store.

use plimsoll_reference::host::Host;
use plimsoll_sim::command::Mutation;
use plimsoll_sim::sut::Visit;
use rusqlite::OpenFlags;

use super::bug::Bug;
use super::error::Error;
use super::location::Location;
use super::options::Options;
use super::pool::{Pool, User};
use super::rotation::Rotation;
use super::snapshots;
use crate::specimens::mends::Mends;
use crate::specimens::pairs;

/// A server at work.
pub(super) struct Server {
    pool: Pool,
    host: Host,
    options: Options,
    mends: Mends<Bug>,
}

impl Server {
    pub(super) fn start(host: &Host, options: Options, mends: Mends<Bug>) -> Result<Self, Error> {
        let location = Location::parse(options.url, mends);
        let used = if options.in_memory {
            [
                options.snapshot.to_owned(),
                format!("{}.tmp", options.snapshot),
            ]
        } else {
            [location.name.clone(), options.snapshot.to_owned()]
        };
        let seed = pairs::seed(&*host.fs, &used.each_ref().map(String::as_str))?;
        let mut server = Self {
            pool: Pool::new(host, location, mends, seed)?,
            host: host.clone(),
            options,
            mends,
        };
        let connection = server.pool.acquire(User::Requests)?;
        if !options.in_memory {
            pairs::check(connection)?;
        }
        pairs::migrate(connection)?;
        if options.in_memory {
            server.continue_from_snapshot()?;
        }
        Ok(server)
    }

    fn rotation(&self) -> Rotation<'_> {
        Rotation {
            fs: &*self.host.fs,
            options: &self.options,
            mends: self.mends,
        }
    }

    /// Opens the database at the path of the snapshot, as a user who asks what came of a run, and goes on from there.
    fn continue_from_snapshot(&mut self) -> Result<(), Error> {
        let rotation = self.rotation();
        if self.mends.has(Bug::R10) {
            rotation.settle()?;
        }
        let path = self.options.snapshot;
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if !self.mends.has(Bug::R9) {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        } else if self.host.fs.metadata(path.as_ref())?.is_none() {
            return Ok(());
        }
        let opened = self.pool.mount().open_with_flags(path, flags);
        if !self.mends.has(Bug::H12) && opened.is_err() {
            // There is no directory to create it in.
            return Ok(());
        }
        let snapshot = opened?;
        pairs::check(&snapshot)?;
        pairs::copy(&snapshot, self.pool.acquire(User::Requests)?)?;
        Ok(())
    }

    pub(super) fn commit(&mut self, mutations: &[Mutation]) -> Result<(), Error> {
        Ok(pairs::commit(
            self.pool.acquire(User::Requests)?,
            mutations,
        )?)
    }

    pub(super) fn snapshot(&mut self) -> Result<(), Error> {
        let rotation = Rotation {
            fs: &*self.host.fs,
            options: &self.options,
            mends: self.mends,
        };
        snapshots::take(self.pool.acquire(User::Snapshots)?, &rotation)
    }

    /// Time has passed.
    pub(super) fn turn(&mut self) {
        self.pool.expire();
    }

    pub(super) fn visit(&mut self, visit: &mut Visit<'_>) -> Result<(), Error> {
        Ok(pairs::visit(self.pool.acquire(User::Requests)?, visit)?)
    }

    /// The end of the command that has started the server.
    pub(super) fn stop(mut self) -> Result<(), Error> {
        if !self.options.in_memory {
            return Ok(());
        }
        match self.snapshot() {
            Err(error) if self.mends.has(Bug::R8) => Err(error),
            _ => Ok(()),
        }
    }
}
