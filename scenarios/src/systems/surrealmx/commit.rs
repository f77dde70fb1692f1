//! Commits.

use plimsoll_reference::mutation::Mutation;

use super::bug::Bug;
use super::mode::Mode;
use super::store::{Held, Order, Store};
use crate::specimens::surrealmx::record::Commit;
use crate::systems::edge::{Answered, Failure};

/// Commits that may wait for the log.
const QUEUE_MAX: usize = 64;

impl Store {
    /// Commits changes.
    pub(super) async fn commit(&self, mutations: &[Mutation]) -> Result<Answered, Failure> {
        self.check()?;
        let version = match self.mode {
            Mode::Async => self.commit_now(mutations).await?,
            Mode::Sync if self.mends.has(Bug::R34) => self.commit_logged(mutations).await?,
            Mode::Sync => self.commit_seen(mutations).await?,
        };
        Ok(self.done(version))
    }

    /// Puts a commit into the tree and into the queue of the log.
    async fn commit_now(&self, mutations: &[Mutation]) -> Result<u64, Failure> {
        let latches = self.latches.change(mutations).await;
        self.check()?;
        let mut tree = self.tree();
        if tree.queued >= QUEUE_MAX && self.mends.has(Bug::R36) {
            return Err(Failure::absent("AsyncQueueFull"));
        }
        let commit = Commit::new(tree.claim(), mutations);
        tree.table.commit(&commit);
        tree.queued += 1;
        let version = commit.version;
        self.order(Order::Append(commit));
        drop(tree);
        drop(latches);
        Ok(version)
    }

    /// Writes a commit to the log, makes it durable, and lets others see it then, in the order of the log.
    async fn commit_logged(&self, mutations: &[Mutation]) -> Result<u64, Failure> {
        let log = self.log().await;
        self.check()?;
        let commit = Commit::new(self.tree().claim(), mutations);
        let log = self.append(log, &commit).await?;
        let latches = self.latches.change(mutations).await;
        self.tree().table.commit(&commit);
        drop(latches);
        drop(log);
        Ok(commit.version)
    }

    /// Lets others see a commit, and writes it to the log then.
    async fn commit_seen(&self, mutations: &[Mutation]) -> Result<u64, Failure> {
        let latches = self.latches.change(mutations).await;
        let commit = {
            let mut tree = self.tree();
            let commit = Commit::new(tree.claim(), mutations);
            tree.table.commit(&commit);
            commit
        };
        drop(latches);
        // Here its thread may lose the processor, before it waits for the log.
        self.host.blocking(|| ()).await?;
        let log = self.log().await;
        drop(self.append(log, &commit).await?);
        Ok(commit.version)
    }

    async fn append(&self, log: Held, commit: &Commit) -> Result<Held, Failure> {
        let commit = commit.clone();
        let appended = self
            .work(log, move |log| {
                log.append(std::slice::from_ref(&commit))?;
                log.sync()
            })
            .await;
        match appended {
            Ok((log, ())) => Ok(log),
            Err(message) => Err(Failure::unknown(self.poison(message))),
        }
    }
}
