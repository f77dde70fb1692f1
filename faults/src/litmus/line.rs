//! The lines of a litmus file and the words on them, each with its place.

use super::error::LitmusError;

/// Part of one line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub(super) text: &'a str,
    /// Number of the line, from 1.
    line: usize,
    /// Characters before it on its line.
    column: usize,
    /// Bytes before it in the whole text.
    start: usize,
}

impl<'a> Part<'a> {
    /// What is wrong here.
    pub(super) fn error(&self, message: impl Into<String>) -> LitmusError {
        LitmusError {
            message: message.into(),
            line: self.line,
            column: self.column + 1,
            span: self.start..self.start + self.text.len(),
        }
    }

    /// The part between two byte positions of this one, which lie between characters.
    fn slice(&self, from: usize, to: usize) -> Self {
        Self {
            text: &self.text[from..to],
            line: self.line,
            column: self.column + self.text[..from].chars().count(),
            start: self.start + from,
        }
    }

    /// Without white space at its ends.
    pub(super) fn trim(&self) -> Self {
        let from = self.text.len() - self.text.trim_start().len();
        let to = self.text.trim_end().len();
        self.slice(from.min(to), to)
    }

    /// What follows a prefix.
    pub(super) fn after(&self, prefix: &str) -> Option<Self> {
        let is_there = self.text.starts_with(prefix);
        is_there.then(|| self.slice(prefix.len(), self.text.len()))
    }

    /// What comes before a suffix.
    pub(super) fn before(&self, suffix: &str) -> Option<Self> {
        let rest = self.text.strip_suffix(suffix)?;
        Some(self.slice(0, rest.len()))
    }

    /// The two sides of the first `separator`.
    pub(super) fn split_once(&self, separator: &str) -> Option<(Self, Self)> {
        let at = self.text.find(separator)?;
        let right = self.slice(at + separator.len(), self.text.len());
        Some((self.slice(0, at), right))
    }

    /// The words, which spaces separate.
    pub(super) fn words(&self) -> Vec<Self> {
        let mut words = Vec::new();
        let mut from = 0;
        for word in self.text.split(char::is_whitespace) {
            if !word.is_empty() {
                words.push(self.slice(from, from + word.len()));
            }
            // Every white space that a litmus file may hold is one byte long, but the text is the user's.
            let rest = &self.text[from + word.len()..];
            from += word.len() + rest.chars().next().map_or(0, char::len_utf8);
        }
        words
    }

    /// The items that commas separate, without white space around them. What stands in brackets or quotes is one item.
    pub(super) fn items(&self) -> Vec<Self> {
        let mut items = Vec::new();
        let (mut from, mut depth, mut is_quoted) = (0, 0_usize, false);
        for (at, character) in self.text.char_indices() {
            match character {
                '"' => is_quoted = !is_quoted,
                '[' if !is_quoted => depth += 1,
                ']' if !is_quoted => depth = depth.saturating_sub(1),
                ',' if !is_quoted && depth == 0 => {
                    items.push(self.slice(from, at).trim());
                    from = at + 1;
                }
                _ => {}
            }
        }
        items.push(self.slice(from, self.text.len()).trim());
        items
    }

    /// Number of its line, from 0.
    pub(super) const fn index(&self) -> usize {
        self.line - 1
    }
}

/// Lines, one after the other.
pub(super) struct Lines<'a> {
    rest: std::iter::Peekable<std::vec::IntoIter<Part<'a>>>,
    end: Part<'a>,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mut start = 0;
        let mut lines = Vec::new();
        for (index, whole) in text.split_inclusive('\n').enumerate() {
            let line = whole.strip_suffix('\n').unwrap_or(whole);
            lines.push(Part {
                text: line.strip_suffix('\r').unwrap_or(line),
                line: index + 1,
                column: 0,
                start,
            });
            start += whole.len();
        }
        let end = Part {
            text: "",
            line: lines.len() + 1,
            column: 0,
            start,
        };
        Self {
            rest: lines.into_iter().peekable(),
            end,
        }
    }

    /// The next line if it is as wanted.
    pub(super) fn next_if(&mut self, wanted: impl Fn(&Part<'a>) -> bool) -> Option<Part<'a>> {
        self.rest.next_if(wanted)
    }

    /// What the next line has behind `key`, if it starts so.
    pub(super) fn field(&mut self, key: &str) -> Option<Part<'a>> {
        let line = self.next_if(|line| line.text.starts_with(key))?;
        line.after(key).map(|part| part.trim())
    }

    /// What the next line has behind `key`, with which it must start.
    pub(super) fn need(&mut self, key: &str, what: &str) -> Result<Part<'a>, LitmusError> {
        match self.field(key) {
            Some(part) => Ok(part),
            None => Err(self.here().error(format!("expected `{key}` here: {what}"))),
        }
    }

    /// The next line, or the end of the text.
    pub(super) fn here(&mut self) -> Part<'a> {
        let end = self.end;
        self.rest.peek().copied().unwrap_or(end)
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        self.rest.next()
    }
}
