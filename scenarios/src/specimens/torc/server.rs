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
use crate::specimens::settle::settle;

/// A server at work.
pub(super) struct Server {
    pool: Option<Pool>,
    /// Whether a commit on disk has failed. What was answered before it and is not synced may be lost then, and nothing here can tell: all
    /// that comes is refused, until another process has looked at what is there.
    has_stopped: bool,
    host: Host,
    options: Options,
    mends: Mends<Bug>,
}

impl Server {
    pub(super) fn start(host: &Host, options: Options, mends: Mends<Bug>) -> Result<Self, Error> {
        let mut server = Self {
            pool: None,
            has_stopped: false,
            host: host.clone(),
            options,
            mends,
        };
        server.pool()?;
        if options.in_memory {
            server.continue_from_snapshot()?;
        }
        Ok(server)
    }

    /// The pool, opened when there is none.
    fn pool(&mut self) -> Result<&mut Pool, Error> {
        if self.has_stopped {
            return Err(Error::Stopped);
        }
        let pool = match self.pool.take() {
            Some(pool) => pool,
            None => self.connect()?,
        };
        Ok(self.pool.insert(pool))
    }

    fn connect(&self) -> Result<Pool, Error> {
        let options = &self.options;
        let location = Location::parse(options.url, self.mends);
        let used = if options.in_memory {
            [
                options.snapshot.to_owned(),
                format!("{}.tmp", options.snapshot),
            ]
        } else {
            settle(&*self.host.fs, &location.name)?;
            [location.name.clone(), options.snapshot.to_owned()]
        };
        let seed = pairs::seed(&*self.host.fs, &used.each_ref().map(String::as_str))?;
        let mut pool = Pool::new(&self.host, location, self.mends, seed)?;
        let connection = pool.acquire(User::Requests)?;
        if !options.in_memory {
            pairs::check(connection)?;
        }
        pairs::migrate(connection)?;
        Ok(pool)
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
        if self.mends.has(Bug::R14) {
            rotation.sync_names()?;
        }
        let path = self.options.snapshot;
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if !self.mends.has(Bug::R9) {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        } else if self.host.fs.metadata(path.as_ref())?.is_none() {
            return Ok(());
        }
        let opened = self.pool()?.mount().open_with_flags(path, flags);
        if !self.mends.has(Bug::H12) && opened.is_err() {
            // There is no directory to create it in.
            return Ok(());
        }
        let snapshot = opened?;
        pairs::check(&snapshot)?;
        pairs::copy(&snapshot, self.pool()?.acquire(User::Requests)?)?;
        Ok(())
    }

    pub(super) fn commit(&mut self, mutations: &[Mutation]) -> Result<(), Error> {
        let committed = pairs::commit(self.pool()?.acquire(User::Requests)?, mutations);
        if committed.as_ref().is_err_and(pairs::leaves_doubt)
            && !self.options.in_memory
            && let Some(pool) = self.pool.take()
        {
            // Without a trace: SQLite would go on with what may be lost.
            pool.mount().fence();
            self.has_stopped = self.mends.has(Bug::Doubt);
        }
        Ok(committed?)
    }

    pub(super) fn snapshot(&mut self) -> Result<(), Error> {
        let (host, options, mends) = (self.host.clone(), self.options, self.mends);
        let rotation = Rotation {
            fs: &*host.fs,
            options: &options,
            mends,
        };
        snapshots::take(self.pool()?.acquire(User::Snapshots)?, &rotation)
    }

    /// Time has passed.
    pub(super) fn turn(&mut self) {
        if let Some(pool) = &mut self.pool {
            pool.expire();
        }
    }

    pub(super) fn visit(&mut self, visit: &mut Visit<'_>) -> Result<(), Error> {
        Ok(pairs::visit(self.pool()?.acquire(User::Requests)?, visit)?)
    }

    /// The end of the command that has started the server.
    pub(super) fn stop(mut self) -> Result<(), Error> {
        if !self.options.in_memory {
            // The last close would do that, too, and keep to itself that it could not.
            let pool = self.pool()?;
            let copied = pairs::checkpoint(pool.acquire(User::Requests)?);
            if copied.is_err() {
                // It must not try again: a sync that failed may succeed then without doing anything.
                pool.mount().fence();
            }
            return Ok(copied?);
        }
        match self.snapshot() {
            Err(error) if self.mends.has(Bug::R8) => Err(error),
            _ => Ok(()),
        }
    }
}
