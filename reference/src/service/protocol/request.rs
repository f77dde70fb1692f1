//! What a service is asked.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::digits;
use crate::mutation::{Mutation, Text, parse_bytes};
use crate::native::BATCH_BYTES_MAX;

/// Most bytes of keys and values that one request names. A short line may stand for much more, as `x*N` does.
pub const REQUEST_BYTES_MAX: usize = BATCH_BYTES_MAX as usize;

/// A request, with the number that its client gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The number; answers have it too. The service does not ask that it be new.
    pub id: u64,
    /// What is asked.
    pub command: Command,
}

/// What a service is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// One change.
    Write(Mutation),
    /// Several changes in order, together or not at all; there is at least one.
    Batch(Vec<Mutation>),
    /// The value of a key.
    Get(Vec<u8>),
    /// All keys with their values.
    Scan,
    /// Hold everything that was acknowledged as safely as the engine can.
    Sync,
    /// A snapshot of everything that was acknowledged before.
    Snapshot,
    /// Shorten what recovery has to do.
    Checkpoint,
    /// Give back space.
    Compact,
    /// End in good order.
    Close,
}

/// A line that is no request.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{reason}")]
pub struct ParseRequestError {
    /// The number on the line, or 0 where there is none.
    pub id: u64,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.id, self.command)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(mutation) => write!(f, "{mutation}"),
            Self::Batch(mutations) => {
                f.write_str("batch")?;
                for (position, mutation) in mutations.iter().enumerate() {
                    let separator = if position == 0 { "" } else { ";" };
                    write!(f, "{separator} {mutation}")?;
                }
                Ok(())
            }
            Self::Get(key) => write!(f, "get {}", Text(key)),
            Self::Scan => f.write_str("scan"),
            Self::Sync => f.write_str("sync"),
            Self::Snapshot => f.write_str("snapshot"),
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Compact => f.write_str("compact"),
            Self::Close => f.write_str("close"),
        }
    }
}

impl FromStr for Request {
    type Err = ParseRequestError;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let line = line.trim();
        let (number, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let id = digits::number(number).ok_or_else(|| ParseRequestError {
            id: 0,
            reason: "a request begins with its number".to_owned(),
        })?;
        match parse_command(rest.trim()) {
            Ok(command) => Ok(Self { id, command }),
            Err(reason) => Err(ParseRequestError { id, reason }),
        }
    }
}

impl FromStr for Command {
    type Err = ParseRequestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |reason| ParseRequestError { id: 0, reason };
        parse_command(text.trim()).map_err(wrong)
    }
}

fn parse_command(text: &str) -> Result<Command, String> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let alone = match word {
        "put" | "delete" => {
            return text
                .parse()
                .map(Command::Write)
                .map_err(|error: crate::mutation::ParseMutationError| error.to_string());
        }
        "batch" => return parse_batch(rest).map(Command::Batch),
        "get" => {
            let mut words = rest.split_whitespace();
            return match (words.next(), words.next()) {
                (Some(key), None) => parse_bytes(key)
                    .map(Command::Get)
                    .map_err(|error| error.to_string()),
                _ => Err("`get` takes a key".to_owned()),
            };
        }
        "scan" => Command::Scan,
        "sync" => Command::Sync,
        "snapshot" => Command::Snapshot,
        "checkpoint" => Command::Checkpoint,
        "compact" => Command::Compact,
        "close" => Command::Close,
        _ => {
            return Err(
                "a request is `put`, `delete`, `batch`, `get`, `scan`, `sync`, `snapshot`, `checkpoint`, `compact` or \
                 `close`"
                    .to_owned(),
            );
        }
    };
    if rest.trim().is_empty() {
        Ok(alone)
    } else {
        Err(format!("`{word}` takes nothing behind it"))
    }
}

fn parse_batch(text: &str) -> Result<Vec<Mutation>, String> {
    let mut mutations = Vec::new();
    let mut bytes = 0;
    for part in text.split(';') {
        let mutation: Mutation = part
            .parse()
            .map_err(|_| "`batch` takes `put KEY VALUE` and `delete KEY`, with `;` between them")?;
        bytes += bytes_of(&mutation);
        if bytes > REQUEST_BYTES_MAX {
            return Err(format!("a request is at most {REQUEST_BYTES_MAX} bytes"));
        }
        mutations.push(mutation);
    }
    Ok(mutations)
}

/// Bytes of key and value.
pub(crate) fn bytes_of(mutation: &Mutation) -> usize {
    match mutation {
        Mutation::Put { key, value } => key.len() + value.len(),
        Mutation::Delete { key } => key.len(),
    }
}
