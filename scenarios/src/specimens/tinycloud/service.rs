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

/// A service of one database.
pub(super) struct Service {
    /// Before the mount, so that its connection is closed while that is still there.
    actor: Option<Actor>,
    mount: Mount,
    host: Host,
    threshold: u64,
    mends: Mends<Bug>,
}

impl Service {
    pub(super) fn start(host: &Host, threshold: u64, mends: Mends<Bug>) -> Result<Self, Error> {
        let seed = pairs::seed(&*host.fs, &[DATABASE])?;
        let mount = Mount::new(host.clone(), MountOptions::default().seed(seed))?;
        Ok(Self {
            actor: None,
            mount,
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
        if let Some(actor) = &mut self.actor {
            actor.write(mutations, mount, host, self.threshold, self.mends)?;
        }
        Ok(self.level())
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
        let Some(actor) = &mut self.actor else {
            return Ok(());
        };
        match actor.flush(&self.mount, &self.host, self.mends) {
            Err(error) if self.mends.has(Bug::R7) => Err(error),
            _ => Ok(()),
        }
    }
}
