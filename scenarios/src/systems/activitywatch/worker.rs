//! What owns the database.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_reference::host::{Failed, Host, timeout};
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::Answer;
use plimsoll_sim::trial::history::Pairs;
use tokio::sync::{mpsc, oneshot};

use super::bug::Bug;
use super::queue::{Ask, Order, Reply};
use super::rules::Rules;
use crate::specimens::mends::Mends;
use crate::systems::edge::{Answered, Failure, Image, Outlet, WeakOutlet, load, save};

/// The file of the database.
pub(super) const DATABASE: &str = "datastore.db";

/// How long a change may wait for its commit.
const WINDOW: Duration = Duration::from_secs(15);

/// How long a commit may take before those whose changes are in it are told.
const LATE: Duration = Duration::from_secs(1);

/// How many changes may wait for their commit.
const EVENTS_MAX: u64 = 100;

/// The worker is gone: it has closed the database, or it has panicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Closed,
    Panicked,
}

/// The worker.
pub(super) struct Worker {
    host: Host,
    mends: Mends<Bug>,
    queue: mpsc::UnboundedReceiver<Order>,
    outlet: WeakOutlet,
    /// What the open transaction shows.
    pairs: Pairs,
    /// What the last commit left.
    committed: Pairs,
    /// The rules of privacy, where there are any. Then a commit that fails is given up, as in the real datastore; here it says so.
    rules: Option<Rules>,
    /// Those whose changes are not committed, until they are told that they were taken.
    untold: Vec<oneshot::Receiver<Infallible>>,
    /// Number of the last change, and of the last that is committed.
    sequence: u64,
    covered: u64,
    /// When the last commit was, by either clock.
    at: Duration,
    wall: Duration,
}

impl Worker {
    pub(super) async fn open(
        host: &Host,
        mends: Mends<Bug>,
        has_rules: bool,
        queue: mpsc::UnboundedReceiver<Order>,
        outlet: &Outlet,
    ) -> io::Result<Self> {
        let of = host.clone();
        let opened = host.blocking(move || load(&*of.fs, DATABASE)).await;
        let image = opened.map_err(io::Error::other)??.unwrap_or_default();
        let mut rules = has_rules.then(Rules::default);
        if let Some(rules) = &mut rules {
            rules.refresh(&image.pairs);
        }
        Ok(Self {
            host: host.clone(),
            mends,
            rules,
            untold: Vec::new(),
            queue,
            outlet: outlet.downgrade(),
            committed: image.pairs.clone(),
            pairs: image.pairs,
            sequence: 0,
            covered: 0,
            at: host.clock.now(),
            wall: host.process.wall_time(),
        })
    }

    /// Works until it is closed.
    pub(super) async fn run(mut self) -> Ended {
        loop {
            let worked = match self.next().await {
                Some(Some(order)) => self.work(order).await,
                // Nobody can ask any more.
                Some(None) => self.commit().await.and(Err(Ended::Closed)),
                None => self.commit().await.map(drop),
            };
            if let Err(ended) = worked {
                return ended;
            }
        }
    }

    /// The next request; nothing when it is time to commit.
    async fn next(&mut self) -> Option<Option<Order>> {
        if !self.is_dirty() || !self.mends.has(Bug::R1) {
            return Some(self.queue.recv().await);
        }
        let wait = self.remaining();
        timeout(&self.host, wait, self.queue.recv()).await
    }

    const fn is_dirty(&self) -> bool {
        self.sequence > self.covered
    }

    /// How long what is in the transaction may wait.
    fn remaining(&self) -> Duration {
        if self.mends.has(Bug::R12) {
            return (self.at + WINDOW).saturating_sub(self.host.clock.now());
        }
        (self.wall + WINDOW).saturating_sub(self.host.process.wall_time())
    }

