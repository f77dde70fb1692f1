//! What the tasks share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_reference::host::Host;
use plimsoll_reference::service::protocol::Answer;
use tokio::sync::{OwnedMutexGuard, mpsc, oneshot, watch};

use super::bug::Bug;
use super::mode::{self, Mode};
use super::tree::{Latches, Tree};
use crate::specimens::mends::Mends;
use crate::specimens::surrealmx as files;
use crate::specimens::surrealmx::error::Error;
use crate::specimens::surrealmx::log::Log;
use crate::specimens::surrealmx::opening::{self, Opened};
use crate::specimens::surrealmx::record::Commit;
use crate::systems::edge::{Answered, Failure, Outlet, WeakOutlet};

/// The log, while nobody else has it.
pub(super) type Held = OwnedMutexGuard<Log>;

/// What the worker of the log is given.
pub(super) enum Order {
    /// To append this.
    Append(Commit),
    /// To say when everything before is appended, or will never be.
    Tell(oneshot::Sender<()>),
}

/// The store.
pub(super) struct Store {
    pub(super) host: Host,
    pub(super) mode: Mode,
    pub(super) mends: Mends<Bug>,
    tree: Mutex<Tree>,
    pub(super) latches: Latches,
    log: Arc<tokio::sync::Mutex<Log>>,
    /// Held by the one snapshot that is written.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// The way to the worker of the log; none once the store is closed.
    orders: Mutex<Option<mpsc::UnboundedSender<Order>>>,
    /// Whether the workers are to end.
    pub(super) stop: watch::Sender<bool>,
    pub(super) outlet: WeakOutlet,
}

impl Store {
    /// Opens the files. What the worker of the log is to do comes out of the second part.
    pub(super) async fn open(
        host: &Host,
        mode: Mode,
        mends: Mends<Bug>,
        outlet: &Outlet,
    ) -> Result<(Arc<Self>, mpsc::UnboundedReceiver<Order>), String> {
        let (fs, files) = (Arc::clone(&host.fs), mode::files(mends));
        let opened = host
            .blocking(move || opening::open(&*fs, true, files))
            .await;
        let opened = opened.map_err(|failed| failed.to_string())?;
        let Opened { contents, log } = opened.map_err(|error| error.to_string())?;
        let log = log.ok_or("there is no log")?;
        let version = contents.table.version();
        let (orders, taken) = mpsc::unbounded_channel();
        let store = Self {
            host: host.clone(),
            mode,
            mends,
            tree: Mutex::new(Tree {
                table: contents.table,
                version,
                logged: version,
                synced: version,
                queued: 0,
                poison: None,
            }),
            latches: Latches::default(),
            log: Arc::new(tokio::sync::Mutex::new(log)),
            turn: tokio::sync::Mutex::default(),
            orders: Mutex::new(Some(orders)),
            stop: watch::Sender::new(false),
            outlet: outlet.downgrade(),
        };
        Ok((Arc::new(store), taken))
    }

    pub(super) fn tree(&self) -> MutexGuard<'_, Tree> {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The mends of what is done to files.
    pub(super) fn files(&self) -> files::Mends {
        mode::files(self.mends)
    }

    /// Gives the worker of the log something to do.
    pub(super) fn order(&self, order: Order) {
        let orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(orders) = &*orders {
            // It ends when nobody can order any more.
            let _ = orders.send(order);
        }
    }

    /// Lets the worker of the log end when it has nothing more to do.
    pub(super) fn order_no_more(&self) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        drop(orders.take());
    }

    /// Waits for the log.
    pub(super) async fn log(&self) -> Held {
        Arc::clone(&self.log).lock_owned().await
    }

    /// Does something to the log in a job, and gives the log back.
    pub(super) async fn work<T, F>(&self, mut log: Held, work: F) -> Result<(Held, T), String>
    where
        T: Send + 'static,
        F: FnOnce(&mut Log) -> Result<T, Error> + Send + 'static,
    {
        let job = move || work(&mut log).map(|done| (log, done));
        match self.host.blocking(job).await {
            Ok(done) => done.map_err(|error| error.to_string()),
            Err(failed) => Err(failed.to_string()),
        }
    }

    /// Makes durable what is in the log.
    pub(super) async fn sync_log(&self) -> Result<(), String> {
        let log = self.log().await;
        let logged = self.tree().logged;
        match self.work(log, |log| log.sync()).await {
            Ok((log, ())) => {
                let mut tree = self.tree();
                tree.synced = tree.synced.max(logged);
                drop(tree);
                drop(log);
                Ok(())
            }
            Err(message) => Err(self.poison(message)),
        }
    }

    /// Takes no more commits, and says which of those that were acknowledged may be lost.
    pub(super) fn poison(&self, message: String) -> String {
        let mut tree = self.tree();
        if tree.poison.is_none() {
            tree.poison = Some(message.clone());
            if self.mode == Mode::Async {
                self.outlet.say(&Answer::Lost {
                    first: tree.synced + 1,
                    last: tree.version,
                    message: message.clone(),
                });
            }
        }
        message
    }

    /// Whether an earlier failure keeps it from working.
    pub(super) fn check(&self) -> Result<(), Failure> {
        match &self.tree().poison {
            Some(poison) => Err(Failure::absent(format!("poisoned: {poison}"))),
            None => Ok(()),
        }
    }

    pub(super) const fn done(&self, sequence: u64) -> Answered {
        Answered::Done {
            level: self.mode.level(),
            sequence,
        }
    }
}
