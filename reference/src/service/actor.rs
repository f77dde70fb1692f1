//! The loop that owns a store.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::host::{Host, Signals};

use super::caller::{Caller, Order};
use super::protocol::Cause;
use super::reader::ending;
use super::worker::Worker;

/// Requests that may wait for the actor.
pub(super) const MAILBOX_LEN: usize = 64;

/// Why an actor stops taking requests.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody can ask any more, or whoever started it says so.
    Told,
    /// A `close`; whoever asked waits for the end.
    Asked(Caller),
    /// Nobody asked for long enough.
    Idle,
    /// A job panicked.
    Panic,
}

/// The loop that owns a store: requests one after the other, and in between what is due.
pub(super) struct Actor {
    pub(super) worker: Worker,
    pub(super) mailbox: mpsc::Receiver<Order>,
    /// Signals that ask for a snapshot.
    pub(super) signals: Option<Box<dyn Signals>>,
    /// Ready, or dropped, when the actor is to stop.
    pub(super) stop: Option<oneshot::Receiver<()>>,
}

impl Actor {
    /// Works until there is a reason to stop. What is in the mailbox then is left there.
    pub(super) async fn run(&mut self, idle_timeout: Option<Duration>) -> Stop {
        let mut asked_at = self.worker.host.clock.now();
        loop {
            self.worker.do_due(self.mailbox.is_empty()).await;
            if self.worker.panic.is_some() {
                return Stop::Panic;
            }
            let idle_at = idle_timeout
                .filter(|_| !self.worker.is_busy())
                .map(|timeout| asked_at.saturating_add(timeout));
            let now = self.worker.host.clock.now();
            if idle_at.is_some_and(|at| at <= now) && self.mailbox.is_empty() {
                return Stop::Idle;
            }
            let wake_at = [idle_at, self.worker.deadline()]
                .into_iter()
                .flatten()
                .min();
            let host = self.worker.host.clone();
            tokio::select! {
                biased;
                wrote = self.worker.wrote() => {
                    // Whoever asked is told how it ended.
                    let _ = self.worker.go_on(wrote).await;
                }
                () = told(&mut self.stop) => return Stop::Told,
                () = next(&mut self.signals) => self.worker.runs.ask(Cause::Signal, None),
                order = self.mailbox.recv() => match order {
                    None => return Stop::Told,
                    Some(order) => {
                        asked_at = self.worker.host.clock.now();
                        if let Some(caller) = self.worker.take(order).await {
                            return Stop::Asked(caller);
                        }
                    }
                },
                () = until(&host, wake_at, now) => {}
            }
        }
    }

    /// Takes nothing more, and answers what came meanwhile and is not done.
    pub(super) async fn refuse_rest(&mut self) {
        self.mailbox.close();
        while let Some(Order { caller, .. }) = self.mailbox.recv().await {
            caller.answer(ending());
        }
    }

    /// Asks for the snapshots that signals asked for before now.
    pub(super) async fn take_signals(&mut self) {
        tokio::select! {
            biased;
            // However often it came, one snapshot is for all.
            () = next(&mut self.signals) => self.worker.runs.ask(Cause::Signal, None),
            () = std::future::ready(()) => {}
        }
    }
}

async fn told(stop: &mut Option<oneshot::Receiver<()>>) {
    match stop {
        // Whoever is gone has told it by that.
        Some(receiver) => drop(receiver.await),
        None => std::future::pending().await,
    }
    *stop = None;
}

async fn next(signals: &mut Option<Box<dyn Signals>>) {
    match signals {
        Some(signals) => signals.next().await,
        None => std::future::pending().await,
    }
}

async fn until(host: &Host, wake_at: Option<Duration>, now: Duration) {
    match wake_at {
        Some(at) => host.sleep(at.saturating_sub(now)).await,
        None => std::future::pending().await,
    }
}
