//! What a service says.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

use crate::digits::number;
use crate::level::Level;
use crate::mutation::{Text, parse_bytes};

use super::cause::Cause;
use super::outcome::Outcome;
use super::path::{Message, OnLine, parse_path};

/// A line that a service says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The first line: every handler is installed, and the store is open.
    Ready {
        /// Number of the process.
        pid: u32,
        /// Number of the last commit that the store shows.
        sequence: u64,
    },
    /// A request was done.
    Done {
        /// Of the request.
        id: u64,
        /// At which level it, and everything before it, is held.
        level: Level,
        /// The number it has; of a snapshot, the last one it covers.
        sequence: u64,
        /// Where the snapshot is.
        path: Option<PathBuf>,
    },
    /// The value that was asked for.
    Value {
        /// Of the request.
        id: u64,
        /// The value.
        value: Vec<u8>,
    },
    /// The key that was asked for is not there.
    Absent {
        /// Of the request.
        id: u64,
    },
    /// One key of a scan.
    Key {
        /// Of the request.
        id: u64,
        /// The key.
        key: Vec<u8>,
        /// Its value.
        value: Vec<u8>,
    },
    /// The end of a scan.
    Scanned {
        /// Of the request.
        id: u64,
        /// How many keys there were.
        count: u64,
        /// Number of the last commit that they show.
        sequence: u64,
    },
    /// A request was not done, or may not have been.
    Failed {
        /// Of the request.
        id: u64,
        /// What is known of its effect.
        outcome: Outcome,
        /// Why.
        message: String,
    },
    /// A snapshot is in place.
    Snapshot {
        /// Its number, from 1 in each process.
        run: u64,
        /// Why it was taken.
        cause: Cause,
        /// Number of the last commit it covers.
        sequence: u64,
        /// Where it is.
        path: PathBuf,
    },
    /// A snapshot failed.
    SnapshotFailed {
        /// Its number.
        run: u64,
        /// Why it was to be taken.
        cause: Cause,
        /// Why it failed.
        message: String,
    },
    /// Writes that were acknowledged are lost, or may be. Their numbers may be given again, to writes that are acknowledged after this.
    Lost {
        /// Number of the first of them.
        first: u64,
        /// Number of the last.
        last: u64,
        /// Why.
        message: String,
    },
    /// A queue inside of the process became longer than it ever was. Who says so does it when it becomes longer than a power of two, so that
    /// what is said stays short.
    Queued {
        /// Which queue: one word.
        name: String,
        /// How many things wait in it.
        count: u64,
    },
    /// The last line: everything that was promised is kept.
    End {
        /// Number of the last commit.
        sequence: u64,
        /// At which level everything acknowledged is held.
        level: Level,
    },
    /// The last line: not everything that was promised is kept, or may not be.
    EndFailed {
        /// Why.
        message: String,
    },
}

/// A line that no service says.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{line}` is no answer: {reason}")]
pub struct ParseAnswerError {
    line: String,
    reason: &'static str,
}

impl Answer {
    /// The request that it answers, if it answers one.
    pub const fn id(&self) -> Option<u64> {
        match self {
            Self::Done { id, .. }
            | Self::Value { id, .. }
            | Self::Absent { id }
            | Self::Key { id, .. }
            | Self::Scanned { id, .. }
            | Self::Failed { id, .. } => Some(*id),
            Self::Ready { .. }
            | Self::Snapshot { .. }
            | Self::SnapshotFailed { .. }
            | Self::Lost { .. }
            | Self::Queued { .. }
            | Self::End { .. }
            | Self::EndFailed { .. } => None,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready { pid, sequence } => write!(f, "ready {pid} {sequence}"),
            Self::Done {
                id,
                level,
                sequence,
                path,
            } => {
                write!(f, "{id} ok {level} {sequence}")?;
                match path {
                    Some(path) => write!(f, " {}", OnLine(path)),
                    None => Ok(()),
                }
            }
            Self::Value { id, value } => write!(f, "{id} value {}", Text(value)),
            Self::Absent { id } => write!(f, "{id} absent"),
            Self::Key { id, key, value } => {
                write!(f, "{id} key {} {}", Text(key), Text(value))
            }
            Self::Scanned {
                id,
                count,
                sequence,
            } => write!(f, "{id} end {count} {sequence}"),
            Self::Failed {
                id,
                outcome,
                message,
            } => write!(f, "{id} failed {outcome} {}", Message(message)),
            Self::Snapshot {
                run,
                cause,
                sequence,
                path,
            } => write!(f, "snapshot {run} {cause} done {sequence} {}", OnLine(path)),
            Self::SnapshotFailed {
                run,
                cause,
                message,
            } => write!(f, "snapshot {run} {cause} failed {}", Message(message)),
            Self::Lost {
                first,
                last,
                message,
            } => write!(f, "lost {first} {last} {}", Message(message)),
            Self::Queued { name, count } => write!(f, "queued {name} {count}"),
            Self::End { sequence, level } => write!(f, "end {sequence} {level}"),
            Self::EndFailed { message } => write!(f, "end failed {}", Message(message)),
        }
    }
}

