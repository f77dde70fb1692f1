//! Reading a line word by word.

use std::time::Duration;

use super::error::Wrong;
use super::words::Word;
use crate::plan::duration;

pub(super) type Parsed<T> = Result<T, Wrong>;

/// The words of a line that are still to be read.
pub(super) struct Cursor<'a> {
    pub(super) words: &'a [Word],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn peek(&self) -> Option<&'a Word> {
        self.words.get(self.at)
    }

    /// The next word, if it is not in quotes.
    pub(super) fn plain(&self) -> Option<&'a str> {
        self.peek()
            .filter(|word| !word.quoted)
            .map(|word| word.text.as_str())
    }

    /// The word behind a keyword.
    pub(super) fn argument(&mut self, what: &str) -> Parsed<&'a str> {
        self.at += 1;
        let Some(word) = self.plain() else {
            return Err(Wrong::new(self.at, format!("{what} is missing")));
        };
        self.at += 1;
        Ok(word)
    }

    /// An error at the word just read.
    pub(super) fn wrong(&self, reason: impl Into<String>) -> Wrong {
        Wrong::new(self.at.saturating_sub(1), reason)
    }

    pub(super) fn time(&mut self) -> Parsed<Duration> {
        let word = self.argument("a time")?;
        duration::parse(word).ok_or_else(|| {
            self.wrong(format!("`{word}` is no time"))
                .help("a time is a whole number and a unit, `s`, `ms`, `us` or `ns`")
        })
    }
}
