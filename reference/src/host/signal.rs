//! Signals.

use std::fmt;
use std::str::FromStr;

use super::later::Later;

/// A signal that a service has to do with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// `SIGHUP`: the terminal is gone.
    Hup,
    /// `SIGINT`: a person interrupts.
    Int,
    /// `SIGUSR1`: here, the request for a snapshot.
    Usr1,
    /// `SIGTERM`: end in good order.
    Term,
    /// `SIGKILL`: end at once. It can be neither caught nor ignored.
    Kill,
    /// `SIGSTOP`: stand still until `SIGCONT`. It can be neither caught nor ignored.
    Stop,
    /// `SIGCONT`: go on.
    Cont,
    /// `SIGCHLD`: a child ended.
    Chld,
    /// `SIGPIPE`: nobody reads any longer. Rust programs ignore it and see `EPIPE`.
    Pipe,
}

impl Signal {
    /// Every signal, in the order of their numbers on Linux.
    pub const ALL: [Self; 9] = [
        Self::Hup,
        Self::Int,
        Self::Kill,
        Self::Usr1,
        Self::Pipe,
        Self::Term,
        Self::Chld,
        Self::Cont,
        Self::Stop,
    ];

    /// Its number on Linux (`signal(7)`, the column for x86 and ARM).
    pub const fn number(self) -> i32 {
        match self {
            Self::Hup => 1,
            Self::Int => 2,
            Self::Kill => 9,
            Self::Usr1 => 10,
            Self::Pipe => 13,
            Self::Term => 15,
            Self::Chld => 17,
            Self::Cont => 18,
            Self::Stop => 19,
        }
    }

    /// Its name, as in `SIGUSR1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hup => "SIGHUP",
            Self::Int => "SIGINT",
            Self::Kill => "SIGKILL",
            Self::Usr1 => "SIGUSR1",
            Self::Pipe => "SIGPIPE",
            Self::Term => "SIGTERM",
            Self::Chld => "SIGCHLD",
            Self::Cont => "SIGCONT",
            Self::Stop => "SIGSTOP",
        }
    }

    /// Whether the default is to do nothing; else it ends the process, or stops it, or lets it go on.
    pub const fn is_ignored_by_default(self) -> bool {
        matches!(self, Self::Chld | Self::Cont)
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Signal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|signal| signal.name() == text)
            .ok_or_else(|| {
                let names = Self::ALL.map(Self::name).join("`, `");
                format!("`{text}` is no signal; signals are `{names}`")
            })
    }
}

/// What becomes of a signal that arrives and is not blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// What `signal(7)` says: mostly, the process ends.
    Default,
    /// Nothing. A program that is started inherits this.
    Ignore,
    /// A handler takes note of it, or runs.
    Catch,
}

/// Notices of one signal that is caught.
pub trait Signals: Send {
    /// Waits until the signal has arrived at least once since the last notice. How often it did is not known: signals of one kind that
    /// arrive while one is pending are one (`signal(7)`, standard signals).
    ///
    /// Dropping the future loses nothing.
    fn next(&mut self) -> Later<'_, ()>;
}
