//! The table of actors.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use plimsoll_reference::mutation::Mutation;
use tokio::sync::{mpsc, oneshot, watch};

use crate::systems::edge::{Answered, Failure};

/// How many messages wait in a mailbox before who sends has to wait.
pub(super) const MAILBOX_LEN: usize = 32;

/// What an actor is asked.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    Execute(Vec<Mutation>),
    Query(Vec<u8>),
    Export,
}

/// A message to an actor.
pub(super) struct Message {
    pub(super) ask: Ask,
    pub(super) reply: oneshot::Sender<Result<Answered, Failure>>,
}

/// The way to an actor.
#[derive(Clone)]
pub(super) struct Handle {
    /// No two actors share one.
    pub(super) number: u64,
    pub(super) mailbox: mpsc::Sender<Message>,
    gone: watch::Receiver<()>,
}

impl Handle {
    /// The handle of a new actor, its mailbox, and what the actor holds until it has ended.
    pub(super) fn new(number: u64) -> (Self, mpsc::Receiver<Message>, watch::Sender<()>) {
        let (mailbox, messages) = mpsc::channel(MAILBOX_LEN);
        let (lives, gone) = watch::channel(());
        let handle = Self {
            number,
            mailbox,
            gone,
        };
        (handle, messages, lives)
    }

    /// Waits for the end of the actor.
    pub(super) async fn gone(mut self) {
        while self.gone.changed().await.is_ok() {}
    }
}

/// The actors by the name of their database.
#[derive(Default)]
pub(super) struct Registry(Mutex<BTreeMap<String, Handle>>);

impl Registry {
    fn table(&self) -> MutexGuard<'_, BTreeMap<String, Handle>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handle of a database; where there is none, that of an actor which is now started.
    pub(super) fn find_or_start(&self, name: &str, start: impl FnOnce() -> Handle) -> Handle {
        let mut table = self.table();
        table.entry(name.to_owned()).or_insert_with(start).clone()
    }

    /// Takes out the handle of a database; where a number is given, only if it is that of this actor.
    pub(super) fn take_out(&self, name: &str, number: Option<u64>) {
        let mut table = self.table();
        let is_meant = table
            .get(name)
            .is_some_and(|handle| number.is_none_or(|number| number == handle.number));
        if is_meant {
            table.remove(name);
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.table().keys().cloned().collect()
    }
}

/// How an actor knows the table.
pub(super) enum Link {
    Strong(Arc<Registry>),
    Weak(Weak<Registry>),
}

impl Link {
    /// Takes out a handle where the table is still there.
    pub(super) fn take_out(&self, name: &str, number: Option<u64>) {
        match self {
            Self::Strong(registry) => registry.take_out(name, number),
            Self::Weak(registry) => {
                if let Some(registry) = registry.upgrade() {
                    registry.take_out(name, number);
                }
            }
        }
    }
}
