//! A process of the world.

use std::fmt;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::process::SignalState;
use plimsoll_reference::host::{ExitStatus, Handler, Signal};

use super::handlers::Frame;
use super::pipe::PipeId;

/// A process, once and for all: unlike the number that the process itself sees, it is never another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub(super) u32);

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// How far its life has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Running,
    /// Its main task returned this, and jobs that are under way are waited for.
    Ending(i32),
    /// It was ended so, but an operation that hangs cannot be interrupted.
    Dying(ExitStatus),
    Ended(ExitStatus),
}

/// An end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PipeEnd {
    Read(PipeId),
    Write(PipeId),
}

/// Whether notices of a caught signal wait to be taken, and who waits for them.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) signal: Signal,
    pub(super) has_arrived: bool,
    pub(super) waker: Option<Waker>,
}

/// What the operating system keeps of a process.
#[derive(Debug)]
pub(super) struct Process {
    /// Index of its program.
    pub(super) program: usize,
    pub(super) name: Arc<str>,
    /// What it is called in its world, until it was waited for; then it may be another's.
    pub(super) number: u32,
    /// Whether it was waited for.
    pub(super) is_reaped: bool,
    pub(super) life: Life,
    pub(super) fs: SimFs,
    /// What its disk charges delays to.
    pub(super) disk_clock: SimClock,
    pub(super) signals: SignalState,
    pub(super) notices: Vec<Notice>,
    /// Signals whose handler is code.
    pub(super) handlers: Vec<(Signal, Handler)>,
    /// Handlers that run, in the order in which they began.
    pub(super) frames: Vec<Frame>,
    pub(super) stdin: PipeId,
    pub(super) stdout: PipeId,
    /// Ends of pipes that close with it.
    pub(super) ends: Vec<PipeEnd>,
    pub(super) parent: Option<ProcessId>,
    /// Who waits for its end.
    pub(super) waiters: Vec<Waker>,
    /// The task that delivers its signals.
    pub(super) kernel: u32,
    /// Nothing of it runs before this time.
    pub(super) busy_until: Duration,
    /// Tasks whose operation hangs.
    pub(super) hung: Vec<u32>,
    /// Whether an operation hangs that was not a job's, so that nothing of it runs.
    pub(super) is_stuck: bool,
}

impl Process {
    /// Whether its tasks stand still.
    pub(super) fn is_held(&self, now: Duration) -> bool {
        self.signals.is_stopped()
            || self.busy_until > now
            || self.is_stuck
            || matches!(self.life, Life::Dying(_))
    }

    /// Whether what its code does still has an effect: after its end, or what is to be its end, that goes on to where it gives way.
    pub(super) fn has_effect(&self) -> bool {
        self.is_alive() && !self.fs.is_fenced()
    }

    /// Whether it can begin anything new.
    pub(super) const fn is_alive(&self) -> bool {
        matches!(self.life, Life::Running | Life::Ending(_))
    }
}
