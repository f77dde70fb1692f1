//! The open store.

use std::time::Duration;

use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_sim::command::Mutation;
use plimsoll_sim::sut::Visit;
use rusqlite::Connection;

use super::bug::Bug;
use super::datastore::{DATABASE, Datastore, Failure};
use super::error::Error;
use super::options::Options;
use crate::specimens::mends::Mends;
use crate::specimens::pairs;
use crate::specimens::settle::settle;

/// How long a change may wait for its commit.
pub(super) const WINDOW: Duration = Duration::from_secs(15);

/// How many changes may wait for their commit.
const EVENTS_MAX: usize = 100;

/// The worker.
pub(super) struct Worker {
    /// Before the mount, so that they are closed while it is still there.
    datastore: Datastore,
    reader: Option<Connection>,
    mount: Mount,
    host: Host,
    mends: Mends<Bug>,
    committed: Duration,
    /// What was answered since the last commit.
    waiting: Vec<Mutation>,
    /// Whether a commit was answered and is still to be done.
    owes_commit: bool,
    /// Whether the transaction was lost, with what was answered in it.
    is_behind: bool,
}

impl Worker {
    pub(super) fn start(host: &Host, options: Options, mends: Mends<Bug>) -> Result<Self, Error> {
        settle(&*host.fs, DATABASE)?;
        let seed = pairs::seed(&*host.fs, &[DATABASE])?;
        let mount = Mount::new(host.clone(), MountOptions::default().seed(seed))?;
        Ok(Self {
            datastore: Datastore::open(&mount, options, mends)?,
            reader: None,
            mount,
            host: host.clone(),
            mends,
            committed: host.clock.now(),
            waiting: Vec::new(),
            owes_commit: false,
            is_behind: false,
        })
    }

    /// What the worker does after its last answer and before the next request.
    fn catch_up(&mut self) -> Result<(), Error> {
        if std::mem::take(&mut self.owes_commit) {
            // A failure is only logged.
            let _ = self.commit();
        }
        self.redo()
    }

    /// Makes the changes once more that were lost with a transaction.
    fn redo(&mut self) -> Result<(), Error> {
        if self.is_behind {
            self.datastore.request(&self.waiting)?;
            self.is_behind = false;
        }
        Ok(())
    }

    /// A request with some changes.
    pub(super) fn request(&mut self, mutations: &[Mutation]) -> Result<(), Error> {
        self.insert(mutations)?;
        if self.is_due() || self.waiting.len() > EVENTS_MAX {
            // A failure is only logged: the request was answered.
            let _ = self.commit();
        }
        Ok(())
    }

    fn insert(&mut self, mutations: &[Mutation]) -> Result<(), Error> {
        self.catch_up()?;
        if let Err(error) = self.datastore.request(mutations) {
            if self.datastore.is_in_transaction() {
                return Err(Error::Refused(error));
            }
            self.lose();
            return Err(error.into());
        }
        self.waiting.extend_from_slice(mutations);
        Ok(())
    }

    /// Several changes and a commit, and the client waits for both.
    pub(super) fn import(&mut self, mutations: &[Mutation]) -> Result<(), Error> {
        let before = self.waiting.len();
        self.insert(mutations)?;
        let committed = self.force_commit();
        if committed.is_err() {
            self.waiting.truncate(before);
        }
        committed
    }

    /// A request to commit.
    pub(super) fn force_commit(&mut self) -> Result<(), Error> {
        self.catch_up()?;
        if self.mends.has(Bug::H1) {
            return self.commit();
        }
        self.owes_commit = true;
        Ok(())
    }

    fn commit(&mut self) -> Result<(), Error> {
        let reader = &mut self.reader;
        // A reader in the way is gone when the worker looks again.
        let done = self.datastore.commit(|| *reader = None);
        match done {
            Ok(()) => {
                self.waiting.clear();
                self.committed = self.host.clock.now();
                Ok(())
            }
            Err(failure) => {
                self.lose();
                Err(match failure {
                    Failure::Busy(error) => Error::Refused(error),
                    Failure::Unknown(error) => Error::Sqlite(error),
                })
            }
        }
    }

    /// The transaction is gone. The mended protocol makes the changes in it once more.
    fn lose(&mut self) {
        self.is_behind = self.mends.has(Bug::R6) && !self.waiting.is_empty();
        if !self.is_behind {
            self.waiting.clear();
        }
    }

    fn is_due(&self) -> bool {
        self.host.clock.now() - self.committed >= WINDOW
    }

    /// Time has passed.
    pub(super) fn turn(&mut self) -> Result<(), Error> {
        if !self.mends.has(Bug::R1) {
            return Ok(());
        }
        self.catch_up()?;
        if self.is_due() {
            self.commit()?;
        }
        Ok(())
    }

    /// Somebody opens the database and reads.
    pub(super) fn read(&mut self) -> Result<(), Error> {
        let reader = self.mount.open(DATABASE)?;
        reader.execute_batch("BEGIN; SELECT count(*) FROM pair")?;
        self.reader = Some(reader);
        Ok(())
    }

    /// The reader is done.
    pub(super) fn stop_reading(&mut self) {
        self.reader = None;
    }

    pub(super) fn visit(&mut self, visit: &mut Visit<'_>) -> Result<(), Error> {
        // What cannot be made again now is not shown.
        let _ = self.redo();
        Ok(pairs::visit(self.datastore.connection(), visit)?)
    }

    pub(super) fn close(mut self) -> Result<(), Error> {
        self.reader = None;
        let committed = self.catch_up().and_then(|()| self.commit());
        if self.mends.has(Bug::H2) {
            committed?;
        }
        if !self.mends.has(Bug::Close) {
            let _ = self.datastore.close();
            return Ok(());
        }
        let copied = self.datastore.checkpoint();
        if copied.is_err() {
            // The last close must not try again: a sync that failed may succeed then without doing anything.
            self.mount.fence();
        }
        copied.and_then(|()| self.datastore.close())?;
        Ok(())
    }
}
