//! What a client of a system takes note of while it lives.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::host::Lines;
use plimsoll_reference::service::protocol;
use tokio::sync::Notify;

use super::heard::Heard;
use super::history::{Answer, Asked, Moment, Notice, Pairs, Request, take_back};
use super::system::System;
use crate::sut::Outcome;
use crate::world::{Control, ProcessId};

/// Bits of an event's number that tell events of one step apart.
const EVENTS_BITS: u32 = 16;

/// Number of the event that is before everything in a step.
pub(super) const fn before_step(step: u64) -> u64 {
    step << EVENTS_BITS
}

/// The notes of one life.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) requests: Vec<Asked>,
    /// Where the request with a number is.
    by_id: BTreeMap<u64, usize>,
    /// What scans have shown so far.
    scans: BTreeMap<u64, Pairs>,
    pub(super) notices: Vec<(Moment, Notice)>,
    pub(super) is_ready: bool,
    /// Requests that were answered.
    pub(super) answered: usize,
    /// Whether the output has ended.
    pub(super) is_over: bool,
}

/// Takes notes.
pub(super) struct Log {
    pub(super) control: Control,
    notes: Mutex<Notes>,
    /// Step and number of the last event.
    last: Mutex<(u64, u64)>,
    heard: Mutex<Heard>,
    changed: Notify,
}

impl Log {
    pub(super) fn new(control: &Control) -> Self {
        Self {
            control: control.clone(),
            notes: Mutex::default(),
            last: Mutex::default(),
            heard: Mutex::default(),
            changed: Notify::new(),
        }
    }

    pub(super) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The moment of an event that happens now.
    pub(super) fn moment(&self) -> Moment {
        let step = self.control.step();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if last.0 == step {
            (step, last.1 + 1)
        } else {
            (step, 1)
        };
        Moment {
            event: before_step(step) + last.1,
            now: self.control.now(),
        }
    }

    /// Takes where the lines were written that were read so far.
    pub(super) fn take_heard(&self) -> Heard {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *heard)
    }

    /// Takes note of where a line was written that told of everything since this event.
    fn heard(&self, from: u64, process: ProcessId, line: usize) {
        if let Some(place) = self.control.line_end(process, line) {
            let until = self.moment().event;
            let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.add(from..until, place);
        }
    }

    /// Takes note of a request that is about to be written.
    pub(super) fn ask(&self, id: u64, request: Request) {
        let at = self.moment();
        let mut notes = self.notes();
        let index = notes.requests.len();
        notes.by_id.insert(id, index);
        notes.requests.push(Asked {
            at,
            request,
            answer: None,
            was_taken_back: false,
        });
    }

    pub(super) fn notice(&self, notice: Notice) {
        let at = self.moment();
        self.notes().notices.push((at, notice));
    }

    /// Waits until something is true of the notes.
    pub(super) async fn until(&self, is_true: impl Fn(&Notes) -> bool) {
        while !is_true(&self.notes()) {
            self.changed.notified().await;
        }
    }

    /// Reads the output of a process to its end.
    pub(super) async fn read(self: Arc<Self>, process: ProcessId, system: Arc<dyn System>) {
        let mut lines = Lines::new(self.control.stdout(process));
        let mut number = 0;
        while let Ok(Some(line)) = lines.next().await {
            let from = self.moment().event;
            // What is no answer is for people.
            if let Ok(answer) = line.parse() {
                self.take(answer, &*system);
                self.changed.notify_one();
            }
            self.heard(from, process, number);
            number += 1;
        }
        self.notes().is_over = true;
        self.changed.notify_one();
    }

    fn take(&self, answer: protocol::Answer, system: &dyn System) {
        use protocol::Answer as Said;
        match answer {
            Said::Ready { .. } => {
                self.notice(Notice::Ready);
                self.notes().is_ready = true;
            }
            Said::Done {
                id,
                level,
                sequence,
                ..
            } => self.answer(
                id,
                Answer::Done {
                    level,
                    sequence: Some(sequence),
                },
            ),
            Said::Value { id, value } => self.answer(id, Answer::Value(Some(value))),
            Said::Absent { id } => self.answer(id, Answer::Value(None)),
            Said::Key { id, key, value } => {
                self.notes().scans.entry(id).or_default().insert(key, value);
            }
            Said::Scanned { id, .. } => {
                let pairs = self.notes().scans.remove(&id).unwrap_or_default();
                self.answer(id, Answer::State(pairs));
            }
            Said::Failed { id, outcome, .. } => self.answer(id, Answer::Failed(known(outcome))),
            Said::Snapshot { sequence, .. } => {
                self.notice(Notice::SnapshotDone(Some(sequence)));
                if system.is_read_beside() {
                    // A copy: what goes wrong on the disk is for the system, not for who looks at it.
                    let copy = SimFs::new(self.control.disk().image());
                    let found = system.inspect(&copy);
                    self.notice(Notice::Inspected(found));
                }
            }
            Said::SnapshotFailed { .. } => self.notice(Notice::SnapshotFailed),
            Said::Lost { first, last, .. } => {
                take_back(&mut self.notes().requests, first, last);
                self.notice(Notice::Lost { first, last });
            }
            Said::End { level, .. } => self.notice(Notice::LastLine(Some(level))),
            Said::EndFailed { .. } => self.notice(Notice::LastLine(None)),
        }
    }

    /// Takes note of the first answer to a request.
    fn answer(&self, id: u64, answer: Answer) {
        let at = self.moment();
        let mut notes = self.notes();
        let Some(&index) = notes.by_id.get(&id) else {
            return;
        };
        let asked = notes.requests.get_mut(index);
        if let Some(asked) = asked.filter(|asked| asked.answer.is_none()) {
            asked.answer = Some((at, answer));
            notes.answered += 1;
        }
    }
}

fn known(outcome: protocol::Outcome) -> Outcome {
    match outcome {
        protocol::Outcome::Absent => Outcome::Absent,
        protocol::Outcome::Unknown => Outcome::Unknown,
        protocol::Outcome::Unsupported => Outcome::Unsupported,
    }
}
