//! The task of a server that writes snapshots, one after the other.

use std::io;
use std::sync::Arc;

use plimsoll_reference::host::Signal;
use plimsoll_reference::level::Level;
use plimsoll_reference::service::protocol::{Answer, Cause, Outcome};
use tokio::sync::{mpsc, oneshot};

use super::bug::Bug;
use super::options::path;
use super::server::Server;
use super::signals::Caught;
use super::snapshot;

/// What came of a snapshot: the number of the last write in it, or why there is none.
pub(super) type Ended = Result<u64, String>;

/// Somebody wants a snapshot.
pub(super) struct Order {
    pub(super) cause: Cause,
    /// The request that is answered.
    pub(super) id: Option<u64>,
    /// Who else is told.
    pub(super) done: Option<oneshot::Sender<Ended>>,
}

/// The task.
pub(super) struct Snapshots {
    server: Arc<Server>,
    orders: mpsc::UnboundedReceiver<Order>,
    asked: Caught,
    is_caught: bool,
    run: u64,
}

impl Snapshots {
    pub(super) fn new(server: Arc<Server>, orders: mpsc::UnboundedReceiver<Order>) -> Self {
        Self {
            server,
            orders,
            asked: Caught::default(),
            is_caught: false,
            run: 0,
        }
    }

    /// Handles `SIGUSR1` from here on.
    pub(super) fn catch(&mut self) -> io::Result<()> {
        self.asked = Caught::catch(&self.server.host, Signal::Usr1)?;
        self.is_caught = true;
        Ok(())
    }

    pub(super) async fn run(mut self) {
        if !self.is_caught {
            self.prepare().await;
            if self.catch().is_err() {
                return;
            }
        }
        loop {
            let mut orders = Vec::new();
            tokio::select! {
                biased;
                Some(order) = self.orders.recv() => orders.push(order),
                () = self.asked.next() => {}
            }
            // One snapshot is for all who asked before it begins.
            while let Ok(order) = self.orders.try_recv() {
                orders.push(order);
            }
            let is_last = orders.iter().any(|order| order.cause == Cause::Final);
            self.snapshot(orders).await;
            if is_last {
                // Signals stay caught: they ask for what was done.
                return std::future::pending().await;
            }
        }
    }

    /// What else is done where nobody thinks of signals: it looks for the snapshot that is there.
    async fn prepare(&mut self) {
        let host = self.server.host.clone();
        let fs = Arc::clone(&host.fs);
        // That it is there or not makes no difference.
        let _ = host.blocking(move || fs.metadata(path()).is_ok()).await;
    }

    async fn snapshot(&mut self, orders: Vec<Order>) {
        self.run += 1;
        let cause = orders.iter().map(|order| order.cause).max();
        let cause = cause.unwrap_or(Cause::Signal);
        self.server.is_busy.send_replace(true);
        let of = Arc::clone(&self.server);
        let job = move || {
            let (pairs, sequence) = of.database().cut();
            snapshot::write(&*of.host.fs, &pairs).map(|()| sequence)
        };
        let ended: Ended = match self.server.host.blocking(job).await {
            Ok(written) => written.map_err(|error| error.to_string()),
            Err(failed) => Err(failed.to_string()),
        };
        self.server.is_busy.send_replace(false);
        self.announce(cause, &ended);
        for order in orders {
            if let Some(id) = order.id {
                self.answer(id, &ended);
            }
            if let Some(done) = order.done {
                // Who asked may be gone.
                let _ = done.send(ended.clone());
            }
        }
    }

    fn announce(&self, cause: Cause, ended: &Ended) {
        let run = self.run;
        match ended {
            Ok(sequence) => self.server.out.announce(Answer::Snapshot {
                run,
                cause,
                sequence: *sequence,
                path: path().to_owned(),
            }),
            Err(message) if self.server.options.has_mended(Bug::R8) => {
                self.server.out.announce(Answer::SnapshotFailed {
                    run,
                    cause,
                    message: message.clone(),
                });
            }
            Err(_) => {}
        }
    }

    fn answer(&self, id: u64, ended: &Ended) {
        match ended {
            Ok(sequence) => self.server.out.announce(Answer::Done {
                id,
                level: Level::Power,
                sequence: *sequence,
                path: Some(path().to_owned()),
            }),
            Err(message) if self.server.options.has_mended(Bug::R8) => {
                self.server.out.announce(Answer::Failed {
                    id,
                    outcome: Outcome::Unknown,
                    message: message.clone(),
                });
            }
            Err(_) => {}
        }
    }
}