impl FromStr for Answer {
    type Err = ParseAnswerError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let mut rest = Rest(line);
        let first = rest.word();
        let parsed = match first {
            "ready" => parse_ready(&mut rest),
            "snapshot" => parse_snapshot(&mut rest),
            "lost" => parse_lost(&mut rest),
            "queued" => parse_queued(&mut rest),
            "end" => parse_end(&mut rest),
            _ => match number(first) {
                Some(id) if !first.is_empty() => parse_answer(id, &mut rest),
                _ => Err("it begins with no known word"),
            },
        };
        parsed
            .and_then(|answer| match rest.0 {
                "" => Ok(answer),
                _ => Err("there is something behind it"),
            })
            .map_err(|reason| ParseAnswerError {
                line: line.to_owned(),
                reason,
            })
    }
}

/// What of a line is yet to be read.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// The next word, which is empty at the end.
    fn word(&mut self) -> &'a str {
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        self.0 = rest;
        word
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        match self.word() {
            "" => Err("a number is missing"),
            word => number(word).ok_or("a number is expected"),
        }
    }

    fn level(&mut self) -> Result<Level, &'static str> {
        let wrong = "a level is `memory`, `window(Nms)`, `process` or `power`";
        self.word().parse().map_err(|_| wrong)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, &'static str> {
        match self.word() {
            "" => Err("a key or value is missing"),
            word => parse_bytes(word).map_err(|error| error.reason),
        }
    }

    fn all(&mut self) -> &'a str {
        std::mem::take(&mut self.0)
    }
}

fn parse_ready(rest: &mut Rest<'_>) -> Result<Answer, &'static str> {
    let pid = u32::try_from(rest.number()?).map_err(|_| "a process has a smaller number")?;
    let sequence = rest.number()?;
    Ok(Answer::Ready { pid, sequence })
}

fn parse_snapshot(rest: &mut Rest<'_>) -> Result<Answer, &'static str> {
    let run = rest.number()?;
    let cause = rest.word().parse()?;
    match rest.word() {
        "done" => Ok(Answer::Snapshot {
            run,
            cause,
            sequence: rest.number()?,
            path: parse_path(rest.all())?,
        }),
        "failed" => Ok(Answer::SnapshotFailed {
            run,
            cause,
            message: rest.all().to_owned(),
        }),
        _ => Err("a snapshot is `done` or `failed`"),
    }
}

fn parse_lost(rest: &mut Rest<'_>) -> Result<Answer, &'static str> {
    Ok(Answer::Lost {
        first: rest.number()?,
        last: rest.number()?,
        message: rest.all().to_owned(),
    })
}

fn parse_queued(rest: &mut Rest<'_>) -> Result<Answer, &'static str> {
    match rest.word() {
        "" => Err("a queue has a name"),
        name => Ok(Answer::Queued {
            name: name.to_owned(),
            count: rest.number()?,
        }),
    }
}

fn parse_end(rest: &mut Rest<'_>) -> Result<Answer, &'static str> {
    match rest.word() {
        "failed" => Ok(Answer::EndFailed {
            message: rest.all().to_owned(),
        }),
        word => Ok(Answer::End {
            sequence: number(word)
                .filter(|_| !word.is_empty())
                .ok_or("`end` is followed by a number or `failed`")?,
            level: rest.level()?,
        }),
    }
}

fn parse_answer(id: u64, rest: &mut Rest<'_>) -> Result<Answer, &'static str> {
    match rest.word() {
        "ok" => {
            let level = rest.level()?;
            let sequence = rest.number()?;
            let path = match rest.all() {
                "" => None,
                path => Some(parse_path(path)?),
            };
            Ok(Answer::Done {
                id,
                level,
                sequence,
                path,
            })
        }
        "value" => rest.bytes().map(|value| Answer::Value { id, value }),
        "absent" => Ok(Answer::Absent { id }),
        "key" => {
            let key = rest.bytes()?;
            let value = rest.bytes()?;
            Ok(Answer::Key { id, key, value })
        }
        "end" => {
            let count = rest.number()?;
            let sequence = rest.number()?;
            Ok(Answer::Scanned {
                id,
                count,
                sequence,
            })
        }
        "failed" => Ok(Answer::Failed {
            id,
            outcome: rest.word().parse()?,
            message: rest.all().to_owned(),
        }),
        _ => Err("behind the number stands no known word"),
    }
}
