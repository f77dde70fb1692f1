//! Lines of a plan, and the words of a line.

use std::borrow::Cow;

use crate::plan::effect::Damage;

/// A word and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    /// Whether it was in quotes, so that it can only be a path.
    pub(super) quoted: bool,
    /// In characters from 1.
    pub(super) column: usize,
    /// In characters, with its quotes.
    pub(super) width: usize,
}

/// A line, or a part of one between semicolons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) words: Vec<Word>,
    /// Column behind the last word.
    pub(super) end: usize,
    /// Column of a quote that is never closed.
    pub(super) open_quote: Option<usize>,
}

/// Splits a plan. Parts without a word are left out.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, text) in text.lines().enumerate() {
        let mut splitter = Splitter::default();
        for (position, character) in text.chars().enumerate() {
            if splitter.take(character, position + 1) {
                lines.push(splitter.finish(index + 1));
            }
        }
        lines.push(splitter.finish(index + 1));
    }
    lines.retain(|line| !line.words.is_empty() || line.open_quote.is_some());
    lines
}

#[derive(Default)]
struct Splitter {
    words: Vec<Word>,
    current: Option<Word>,
    in_quotes: bool,
    escaped: bool,
    end: usize,
}

impl Splitter {
    /// Takes the next character. Returns whether it ends the part.
    fn take(&mut self, character: char, column: usize) -> bool {
        if self.in_quotes {
            if let Some(word) = &mut self.current {
                word.width += 1;
                match character {
                    '\\' if !self.escaped => self.escaped = true,
                    '"' if !self.escaped => self.in_quotes = false,
                    _ => {
                        word.text.push(match (self.escaped, character) {
                            (true, 'n') => '\n',
                            (true, 'r') => '\r',
                            _ => character,
                        });
                        self.escaped = false;
                    }
                }
            }
            return false;
        }
        match character {
            ';' => return true,
            c if c.is_whitespace() => self.close(),
            '"' if self.current.is_none() => {
                self.in_quotes = true;
                self.current = Some(Word {
                    text: String::new(),
                    quoted: true,
                    column,
                    width: 1,
                });
            }
            c => {
                let word = self.current.get_or_insert_with(|| Word {
                    text: String::new(),
                    quoted: false,
                    column,
                    width: 0,
                });
                word.text.push(c);
                word.width += 1;
            }
        }
        false
    }

    fn close(&mut self) {
        if let Some(word) = self.current.take() {
            self.end = word.column + word.width;
            self.words.push(word);
        }
    }

    fn finish(&mut self, number: usize) -> Line {
        let open_quote = match &self.current {
            Some(word) if self.in_quotes => Some(word.column),
            _ => None,
        };
        self.close();
        self.in_quotes = false;
        Line {
            number,
            words: std::mem::take(&mut self.words),
            end: self.end.max(1),
            open_quote,
        }
    }
}

/// Words that say something other than a path wherever a path may stand, beside those of effects.
const KEYWORDS: &[&str] = &["bytes", "target", "in", "from", "until", "for"];

/// The words that begin an effect, beside the names of errors and of damage.
pub const EFFECT_WORDS: [&str; 7] = [
    "drop",
    "short",
    "evict",
    "evict-silently",
    "delay",
    "stall",
    "hang",
];

/// Whether a word begins an effect.
pub(super) fn is_effect(word: &str) -> bool {
    let damage = word.split('*').next().unwrap_or(word);
    EFFECT_WORDS.contains(&word)
        || is_errno(word)
        || (Damage::ALL.iter().any(|known| known.name() == damage)
            && word[damage.len()..]
                .bytes()
                .all(|byte| byte == b'*' || byte.is_ascii_digit()))
}

/// Whether a word is an errno, or looks so much like one that it is not taken for a path.
fn is_errno(word: &str) -> bool {
    word.len() > 1
        && word.starts_with('E')
        && word
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Whether a word is a chance, such as `1/64`.
pub(super) fn is_chance(word: &str) -> bool {
    let numeric = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'*')
    };
    word.split_once('/')
        .is_some_and(|(numerator, rest)| numeric(numerator) && numeric(rest))
}

/// Whether a word says something other than a path.
pub(super) fn is_reserved(word: &str) -> bool {
    word.starts_with('#') || KEYWORDS.contains(&word) || is_effect(word) || is_chance(word)
}

/// A path as it is written: in quotes where it would not be read as itself.
pub(super) fn quoted(path: &str) -> Cow<'_, str> {
    let plain = !path.is_empty()
        && !is_reserved(path)
        && !path
            .chars()
            .any(|c| c.is_whitespace() || matches!(c, '"' | ';' | '\\'));
    if plain {
        return Cow::Borrowed(path);
    }
    let mut text = String::from('"');
    for character in path.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            _ => text.push(character),
        }
    }
    text.push('"');
    Cow::Owned(text)
}
