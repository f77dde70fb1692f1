//! What comes of a request, on its way to the line that says it.

use std::io;

use plimsoll_reference::level::Level;
use plimsoll_reference::service::protocol::{Answer, Outcome};
use plimsoll_sim::sut::{self, CommandError};
use plimsoll_sim::trial::history::Pairs;

use super::outlet::Outlet;

/// What came of a request.
#[derive(Debug)]
pub(in crate::systems) enum Answered {
    /// A write, or another request that changes or secures something.
    Done {
        /// What it is promised to survive.
        level: Level,
        /// Its number.
        sequence: u64,
    },
    /// The value of a key.
    Value(Option<Vec<u8>>),
    /// Everything.
    Everything(Pairs),
}

impl Answered {
    /// What has this number will survive a loss of power.
    pub(in crate::systems) const fn durable(sequence: u64) -> Self {
        Self::Done {
            level: Level::Power,
            sequence,
        }
    }
}

/// Why nothing came of it, or nobody knows what.
#[derive(Clone, Debug)]
pub(in crate::systems) struct Failure {
    outcome: Outcome,
    message: String,
}

impl Failure {
    /// It certainly has no effect.
    pub(in crate::systems) fn absent(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Absent,
            message: message.into(),
        }
    }

    /// It may have an effect.
    pub(in crate::systems) fn unknown(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Unknown,
            message: message.into(),
        }
    }

    /// There is no such request.
    pub(in crate::systems) fn unsupported() -> Self {
        Self {
            outcome: Outcome::Unsupported,
            message: "there is no such request".to_owned(),
        }
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        let outcome = match error.outcome {
            sut::Outcome::Absent => Outcome::Absent,
            sut::Outcome::Unknown => Outcome::Unknown,
            sut::Outcome::Unsupported => Outcome::Unsupported,
        };
        Self {
            outcome,
            message: error.message,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::unknown(error.to_string())
    }
}

impl From<plimsoll_reference::host::Failed> for Failure {
    fn from(failed: plimsoll_reference::host::Failed) -> Self {
        Self::unknown(failed.to_string())
    }
}

/// Says what came of the request with this number.
pub(in crate::systems) fn say(outlet: &Outlet, id: u64, reply: Result<Answered, Failure>) {
    let answer = match reply {
        Ok(Answered::Done { level, sequence }) => Answer::Done {
            id,
            level,
            sequence,
            path: None,
        },
        Ok(Answered::Value(Some(value))) => Answer::Value { id, value },
        Ok(Answered::Value(None)) => Answer::Absent { id },
        Ok(Answered::Everything(pairs)) => {
            let count = pairs.len() as u64;
            for (key, value) in pairs {
                outlet.say(&Answer::Key { id, key, value });
            }
            Answer::Scanned {
                id,
                count,
                sequence: 0,
            }
        }
        Err(Failure { outcome, message }) => Answer::Failed {
            id,
            outcome,
            message,
        },
    };
    outlet.say(&answer);
}
