//! Signals of processes: sending them and what they do.
//!
//! A signal that is caught is noted, as by a handler that may be called anywhere, and a task acts on what was noted. A signal that arrives
//! while a task acts on another one is noted, too, and which of two that are pending is first is a decision. Handlers that do more are in
//! [`handlers`](super::handlers).

use std::sync::Arc;
use std::task::Poll;

use plimsoll_faults::process::{Arrival, Sent};
use plimsoll_reference::host::{ExitStatus, Later, Signal, Signals};

use super::due::Due;
use super::plan::{Arrived, Happened};
use super::process::{Notice, ProcessId};
use super::shared::Shared;
use super::state::State;
use super::trace::Sort;

impl State {
    /// Sends a signal; it arrives when its task is picked.
    pub(super) fn send_signal(&mut self, id: ProcessId, signal: Signal) {
        if !self.process(id).is_alive() {
            return;
        }
        let sent = self.process_mut(id).signals.send(signal);
        let details = [signal.number() as u64, sent as u64];
        self.event(Sort::Sent, Some(id), details, || match sent {
            Sent::Pending => format!("{signal} is pending"),
            Sent::Coalesced => format!("{signal} is pending already"),
            Sent::Discarded => format!("{signal} is ignored"),
        });
        self.rouse(id);
    }

    /// Lets signals arrive that can.
    pub(super) fn rouse(&mut self, id: ProcessId) {
        let process = self.process(id);
        if !process.signals.deliverable().is_empty() {
            self.kernels.push(process.kernel);
        }
    }

    /// Delivers one signal. `jobs` says which jobs of the process have begun.
    pub(super) fn deliver(&mut self, id: ProcessId, jobs: impl FnOnce() -> Vec<u32>) {
        let deliverable = self.process(id).signals.deliverable();
        if deliverable.is_empty() || !self.process(id).is_alive() {
            return;
        }
        let signal = deliverable[self.chance.choose(deliverable.len())];
        let process = self.process_mut(id);
        let arrival = process.signals.deliver(signal);
        let handler = process.handler(signal).cloned();
        match arrival {
            Arrival::Handled(_) if handler.is_some() => {}
            Arrival::Handled(signal) => {
                for notice in &mut process.notices {
                    if notice.signal == signal {
                        notice.has_arrived = true;
                        if let Some(waker) = notice.waker.take() {
                            waker.wake();
                        }
                    }
                }
            }
            Arrival::Ended(signal) => {
                let status = ExitStatus::Signal(signal.number());
                self.due.push_back(Due::End(id, status));
            }
            Arrival::Stopped | Arrival::Ignored(_) => {}
        }
        if let Arrival::Handled(_) = arrival {
            self.interrupt(id);
        }
        let at = Happened {
            step: self.step,
            time: self.now,
        };
        self.arrived.push(Arrived {
            at,
            process: id,
            signal,
        });
        let details = [signal.number() as u64, 0];
        self.event(Sort::Arrived, Some(id), details, || match arrival {
            Arrival::Handled(_) => format!("{signal} is handled"),
            Arrival::Ended(_) => format!("{signal} ends it"),
            Arrival::Stopped => format!("{signal} stops it"),
            Arrival::Ignored(_) => format!("{signal} does nothing"),
        });
        if let (Arrival::Handled(_), Some(handler)) = (arrival, handler) {
            let jobs = if handler.takes_any_thread() {
                jobs()
            } else {
                Vec::new()
            };
            self.begin_handler(id, signal, handler, &jobs);
        }
        self.rouse(id);
    }
}

/// Notices of one signal of a process.
pub(super) struct Caught {
    shared: Arc<Shared>,
    process: ProcessId,
    index: usize,
}

impl Caught {
    /// Begins to listen; the disposition is for the caller to set.
    pub(super) fn new(shared: Arc<Shared>, process: ProcessId, signal: Signal) -> Self {
        let mut state = shared.state();
        let notices = &mut state.process_mut(process).notices;
        let index = notices.len();
        notices.push(Notice {
            signal,
            has_arrived: false,
            waker: None,
        });
        drop(state);
        Self {
            shared,
            process,
            index,
        }
    }
}

impl Signals for Caught {
    fn next(&mut self) -> Later<'_, ()> {
        Box::pin(std::future::poll_fn(|context| {
            let mut state = self.shared.state();
            let notice = &mut state.process_mut(self.process).notices[self.index];
            if std::mem::take(&mut notice.has_arrived) {
                return Poll::Ready(());
            }
            notice.waker = Some(context.waker().clone());
            Poll::Pending
        }))
    }
}
