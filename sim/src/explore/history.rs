//! The ordered record of a run, each event with its position in the op log.

use std::fmt;
use std::time::Duration;

use plimsoll_reference::level::Level;

use crate::command::{Command, Mutation};
use crate::sut::Outcome;

/// Number of a step, from 1; zero is before the first.
pub(super) type Position = u32;

/// A step of a run: a command of the workload; an open, by which a restarted store shows what it has; or a read, by which one that
/// goes on shows what it has of a command that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Command(Command),
    Open,
    Read,
}

impl Step {
    pub(super) fn mutations(&self) -> &[Mutation] {
        match self {
            Self::Command(command) => command.mutations(),
            Self::Open | Self::Read => &[],
        }
    }

    /// The changes of each commit, in order.
    pub(super) fn commits(&self) -> impl Iterator<Item = &[Mutation]> {
        let len = match self {
            Self::Command(Command::Together(_)) => 1,
            _ => self.mutations().len().max(1),
        };
        self.mutations().chunks(len)
    }

    /// The number of the place where this step writes a copy of the store.
    pub(super) const fn copies_to(&self) -> Option<u8> {
        match self {
            Self::Command(command) => command.copies_to(),
            Self::Open | Self::Read => None,
        }
    }

    /// The number of the place from which this step restores the store.
    pub(super) const fn restores_from(&self) -> Option<u8> {
        match self {
            Self::Command(Command::Restore(place)) => Some(*place),
            _ => None,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => command.fmt(f),
            Self::Open => f.write_str("open"),
            Self::Read => f.write_str("read"),
        }
    }
}

/// Something that happened to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// The step was begun.
    Invoked,
    /// The store acknowledged it.
    Acked(Level),
    /// The store returned an error.
    Failed(Outcome, String),
    /// A store was opened and showed this state.
    Opened(Shown),
    /// The open store was read after a command had failed, and showed the effect of that command.
    Read,
    /// The store could not be opened.
    OpenFailed(String),
}

/// Which positions of the history the state shown by an open store is equal to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// The earliest legal one.
    pub(super) first: Position,
    /// The latest.
    pub(super) last: Position,
}

/// An event of a run.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// Number of log entries before it.
    pub(super) at: usize,
    /// The step it is about.
    pub(super) step: Position,
    /// Virtual time.
    pub(super) now: Duration,
    pub(super) what: What,
}
