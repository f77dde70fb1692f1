//! How far a parent has come.

use std::fmt;

/// How far a parent has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The server is starting.
    Opening,
    /// Requests are handed on.
    Serving,
    /// The last snapshot is asked for, by the request with this number.
    Saving(u64),
    /// The server is asked to end.
    Ending,
    /// The server has closed its standard output.
    Reaping,
}

/// What is being waited for.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opening => "waiting for the server to open the store",
            Self::Serving => "waiting for answers",
            Self::Saving(_) => "waiting for the last snapshot",
            Self::Ending => "waiting for the server to end",
            Self::Reaping => "waiting for the exit of the server",
        })
    }
}
