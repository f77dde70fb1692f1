//! What a client of a system takes note of while it lives.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::host::Lines;
use tokio::sync::Notify;

use super::heard::Heard;
use super::history::{Moment, Notice, Request};
use super::ledger::{Ledger, Remark};
use super::system::System;
use crate::world::{Control, Place, ProcessId};

/// Bits of an event's number that tell events of one step apart.
const EVENTS_BITS: u32 = 16;

/// Number of the event that is before everything in a step.
pub(super) const fn before_step(step: u64) -> u64 {
    step << EVENTS_BITS
}

/// The notes of one life.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) ledger: Ledger,
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
        self.notes().ledger.ask(at, id, request);
    }

    pub(super) fn notice(&self, notice: Notice) {
        let at = self.moment();
        self.notes().ledger.notice(at, notice);
    }

    /// Takes note of something that a line says, at the moment when that was written, where it is known.
    pub(super) fn notice_said(&self, said: Option<Place>, notice: Notice) {
        let at = match said {
            Some(place) => Moment {
                event: before_step(place.step),
                now: place.time,
            },
            None => self.moment(),
        };
        self.notes().ledger.notice(at, notice);
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
        loop {
            let from = self.moment().event;
            match lines.next().await {
                Ok(Some(line)) => self.hear(&line, &*system),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    let at = self.moment();
                    self.notes().ledger.hear_noise(at, &error.to_string());
                }
                Ok(None) | Err(_) => break,
            }
            self.heard(from, process, number);
            number += 1;
            self.changed.notify_one();
        }
        self.notes().is_over = true;
        self.changed.notify_one();
    }

    fn hear(&self, line: &str, system: &dyn System) {
        let at = self.moment();
        let remark = self.notes().ledger.hear(at, line);
        match remark {
            Remark::Snapshot if system.is_read_beside() => {
                // A copy: what goes wrong on the disk is for the system, not for who looks at it.
                let copy = SimFs::new(self.control.disk().image());
                let found = system.inspect(&copy);
                self.notice(Notice::Inspected(found));
            }
            Remark::NotHeld(message) => {
                if let Some(claim) = system.claims(&message) {
                    self.notice(Notice::Claimed(claim));
                }
            }
            Remark::Snapshot | Remark::Plain => {}
        }
    }
}
