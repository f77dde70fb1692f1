//! What serves one database.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_reference::host::{Host, timeout};
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_sim::trial::history::Pairs;
use tokio::sync::{Mutex, mpsc, watch};

use super::bug::Bug;
use super::database;
use super::options::{Acks, IDLE};
use super::registry::{Ask, Link, Message};
use crate::specimens::mends::Mends;
use crate::systems::edge::{Answered, Failure};

/// What all actors of a service have in common.
#[derive(Clone)]
pub(super) struct Common {
    pub(super) host: Host,
    pub(super) mends: Mends<Bug>,
    pub(super) threshold: usize,
    pub(super) acks: Acks,
    /// Number of the last write.
    pub(super) sequence: Arc<AtomicU64>,
    /// Where actors say what they could not do. When all of them have ended it is closed.
    pub(super) troubles: mpsc::UnboundedSender<String>,
}

/// Where the database is.
enum Storage {
    InMemory(Pairs),
    File,
}

/// An actor.
pub(super) struct Actor {
    pub(super) common: Common,
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) mailbox: mpsc::Receiver<Message>,
    pub(super) link: Link,
    /// The lock of the file.
    pub(super) lock: Arc<Mutex<()>>,
    /// Dropped with the actor.
    pub(super) lives: watch::Sender<()>,
}

impl Actor {
    /// Serves until nobody has asked for long, or nobody can ask any more.
    pub(super) async fn run(mut self) {
        let mends = self.common.mends;
        let mut serving = match Serving::open(&self).await {
            Ok(serving) => serving,
            Err(failure) => {
                let _ = self.common.troubles.send(format!("{failure:?}"));
                return;
            }
        };
        let is_closed = loop {
            let wait = serving.wait();
            match timeout(&self.common.host, wait, self.mailbox.recv()).await {
                Some(Some(message)) => serving.answer(message).await,
                None if !serving.is_idle() => serving.flush(&self.common).await,
                None => break false,
                Some(None) => break true,
            }
        };
        if mends.has(Bug::R5) {
            self.mailbox.close();
            while let Some(message) = self.mailbox.recv().await {
                serving.answer(message).await;
            }
        }
        if is_closed || mends.has(Bug::H1) {
            serving.flush(&self.common).await;
        }
        if mends.has(Bug::H2) {
            let number = mends.has(Bug::R4).then_some(self.number);
            self.link.take_out(&self.name, number);
        }
        // The mailbox is gone before anybody hears of the end.
        let Self { mailbox, lives, .. } = self;
        drop(mailbox);
        drop(lives);
    }
}

/// The database of an actor.
struct Serving {
    common: Common,
    name: String,
    lock: Arc<Mutex<()>>,
    storage: Storage,
    /// When it was last asked.
    asked: Duration,
    /// When it was first written to since it was last copied.
    unsaved: Option<Duration>,
}

impl Serving {
    async fn open(actor: &Actor) -> Result<Self, Failure> {
        let mut serving = Self {
            common: actor.common.clone(),
            name: actor.name.clone(),
            lock: Arc::clone(&actor.lock),
            storage: Storage::InMemory(Pairs::new()),
            asked: actor.common.host.clock.now(),
            unsaved: None,
        };
        let is_there = serving
            .locked(|host, name| {
                let is_there = database::is_there(&*host.fs, name)?;
                if is_there {
                    database::fold(&*host.fs, name)?;
                }
                Ok(is_there)
            })
            .await?;
        if is_there {
            serving.storage = Storage::File;
        }
        Ok(serving)
    }

    /// Does something with the file, where it does not keep others from running.
    async fn locked<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Host, &str) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Failure> {
        let _lock = self.lock.lock().await;
        let (host, name) = (self.common.host.clone(), self.name.clone());
        let done = self.common.host.blocking(move || job(&host, &name)).await?;
        Ok(done?)
    }

    /// When it has to do something, by itself.
    fn deadline(&self) -> Duration {
        let (idle, mends) = (self.asked + IDLE, self.common.mends);
        match self.unsaved {
            Some(unsaved) if mends.has(Bug::H1) && mends.has(Bug::R3) => idle.min(unsaved + IDLE),
            _ => idle,
        }
    }

    fn wait(&self) -> Duration {
        let now = self.common.host.clock.now();
        self.deadline().saturating_sub(now)
    }

    fn is_idle(&self) -> bool {
        self.common.host.clock.now() >= self.asked + IDLE
    }

    async fn answer(&mut self, message: Message) {
        let reply = match message.ask {
            Ask::Execute(mutations) => self.write(mutations).await,
            Ask::Query(key) => {
                let pairs = self.pairs(false).await;
                pairs.map(|pairs| Answered::Value(pairs.get(&key).cloned()))
            }
            Ask::Export => {
                let is_plain = !self.common.mends.has(Bug::H6);
                self.pairs(is_plain).await.map(Answered::Everything)
            }
        };
        self.asked = self.common.host.clock.now();
        // Whoever asked may have stopped waiting.
        let _ = message.reply.send(reply);
    }

    /// Everything, or what the file has without its log.
    async fn pairs(&self, is_plain: bool) -> Result<Pairs, Failure> {
        match &self.storage {
            Storage::InMemory(pairs) => Ok(pairs.clone()),
            Storage::File => {
                let read = move |host: &Host, name: &str| {
                    if is_plain {
                        database::main_part(&*host.fs, name)
                    } else {
                        database::read(&*host.fs, name)
                    }
                };
                Ok(self.locked(read).await?.pairs)
            }
        }
    }

    async fn write(&mut self, mutations: Vec<Mutation>) -> Result<Answered, Failure> {
        let is_stored = self.common.acks == Acks::Stored;
        match &mut self.storage {
            Storage::InMemory(pairs) => {
                for mutation in &mutations {
                    mutation.apply_to(pairs);
                }
                let bytes: usize = pairs.iter().map(|(k, v)| k.len() + v.len()).sum();
                self.unsaved.get_or_insert(self.common.host.clock.now());
                if is_stored && self.common.mends.has(Bug::H4) {
                    self.promote().await?;
                } else if bytes > self.common.threshold {
                    // A failure is only logged: the next request tries again.
                    let _ = self.promote().await;
                }
            }
            Storage::File => {
                self.locked(move |host, name| database::append(&*host.fs, name, &mutations))
                    .await?;
            }
        }
        let level = match self.storage {
            Storage::InMemory(_) if !is_stored => Level::Window(IDLE),
            _ => Level::Power,
        };
        let sequence = self.common.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Answered::Done { level, sequence })
    }

    /// From memory into the file.
    async fn promote(&mut self) -> Result<(), Failure> {
        let Storage::InMemory(pairs) = &self.storage else {
            return Ok(());
        };
        let pairs = pairs.clone();
        self.locked(move |host, name| database::replace(&*host.fs, name, &pairs))
            .await?;
        self.storage = Storage::File;
        self.unsaved = None;
        Ok(())
    }

    /// Sees to it that what was written is in the file. A database that nobody has written to has no size and gets none.
    async fn flush(&mut self, common: &Common) {
        if self.unsaved.is_none() {
            return;
        }
        if let Err(failure) = self.promote().await {
            let _ = common.troubles.send(format!("{}: {failure:?}", self.name));
        }
    }
}
