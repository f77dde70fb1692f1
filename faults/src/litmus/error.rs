//! What is wrong with a litmus file.

use std::ops::Range;

use thiserror::Error;

/// A text that is no litmus test, or one that cannot be run as it says. `Display` gives place and message on one line.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}, column {column}: {message}")]
pub struct LitmusError {
    /// What is wrong, and what to do about it.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
    /// The place in the text, in bytes.
    pub span: Range<usize>,
}
