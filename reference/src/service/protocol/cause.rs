//! Why a snapshot was taken.

use std::fmt;
use std::str::FromStr;

/// Why a snapshot was taken. Where several causes share one, the last of this order names it: whoever sent a signal has nothing but this word
/// to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Time has come.
    Interval,
    /// A `snapshot` request.
    Request,
    /// `SIGUSR1`.
    Signal,
    /// The service ends.
    Final,
}

impl Cause {
    /// All of them, in their order.
    pub const ALL: [Self; 4] = [Self::Interval, Self::Request, Self::Signal, Self::Final];

    const fn name(self) -> &'static str {
        match self {
            Self::Interval => "interval",
            Self::Request => "request",
            Self::Signal => "signal",
            Self::Final => "final",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Cause {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|cause| cause.name() == text)
            .ok_or("a cause is `signal`, `interval`, `request` or `final`")
    }
}