    async fn work(&mut self, Order { ask, reply, told }: Order) -> Result<(), Ended> {
        match ask {
            Ask::Get(key) => {
                let value = self.pairs.get(&key).cloned();
                self.reply(reply, Ok(Answered::Value(value)))?;
            }
            Ask::Scan => {
                let pairs = self.pairs.clone();
                self.reply(reply, Ok(Answered::Everything(pairs)))?;
            }
            Ask::Insert(mutation) if self.rules.is_some() && Rules::is_rule(&mutation) => {
                self.change(&[mutation]);
                if self.mends.has(Bug::R15) {
                    let is_committed = self.commit().await?;
                    self.refresh();
                    return self.reply_after(reply, is_committed);
                }
                self.refresh();
                let done = self.done(Level::Window(WINDOW));
                self.reply(reply, done)?;
                self.untold.push(told);
            }
            Ask::Insert(mutation) => {
                if self
                    .rules
                    .as_ref()
                    .is_some_and(|rules| rules.drops(&mutation))
                {
                    // It is accepted, and nothing is kept of it.
                    self.change(&[]);
                } else {
                    self.change(&[mutation]);
                }
                let done = self.done(Level::Window(WINDOW));
                self.reply(reply, done)?;
                self.untold.push(told);
            }
            Ask::Import(mutations) => {
                self.change(&mutations);
                if !self.mends.has(Bug::R3) {
                    let done = self.done(Level::Power);
                    self.reply(reply, done)?;
                    return self.commit().await.map(drop);
                }
                let is_committed = self.commit().await?;
                return self.reply_after(reply, is_committed);
            }
            Ask::ForceCommit => {
                let is_committed = self.commit().await?;
                return self.reply_after(reply, is_committed);
            }
            Ask::Close => {
                let is_committed = self.commit().await?;
                self.reply_after(reply, is_committed)?;
                return Err(Ended::Closed);
            }
        }
        let is_many = self.sequence - self.covered > EVENTS_MAX;
        if self.is_dirty() && (is_many || self.remaining().is_zero()) {
            return self.commit().await.map(drop);
        }
        Ok(())
    }

    /// Applies the rules that the open transaction has.
    fn refresh(&mut self) {
        if let Some(rules) = &mut self.rules {
            rules.refresh(&self.pairs);
        }
    }

    fn change(&mut self, mutations: &[Mutation]) {
        for mutation in mutations {
            mutation.apply_to(&mut self.pairs);
        }
        self.sequence += 1;
    }

    const fn done(&self, level: Level) -> Reply {
        Ok(Answered::Done {
            level,
            sequence: self.sequence,
        })
    }

    /// Gives a reply. Whoever asked may have stopped waiting (historically: that is a panic).
    fn reply(&self, to: oneshot::Sender<Reply>, reply: Reply) -> Result<(), Ended> {
        match to.send(reply) {
            Err(_) if !self.mends.has(Bug::R14) => Err(Ended::Panicked),
            _ => Ok(()),
        }
    }

    /// Gives the reply of a request that was to be committed.
    fn reply_after(&self, to: oneshot::Sender<Reply>, is_committed: bool) -> Result<(), Ended> {
        let reply = if is_committed {
            self.done(Level::Power)
        } else {
            Err(Failure::unknown("the transaction could not be committed"))
        };
        self.reply(to, reply)
    }

    /// Commits, and says whether that succeeded. Where it ends the worker, whoever waits sees that the worker is gone.
    async fn commit(&mut self) -> Result<bool, Ended> {
        if !self.is_dirty() {
            return Ok(true);
        }
        let image = Image {
            pairs: self.pairs.clone(),
            revision: self.sequence,
        };
        let saved = self.save(image).await;
        self.at = self.host.clock.now();
        self.wall = self.host.process.wall_time();
        match saved {
            Ok(Ok(())) => {
                self.covered = self.sequence;
                self.untold.clear();
                self.committed.clone_from(&self.pairs);
                Ok(true)
            }
            Ok(Err(error)) => self.failed(&error.to_string()).await,
            Err(failed) => self.failed(&failed.to_string()).await,
        }
    }

    /// Replaces the file. Where that takes longer than the window has to spare, whoever was answered is told.
    async fn save(&mut self, image: Image) -> Result<io::Result<()>, Failed> {
        let fs = Arc::clone(&self.host.fs);
        let host = self.host.clone();
        let saving = host.blocking(move || save(&*fs, DATABASE, &image));
        let mut saving = std::pin::pin!(saving);
        if let Some(saved) = timeout(&self.host, LATE, &mut saving).await {
            return saved;
        }
        self.tell("the disk stands still").await;
        saving.await
    }

    /// A commit has failed: says what may be lost of what was acknowledged, and keeps it for the next one.
    async fn failed(&mut self, message: &str) -> Result<bool, Ended> {
        if !self.mends.has(Bug::H3) {
            return Err(Ended::Panicked);
        }
        if self.mends.has(Bug::R6) {
            self.tell(message).await;
        } else {
            self.give_up();
        }
        if self.rules.is_some() {
            self.give_up();
            if self.mends.has(Bug::R15) {
                self.refresh();
            }
        }
        Ok(false)
    }

    /// Forgets what is not committed.
    fn give_up(&mut self) {
        self.pairs.clone_from(&self.committed);
        self.covered = self.sequence;
    }

    /// Says that what was acknowledged since the last commit may be lost, behind the acknowledgements.
    async fn tell(&mut self, message: &str) {
        if self.mends.has(Bug::R6) {
            for told in std::mem::take(&mut self.untold) {
                // Nothing is ever sent: it is closed.
                let _ = told.await;
            }
            self.outlet.say(&Answer::Lost {
                first: self.covered + 1,
                last: self.sequence,
                message: message.to_owned(),
            });
        }
    }
}
