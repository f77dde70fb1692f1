//! Numbers of processes.

use plimsoll_faults::errno::Errno;
use plimsoll_reference::host::Signal;

use super::plan::Happened;
use super::process::{Life, ProcessId};
use super::state::State;

/// Number of the first process, as processes see it.
const FIRST_NUMBER: u32 = 100;

/// A signal that a process sent to a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentToNumber {
    /// Program of the sender.
    pub from: String,
    /// Program of the process that had the number.
    pub to: String,
    /// The signal.
    pub signal: Signal,
    /// When.
    pub at: Happened,
}

impl State {
    /// A number for the next process. Where there are only so many, it is one that nobody has, by decision; a process that ended has its
    /// own until it was waited for (`wait(2)`: a zombie).
    ///
    /// # Errors
    /// `EAGAIN`, as of `fork(2)`: all are taken.
    pub(super) fn next_number(&mut self) -> Result<u32, Errno> {
        let Some(count) = self.numbers else {
            return Ok(FIRST_NUMBER + self.processes.len() as u32);
        };
        let mut free: Vec<u32> = (FIRST_NUMBER..FIRST_NUMBER + count).collect();
        free.retain(|&number| self.with_number(number).is_none());
        if free.is_empty() {
            return Err(Errno::EAGAIN);
        }
        Ok(free[self.chance.choose(free.len())])
    }

    /// The process that has a number.
    pub(super) fn with_number(&self, number: u32) -> Option<ProcessId> {
        let has =
            |process: &super::process::Process| !process.is_reaped && process.number == number;
        let at = self.processes.iter().position(has)?;
        Some(ProcessId(at as u32))
    }

    /// Takes note that a process was waited for.
    pub(super) fn reap(&mut self, id: ProcessId) {
        self.process_mut(id).is_reaped = true;
    }

    /// Reaps what a process that has ended leaves behind: itself if nobody is there to wait for it, and its children that have ended.
    pub(super) fn reap_orphans(&mut self, id: ProcessId) {
        let has_ended = |state: &Self, id| matches!(state.process(id).life, Life::Ended(_));
        let parent = self.process(id).parent;
        if parent.is_none_or(|parent| has_ended(self, parent)) {
            self.reap(id);
        }
        let count = self.processes.len() as u32;
        for child in (0..count).map(ProcessId) {
            if self.process(child).parent == Some(id) && has_ended(self, child) {
                self.reap(child);
            }
        }
    }

    /// Sends a signal to whoever has a number.
    ///
    /// # Errors
    /// `ESRCH`: nobody has.
    pub(super) fn signal_number(
        &mut self,
        from: ProcessId,
        number: u32,
        signal: Signal,
    ) -> Result<(), i32> {
        let to = self.with_number(number).ok_or(super::child::ESRCH)?;
        self.sent.push(SentToNumber {
            from: self.process(from).name.to_string(),
            to: self.process(to).name.to_string(),
            signal,
            at: self.happens(),
        });
        self.send_signal(to, signal);
        Ok(())
    }
}
