//! Where requests come from.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use crate::host::{Host, Lines, timeout};

/// Where requests come from.
#[derive(Debug)]
pub(super) enum Source {
    /// Lines of an input, until its end.
    Lines { lines: Lines, input: Input },
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

/// How far an input was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    /// There may be more.
    Open,
    /// There may be more, and nobody takes it.
    Left,
    /// To its end, or as far as it can be.
    Over,
}

/// What was read of an input and not given out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unmade {
    /// Whole lines.
    pub(super) lines: Vec<String>,
    /// Whether there is also the start of one.
    pub(super) is_cut: bool,
}

impl Source {
    pub(super) const fn lines(lines: Lines) -> Self {
        Self::Lines {
            lines,
            input: Input::Open,
        }
    }

    pub(super) fn commands(commands: Vec<String>) -> Self {
        Self::Commands {
            count: commands.len() as u64,
            rest: commands.into(),
        }
    }

    /// Waits for the next one. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Asked {
        match self {
            Self::Lines { lines, input } => match lines.next().await {
                Ok(Some(line)) => Asked::Line(line),
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    Asked::Unreadable(error.to_string())
                }
                Err(error) => {
                    *input = Input::Over;
                    Asked::Broken(error.to_string())
                }
                Ok(None) => {
                    *input = Input::Over;
                    Asked::End {
                        is_cut: !lines.rest().is_empty(),
                    }
                }
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
            Self::Lines { .. } => 64,
            Self::Commands { .. } => 1,
        }
    }

    /// How many of a list were to be made and were not.
    pub(super) fn left(&self) -> usize {
        match self {
            Self::Lines { .. } => 0,
            Self::Commands { rest, .. } => rest.len(),
        }
    }

    /// What of an input was read and not given out, for whoever takes nothing more of it; the next time there is nothing.
    pub(super) fn unmade(&mut self) -> Unmade {
        let Self::Lines { lines, input } = self else {
            return Unmade::default();
        };
        if *input != Input::Open {
            return Unmade::default();
        }
        *input = Input::Left;
        let mut unmade = Unmade::default();
        let mut rest = lines.rest();
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let (line, behind) = rest.split_at(end);
            unmade
                .lines
                .push(String::from_utf8_lossy(line).into_owned());
            rest = behind.get(1..).unwrap_or_default();
        }
        unmade.is_cut = !rest.is_empty();
        unmade
    }

    /// Whether something is there to be read where nothing was read ahead.
    pub(super) async fn has_more(&mut self, host: &Host) -> bool {
        let Self::Lines { lines, input } = self else {
            return false;
        };
        if *input == Input::Over || !lines.rest().is_empty() {
            return false;
        }
        match timeout(host, Duration::ZERO, lines.next()).await {
            Some(Ok(line)) => line.is_some() || !lines.rest().is_empty(),
            // A line that is too long, or no text.
            Some(Err(error)) => error.kind() == io::ErrorKind::InvalidData,
            None => !lines.rest().is_empty(),
        }
    }
}
