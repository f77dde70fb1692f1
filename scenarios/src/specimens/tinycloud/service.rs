//! The open store.

use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_sim::command::Mutation;
use plimsoll_sim::sut::Visit;

use super::actor::Actor;
use super::bug::Bug;
use super::error::Error;
use super::promotion::DATABASE;
use crate::specimens::mends::Mends;
use crate::specimens::pairs;

/// The file system of the host, as SQLite sees it in one life of the database.
fn mount(host: &Host) -> Result<Mount, Error> {
    let seed = pairs::seed(&*host.fs, &[DATABASE])?;
    let options = MountOptions::default().seed(seed);
    Ok(Mount::new(host.clone(), options)?)
}

/// A service of one database.
pub(super) struct Service {
    /// Before the mount, so that its connection is closed while that is still there.
    actor: Option<Actor>,
    /// Whether nobody has looked at the file since a commit in it failed.
    is_in_doubt: bool,
    mount: Mount,
    host: Host,
    threshold: u64,
    mends: Mends<Bug>,
}

impl Service {
    pub(super) fn start(host: &Host, threshold: u64, mends: Mends<Bug>) -> Result<Self, Error> {
        Ok(Self {
            actor: None,
            is_in_doubt: false,
            mount: mount(host)?,
            host: host.clone(),
            threshold,
            mends,
        })
    }

    fn actor(&mut self) -> Result<&mut Actor, Error> {
        let actor = match self.actor.take() {
            Some(actor) => actor,
            None => Actor::spawn(&self.mount, &self.host, self.mends)?,
        };
        self.is_in_doubt = false;
        Ok(self.actor.insert(actor))
    }

    /// What everything is promised to survive that the actor has acknowledged.
    fn level(&self) -> Level {
        match &self.actor {
            Some(actor) if actor.is_in_file() => Level::Power,
            _ => Level::Memory,
        }
    }

    pub(super) fn write(&mut self, mutations: &[Mutation]) -> Result<Level, Error> {
        self.actor()?;
        let (mount, host) = (&self.mount, &self.host);
        let Some(actor) = &mut self.actor else {
            return Ok(Level::Memory);
        };
        let written = actor.write(mutations, mount, host, self.threshold, self.mends);
        if written.as_ref().is_err_and(Error::leaves_doubt) && actor.is_in_file() {
            self.give_up()?;
        }
        written.map(|()| self.level())
    }

    /// Ends an actor whose commit failed, without a trace: SQLite may show that commit, and nobody knows whether it is durable. The next
    /// actor looks at the file anew.
    fn give_up(&mut self) -> Result<(), Error> {
        self.mount.fence();
        self.actor = None;
        self.is_in_doubt = true;
        self.mount = mount(&self.host)?;
        Ok(())
    }

    /// Time has passed, or the actor has nothing to do.
    pub(super) fn turn(&mut self) -> Level {
        let (mount, host) = (&self.mount, &self.host);
        let Some(actor) = &mut self.actor else {
            return Level::Memory;
        };
        if !actor.is_idle(host) {
            // A failure is only logged.
            let _ = actor.turn(mount, host, self.threshold, self.mends);
            return self.level();
        }
        let flushed = actor.flush(mount, host, self.mends);
        if flushed.is_err() && actor.is_in_file() {
            // A failure is only logged: the next actor looks at the file anew.
            let _ = self.give_up();
            return Level::Memory;
        }
        let level = self.level();
        if flushed.is_ok() || !self.mends.has(Bug::R7) {
            self.actor = None;
        }
        level
    }

    pub(super) fn visit(&mut self, visit: &mut Visit<'_>) -> Result<(), Error> {
        let connection = self.actor()?.connection();
        if pairs::is_migrated(connection)? {
            pairs::visit(connection, visit)?;
        }
        Ok(())
    }

    /// The end of the service, which ends its actors as if they were idle.
    pub(super) fn stop(mut self) -> Result<(), Error> {
        if self.is_in_doubt {
            // What was answered before may be in doubt, too.
            self.actor()?;
        }
        let Some(actor) = &mut self.actor else {
            return Ok(());
        };
        let flushed = actor.flush(&self.mount, &self.host, self.mends);
        if flushed.is_err() && actor.is_in_file() {
            // The last close must not try again: a sync that failed may succeed then without doing anything.
            self.mount.fence();
        }
        match flushed {
            Err(error) if self.mends.has(Bug::R7) => Err(error),
            _ => Ok(()),
        }
    }
}
