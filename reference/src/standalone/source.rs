//! Where requests come from.

use std::collections::VecDeque;
use std::io;

use crate::host::Lines;

/// Where requests come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Lines of an input, until its end.
    Lines(Lines),
    /// A list. The next one is made when the one before it was answered well.
    Commands {
        /// What is yet to be made, without numbers.
        rest: VecDeque<String>,
        /// How many there were.
        count: u64,
    },
}

/// What came from a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A line.
    Line(String),
    /// A line that cannot be read, and why.
    Unreadable(String),
    /// There are no more. The input may have ended within a line, which is then no request.
    End { is_cut: bool },
    /// There may be more, which nobody can read, and why.
    Broken(String),
}

impl Source {
    pub(super) fn commands(commands: Vec<String>) -> Self {
        Self::Commands {
            count: commands.len() as u64,
            rest: commands.into(),
        }
    }

    /// Waits for the next one. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Asked {
        match self {
            Self::Lines(lines) => match lines.next().await {
                Ok(Some(line)) => Asked::Line(line),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    Asked::Unreadable(error.to_string())
                }
                Err(error) => Asked::Broken(error.to_string()),
                Ok(None) => Asked::End {
                    is_cut: !lines.rest().is_empty(),
                },
            },
            Self::Commands { rest, count } => match rest.pop_front() {
                Some(command) => Asked::Line(format!("{} {command}", *count - rest.len() as u64)),
                None => Asked::End { is_cut: false },
            },
        }
    }

    /// How many requests may be without an answer.
    pub(super) const fn open_max(&self) -> usize {
        match self {
            Self::Lines(_) => 64,
            Self::Commands { .. } => 1,
        }
    }

    /// How many were to be made and were not.
    pub(super) fn left(&self) -> usize {
        match self {
            Self::Lines(_) => 0,
            Self::Commands { rest, .. } => rest.len(),
        }
    }
}
