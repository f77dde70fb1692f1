//! The workers.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_reference::host::{Failed, Later, timeout};
use plimsoll_reference::service::protocol::{Answer, Cause};
use tokio::sync::{mpsc, oneshot};

use super::bug::Bug;
use super::mode::{Mode, SNAPSHOTS, SYNCS};
use super::store::{Order, Store};
use crate::specimens::surrealmx::files::SNAPSHOT;
use crate::specimens::surrealmx::record::Commit;

/// Commits that are appended at a time.
const BATCH: usize = 100;

/// The workers of a store, to be waited for: first those that are told to stop, then the one of the log.
pub(super) struct Workers {
    pub(super) stopped: Vec<Later<'static, Result<(), Failed>>>,
    pub(super) log: Later<'static, Result<(), Failed>>,
}

impl Workers {
    pub(super) fn start(store: &Arc<Store>, orders: mpsc::UnboundedReceiver<Order>) -> Self {
        let host = &store.host;
        let mut stopped = vec![host.spawn("snapshots", Arc::clone(store).take_snapshots())];
        if store.mode == Mode::Async {
            stopped.push(host.spawn("syncs", Arc::clone(store).sync_now_and_then()));
        }
        let log = host.spawn("appender", Arc::clone(store).append_all(orders));
        Self { stopped, log }
    }
}

impl Store {
    /// Waits until it is time, and says whether the store goes on.
    async fn goes_on(&self, period: std::time::Duration) -> bool {
        let mut stop = self.stop.subscribe();
        let told = stop.wait_for(|&is_told| is_told);
        timeout(&self.host, period, told).await.is_none()
    }

    async fn take_snapshots(self: Arc<Self>) {
        let mut covered = self.tree().table.version();
        let mut run = 0;
        while self.goes_on(SNAPSHOTS).await {
            if self.tree().table.version() == covered {
                continue;
            }
            run += 1;
            let cause = Cause::Interval;
            self.outlet.say(&match self.snapshot().await {
                Ok(sequence) => {
                    covered = sequence;
                    Answer::Snapshot {
                        run,
                        cause,
                        sequence,
                        path: PathBuf::from(SNAPSHOT),
                    }
                }
                Err(message) => Answer::SnapshotFailed {
                    run,
                    cause,
                    message,
                },
            });
        }
    }

    async fn sync_now_and_then(self: Arc<Self>) {
        while self.goes_on(SYNCS).await {
            let is_due = {
                let tree = self.tree();
                tree.logged > tree.synced && tree.poison.is_none()
            };
            if is_due {
                // Who asks next is told.
                let _ = self.sync_log().await;
            }
        }
    }

    async fn append_all(self: Arc<Self>, mut orders: mpsc::UnboundedReceiver<Order>) {
        while let Some(first) = orders.recv().await {
            let mut batch = Vec::new();
            let mut askers = Vec::new();
            let mut next = Some(first);
            while let Some(order) = next {
                match order {
                    Order::Append(commit) => batch.push(commit),
                    Order::Tell(asker) => askers.push(asker),
                }
                next = (batch.len() < BATCH)
                    .then(|| orders.try_recv().ok())
                    .flatten();
            }
            self.append_batch(batch).await;
            for asker in askers {
                // Who asked may be gone.
                let _ = asker.send(());
            }
        }
    }

    async fn append_batch(&self, batch: Vec<Commit>) {
        let Some(last) = batch.last().map(|commit| commit.version) else {
            return;
        };
        self.tree().queued -= batch.len();
        if self.tree().poison.is_some() {
            return;
        }
        let log = self.log().await;
        match self.work(log, move |log| log.append(&batch)).await {
            Ok((log, ())) => {
                self.tree().logged = last;
                drop(log);
            }
            Err(message) if self.mends.has(Bug::R36) => drop(self.poison(message)),
            // That is for the log of the program, which nobody reads.
            Err(_) => {}
        }
    }

    /// Waits until everything is in the log, and makes it durable. Says the number of the last commit.
    pub(super) async fn sync(&self) -> Result<u64, String> {
        let version = match self.mode {
            Mode::Async => self.tree().version,
            Mode::Sync => self.tree().table.version(),
        };
        let (asker, told) = oneshot::channel();
        self.order(Order::Tell(asker));
        // The worker is there as long as somebody can ask.
        let _ = told.await;
        if let Some(poison) = &self.tree().poison {
            return Err(poison.clone());
        }
        self.sync_log().await?;
        Ok(version)
    }
}
