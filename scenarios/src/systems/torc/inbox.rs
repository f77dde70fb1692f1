//! What the client hears from its server.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_reference::host::{Input, Lines};
use plimsoll_reference::level::Level;
use plimsoll_reference::service::protocol::{Answer, Outcome};
use tokio::sync::watch;

use super::announcements::Announcements;
use super::bug::Bug;
use super::database::NO_SUCH_JOB;
use super::ending::GONE;
use super::options::{Options, path};
use super::out::Out;
use super::snapshots::Ended;

/// The number of the request for the last snapshot, which no client uses.
pub(super) const LAST: u64 = u64::MAX;

/// What was heard so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Heard {
    pub(super) is_ready: bool,
    /// Whether the output of the server has ended.
    pub(super) is_gone: bool,
    /// Requests that were passed on, and those of them that were answered.
    pub(super) forwarded: u64,
    pub(super) answered: u64,
    /// Number of the last write that was acknowledged.
    pub(super) acknowledged: u64,
    pub(super) has_failed_job: bool,
    /// What came of the last snapshot, where it was asked for by a request.
    pub(super) last: Option<Ended>,
    /// Whether nothing is passed on any more.
    is_over: bool,
}

/// Somebody who asked for a snapshot, and the number of the last write that was acknowledged then.
struct Waiting {
    id: u64,
    acknowledged: u64,
}

/// What is heard, and by whom.
pub(super) struct Inbox {
    out: Out,
    heard: watch::Sender<Heard>,
    /// Announcements of snapshots, of which all but the first are dropped while nobody takes it.
    pub(super) announcements: Announcements,
    /// Requests that were passed on and are not answered.
    open: Mutex<BTreeSet<u64>>,
    /// Who is answered by the next announcement.
    waiting: Mutex<Vec<Waiting>>,
}

impl Inbox {
    pub(super) fn new(out: &Out, options: Options) -> Arc<Self> {
        let most = options.has_mended(Bug::H3).then_some(1);
        Arc::new(Self {
            out: out.clone(),
            heard: watch::Sender::default(),
            announcements: Announcements::new(out, most),
            open: Mutex::default(),
            waiting: Mutex::default(),
        })
    }

    fn open(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn heard(&self) -> Heard {
        self.heard.borrow().clone()
    }

    /// Waits until something was heard, or the server is gone.
    pub(super) async fn until(&self, mut is_so: impl FnMut(&Heard) -> bool) {
        let mut heard = self.heard.subscribe();
        // It fails only when the sender is gone, and that is here.
        let _ = heard.wait_for(|heard| heard.is_gone || is_so(heard)).await;
    }

    /// Counts a request that is passed on; what is no request has no number, or none that an answer has.
    pub(super) fn forward(&self, id: Option<u64>) {
        self.open().extend(id);
        self.heard.send_modify(|heard| heard.forwarded += 1);
    }

    /// Lets the next announcement answer a request.
    pub(super) fn wait(&self, id: u64) {
        self.forward(Some(id));
        let acknowledged = self.heard.borrow().acknowledged;
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(Waiting { id, acknowledged });
    }

    /// Reads the output of the server to its end.
    pub(super) async fn read(self: Arc<Self>, output: Box<dyn Input>) {
        let mut lines = Lines::new(output);
        while let Ok(Some(line)) = lines.next().await {
            if let Ok(answer) = line.parse() {
                self.take(answer);
            }
        }
        let open = std::mem::take(&mut *self.open());
        for &id in &open {
            self.fail(id, Outcome::Unknown);
        }
        self.heard.send_modify(|heard| {
            heard.answered += open.len() as u64;
            heard.is_gone = true;
        });
    }

    /// Says of a request that nobody answers it.
    pub(super) fn fail(&self, id: u64, outcome: Outcome) {
        self.out.line(Answer::Failed {
            id,
            outcome,
            message: GONE.to_owned(),
        });
    }

    fn take(&self, answer: Answer) {
        match &answer {
            Answer::Ready { .. } => {
                self.heard.send_modify(|heard| heard.is_ready = true);
                return;
            }
            Answer::Done {
                id: LAST, sequence, ..
            } => return self.end(Ok(*sequence)),
            Answer::Failed {
                id: LAST, message, ..
            } => return self.end(Err(message.clone())),
            Answer::Snapshot { sequence, .. } => self.announce(&Ok(*sequence)),
            Answer::SnapshotFailed { message, .. } => self.announce(&Err(message.clone())),
            Answer::Key { .. } => {}
            answer => {
                if let Some(id) = answer.id() {
                    self.open().remove(&id);
                }
                self.heard.send_modify(|heard| heard.count(answer));
            }
        }
        if !self.heard.borrow().is_over {
            self.out.line(answer);
        }
    }

    /// Passes nothing on any more: the last line comes next.
    pub(super) fn hush(&self) {
        self.heard.send_modify(|heard| heard.is_over = true);
    }

    fn end(&self, ended: Ended) {
        self.heard.send_modify(|heard| heard.last = Some(ended));
    }

    fn announce(&self, ended: &Ended) {
        self.announcements.put(ended.clone());
        let waiting =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        for Waiting { id, acknowledged } in waiting {
            self.open().remove(&id);
            self.out.line(match ended {
                // An announcement has no number: who waits takes it for an answer.
                Ok(_) => Answer::Done {
                    id,
                    level: Level::Power,
                    sequence: acknowledged,
                    path: Some(path().to_owned()),
                },
                Err(message) => Answer::Failed {
                    id,
                    outcome: Outcome::Unknown,
                    message: message.clone(),
                },
            });
            self.heard.send_modify(|heard| heard.answered += 1);
        }
    }
}

impl Heard {
    /// Counts an answer to a request.
    fn count(&mut self, answer: &Answer) {
        self.answered += 1;
        match answer {
            Answer::Done { sequence, .. } => {
                self.acknowledged = self.acknowledged.max(*sequence);
            }
            Answer::Failed { message, .. } if message == NO_SUCH_JOB => {
                self.has_failed_job = true;
            }
            _ => {}
        }
    }
}
