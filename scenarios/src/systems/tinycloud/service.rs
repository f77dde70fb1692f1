//! The actors of all databases.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use plimsoll_reference::host::Host;
use plimsoll_sim::trial::history::Pairs;
use tokio::sync::{mpsc, oneshot};

use super::actor::{Actor, Common};
use super::bug::Bug;
use super::database;
use super::options::Acks;
use super::registry::{Ask, Handle, Link, Message, Registry};
use crate::specimens::mends::Mends;
use crate::systems::edge::{Answered, Failure};

/// What the capabilities are looked up in, and which of them were revoked.
const CAPABILITIES: &str = "capabilities";
const REVOKED: &str = "revoked";

/// How often a request is given to another actor when one was gone.
const ATTEMPTS: u32 = 8;

/// The service.
pub(super) struct Service {
    common: Common,
    registry: Arc<Registry>,
    /// The locks of the files, as SQLite has them for each process that opens one.
    locks: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
    actors: AtomicU64,
    troubles: mpsc::UnboundedReceiver<String>,
}

impl Service {
    pub(super) fn new(host: &Host, mends: Mends<Bug>, threshold: usize, acks: Acks) -> Self {
        let (sender, troubles) = mpsc::unbounded_channel();
        Self {
            common: Common {
                host: host.clone(),
                mends,
                threshold,
                acks,
                sequence: Arc::default(),
                troubles: sender,
            },
            registry: Arc::default(),
            locks: Mutex::default(),
            actors: AtomicU64::new(0),
            troubles,
        }
    }

    /// Number of the last write.
    pub(super) fn sequence(&self) -> u64 {
        self.common.sequence.load(Ordering::Relaxed)
    }

    /// Looks at what is on disk of a file.
    async fn look_up(&self, path: String) -> Result<(), Failure> {
        let host = self.common.host.clone();
        let looked = move || host.fs.metadata(Path::new(&path)).map(drop);
        Ok(self.common.host.blocking(looked).await??)
    }

    /// Has the actor of a database do something.
    pub(super) async fn call(&self, name: &str, ask: Ask) -> Result<Answered, Failure> {
        self.look_up(CAPABILITIES.to_owned()).await?;
        if matches!(ask, Ask::Execute(_)) {
            self.look_up(REVOKED.to_owned()).await?;
        }
        let mends = self.common.mends;
        for _ in 0..ATTEMPTS {
            let handle = self.registry.find_or_start(name, || self.start(name));
            self.look_up(database::file(name)).await?;
            let (reply, answer) = oneshot::channel();
            let ask = ask.clone();
            if handle.mailbox.send(Message { ask, reply }).await.is_ok() {
                return answer
                    .await
                    .map_err(|_| Failure::unknown("the database actor dropped the response"))?;
            }
            if !mends.has(Bug::H2) {
                break;
            }
            let number = mends.has(Bug::R4).then_some(handle.number);
            handle.gone().await;
            self.registry.take_out(name, number);
        }
        Err(Failure::absent("the database actor is not available"))
    }

    /// Everything that every database holds.
    pub(super) async fn export(&self) -> Result<Answered, Failure> {
        // The table first: an actor that leaves it in between has its file by then.
        let mut names = self.registry.names();
        let host = self.common.host.clone();
        let listed = move || database::names(&*host.fs);
        names.extend(self.common.host.blocking(listed).await??);
        names.sort_unstable();
        names.dedup();
        let mut all = Pairs::new();
        for name in names {
            if let Answered::Everything(pairs) = self.call(&name, Ask::Export).await? {
                all.extend(pairs);
            }
        }
        Ok(Answered::Everything(all))
    }

    fn start(&self, name: &str) -> Handle {
        let number = self.actors.fetch_add(1, Ordering::Relaxed);
        let (handle, mailbox, lives) = Handle::new(number);
        let link = if self.common.mends.has(Bug::R2) {
            Link::Weak(Arc::downgrade(&self.registry))
        } else {
            Link::Strong(Arc::clone(&self.registry))
        };
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(name.to_owned()).or_default())
        };
        let actor = Actor {
            common: self.common.clone(),
            name: name.to_owned(),
            number,
            mailbox,
            link,
            lock,
            lives,
        };
        drop(self.common.host.spawn("actor", actor.run()));
        handle
    }

    /// The end: nobody asks any more, and every actor is waited for. Says what could not be done.
    pub(super) async fn stop(self) -> Vec<String> {
        let Self {
            common,
            registry,
            mut troubles,
            ..
        } = self;
        drop(registry);
        drop(common);
        let mut all = Vec::new();
        while let Some(trouble) = troubles.recv().await {
            all.push(trouble);
        }
        all
    }
}
