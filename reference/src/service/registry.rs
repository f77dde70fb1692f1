//! Stores by name, opened on demand and closed when idle.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{mpsc, oneshot, watch};

use crate::host::{Failed, Host, Later};

use super::actor::MAILBOX_LEN;
use super::caller::{Caller, Order};
use super::ending::Ending;
use super::engine_options::EngineOptions;
use super::failure::Failure;
use super::notes::Notes;
use super::options::{InvalidOption, RegistryOptions};
use super::protocol::Command;
use super::response::Response;
use super::tenant::{Door, Tenant, View};

/// Stores by name, each with an actor of its own, which is started by the first request and ends when nobody has asked for long enough.
///
/// Everything acknowledged is on disk before a store is closed; one that cannot be brought there stays open. Dropping the registry closes all
/// stores in the same order, and nobody waits for it; [`close`](Self::close) waits.
pub struct Registry {
    host: Host,
    options: RegistryOptions,
    engine: Box<dyn Fn(&str) -> EngineOptions + Send + Sync>,
    notes: Notes,
    /// Never held over anything that waits.
    stores: Mutex<Stores>,
}

#[derive(Default)]
struct Stores {
    by_name: BTreeMap<String, Registered>,
    started: u64,
    is_closed: bool,
}

struct Registered {
    /// Tells a store from its successor of the same name.
    identity: u64,
    view: watch::Receiver<View>,
    /// Dropping it stops the actor.
    _stop: oneshot::Sender<()>,
    ended: Later<'static, Result<(), Failed>>,
}

/// One store as a request sees it.
struct Reached {
    identity: u64,
    view: watch::Receiver<View>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry")
            .field("open", &self.names())
            .finish_non_exhaustive()
    }
}

impl Registry {
    /// A registry whose stores are opened as `engine` says for their name. No two names may lead to the same files.
    ///
    /// # Errors
    /// An option makes no sense. Those of the engines are looked at when a store is opened.
    pub fn new(
        host: Host,
        options: RegistryOptions,
        engine: impl Fn(&str) -> EngineOptions + Send + Sync + 'static,
    ) -> Result<Self, InvalidOption> {
        options.validate()?;
        let (notes, _) = Notes::start(&host);
        Ok(Self {
            host,
            options,
            engine: Box::new(engine),
            notes,
            stores: Mutex::default(),
        })
    }

    /// Asks the store of this name, which is opened if it is not. A request that comes while the store is being closed is done, by this
    /// store or by the next of its name.
    ///
    /// Dropping the future does not take the request back.
    pub async fn request(&self, name: &str, command: Command) -> Response {
        let (sender, receiver) = oneshot::channel();
        let caller = Caller::channel(sender);
        let mut order = Order { command, caller };
        loop {
            let mut reached = match self.reach(name) {
                Ok(reached) => reached,
                Err(failure) => {
                    order.caller.answer(failure);
                    break;
                }
            };
            let settled = reached
                .view
                .wait_for(|view| !matches!(view.door, Door::Closing));
            // It fails when the task is gone without a word.
            let door = settled.await.map(|view| view.door.clone());
            match door {
                Ok(Door::Open(mailbox)) => match mailbox.send(order).await {
                    Ok(()) => break,
                    // It closes just now, and what will be seen next is that it does; or its task is gone without a word.
                    Err(back) => {
                        order = back.0;
                        if reached.view.has_changed().is_err() {
                            self.deregister(name, reached.identity);
                        }
                    }
                },
                Ok(Door::Gone(_) | Door::Closing) | Err(_) => {
                    self.deregister(name, reached.identity);
                }
            }
        }
        receiver
            .await
            .unwrap_or_else(|_| Failure::unknown("the store failed").into())
    }

    /// The stores that could not be closed when they were idle, and why.
    pub fn unhealthy(&self) -> Vec<(String, String)> {
        let stores = self.stores();
        let troubles = stores.by_name.iter().filter_map(|(name, registered)| {
            let trouble = registered.view.borrow().trouble.clone()?;
            Some((name.clone(), trouble))
        });
        troubles.collect()
    }

    /// The names of the stores that are open, or on the way there or back.
    pub fn names(&self) -> Vec<String> {
        let stores = self.stores();
        let is_open =
            |registered: &Registered| !matches!(registered.view.borrow().door, Door::Gone(_));
        let open = stores.by_name.iter().filter(|(_, of)| is_open(of));
        open.map(|(name, _)| name.clone()).collect()
    }

    /// Closes all stores, and says how each ended. Requests that came before are done; those that come later fail.
    pub async fn close(&self) -> Vec<(String, Ending)> {
        let all = {
            let mut stores = self.stores();
            stores.is_closed = true;
            std::mem::take(&mut stores.by_name)
        };
        // All of them are told before any is waited for.
        let told: Vec<_> = all
            .into_iter()
            .map(|(name, registered)| (name, registered.view, registered.ended))
            .collect();
        let mut endings = Vec::with_capacity(told.len());
        for (name, view, ended) in told {
            let result = ended.await;
            let ending = match (&view.borrow().door, result) {
                (Door::Gone(ending), Ok(())) => ending.clone(),
                (_, Err(failed)) => Ending::failed(failed.to_string()),
                (_, Ok(())) => Ending::failed("the store does not say how it ended"),
            };
            endings.push((name, ending));
        }
        endings
    }

    fn stores(&self) -> MutexGuard<'_, Stores> {
        // Nothing that panics happens while it is held.
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store of this name, started if there is none.
    fn reach(&self, name: &str) -> Result<Reached, Failure> {
        let mut stores = self.stores();
        if stores.is_closed {
            return Err(Failure::absent("the registry is closed"));
        }
        if !stores.by_name.contains_key(name) {
            stores.started += 1;
            let registered = self.start(name, stores.started)?;
            stores.by_name.insert(name.to_owned(), registered);
        }
        match stores.by_name.get(name) {
            Some(registered) => Ok(Reached {
                identity: registered.identity,
                view: registered.view.clone(),
            }),
            None => Err(Failure::absent("the store could not be started")),
        }
    }

    fn start(&self, name: &str, identity: u64) -> Result<Registered, Failure> {
        let options = self.options.of((self.engine)(name));
        options
            .validate()
            .map_err(|error| Failure::absent(error.to_string()))?;
        let (sender, mailbox) = mpsc::channel(MAILBOX_LEN);
        let (shown, view) = watch::channel(View {
            door: Door::Open(sender),
            trouble: None,
        });
        let (stop, is_told) = oneshot::channel();
        let tenant = Tenant {
            host: self.host.clone(),
            options,
            idle_timeout: self.options.idle_timeout,
            notes: self.notes.clone(),
            name: name.to_owned(),
            mailbox,
            stop: is_told,
            view: shown,
        };
        Ok(Registered {
            identity,
            view,
            _stop: stop,
            ended: self.host.spawn("store", tenant.run()),
        })
    }

    /// Forgets a store that is gone, and never its successor.
    fn deregister(&self, name: &str, identity: u64) {
        let mut stores = self.stores();
        let is_this = |registered: &Registered| registered.identity == identity;
        if stores.by_name.get(name).is_some_and(is_this) {
            stores.by_name.remove(name);
        }
    }
}
