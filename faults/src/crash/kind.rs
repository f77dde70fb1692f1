//! Ways to crash.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A kind of crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CrashKind {
    /// The process dies; the operating system, and with it everything written, lives on.
    ProcessKill,
    /// The power fails: what remains is what the disk holds.
    PowerLoss,
    /// The process dies, its successor recovers from what the operating system still has in memory, and then the power fails.
    KillThenPowerLoss,
    /// The power fails, and every sync had lied.
    Lying,
}

impl CrashKind {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::ProcessKill,
        Self::PowerLoss,
        Self::KillThenPowerLoss,
        Self::Lying,
    ];

    /// The kinds that an honest disk can go through.
    pub const HONEST: &'static [Self] =
        &[Self::ProcessKill, Self::PowerLoss, Self::KillThenPowerLoss];

    /// The name in scenarios and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ProcessKill => "process-kill",
            Self::PowerLoss => "power-loss",
            Self::KillThenPowerLoss => "kill-then-power-loss",
            Self::Lying => "lying-disk",
        }
    }
}

impl fmt::Display for CrashKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no kind of crash.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a kind of crash: process-kill, power-loss, kill-then-power-loss, lying-disk")]
pub struct ParseCrashKindError(String);

impl FromStr for CrashKind {
    type Err = ParseCrashKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| ParseCrashKindError(text.to_owned()))
    }
}
