//! A text that is no fault.

use thiserror::Error;

/// How a line of a plan is written.
const GRAMMAR: &str = "a fault is `OPERATION [PATH-GLOB] [#N | #N.. | #N..M] [bytes A..B] [target K of N [stripe BYTES]] [in PHASE] [from TIME] [until TIME] [1/N[*BURST]] \
     EFFECT [before | partial | after | late | F1 to F11] [for file | directory | target K of N [stripe BYTES] | fs]`, such as `fsync *.tmp #2 drop` or `write #3.. ENOSPC`";

/// A text that is no fault: what is wrong, where, and how it would be right.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{text}` is not a fault: {reason} (line {line}, column {column}); {help}")]
pub struct ParseFaultError {
    pub(super) text: String,
    pub(super) reason: String,
    pub(super) help: String,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) len: usize,
}

impl ParseFaultError {
    /// What is wrong, on one line.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// What to do.
    pub fn help(&self) -> &str {
        &self.help
    }

    /// The line of the plan, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column in that line, in characters from 1.
    pub const fn column(&self) -> usize {
        self.column
    }

    /// Number of characters that are wrong.
    pub const fn width(&self) -> usize {
        self.len
    }
}

/// What is wrong at a word of a line.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Index of the word; one beyond the last stands for the end of the line.
    pub(super) word: usize,
    pub(super) reason: String,
    pub(super) help: Option<String>,
}

impl Wrong {
    pub(super) fn new(word: usize, reason: impl Into<String>) -> Self {
        Self {
            word,
            reason: reason.into(),
            help: None,
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What to do: what fits this mistake, or how a line is written.
    pub(super) fn advice(&self) -> String {
        self.help.clone().unwrap_or_else(|| GRAMMAR.to_owned())
    }
}
