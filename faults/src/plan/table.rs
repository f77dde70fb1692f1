//! Faults as TOML tables, one key for each dimension.
//!
//! ```toml
//! [[faults]]
//! op = "write"
//! path = "*.log"
//! nth = 3
//! effect = "ENOSPC"
//! position = "after"
//! ```
//!
//! A table says what a line of text says: it is read as that line, so that there is one grammar.

use std::fmt::Write as _;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;

use super::fault::{Fault, Occurrence};
use super::scope::Scope;
use super::space::Space;
use super::text::ParseFaultError;
use super::{Effect, FaultPlan, Position, show_duration};
use crate::errno::Errno;

/// A value with its place in the file.
type Text = Spanned<String>;

/// The keys of a fault.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultTable {
    /// The operation.
    pub op: Text,
    /// The path pattern.
    pub path: Option<Text>,
    /// Which of the operations: `3`, or text such as `"3.."` and `"2..4"`.
    pub nth: Option<Spanned<Nth>>,
    /// A range of bytes, such as `"0..4096"`.
    pub bytes: Option<Text>,
    /// An object target, such as `"1 of 2"` or `"1 of 2 stripe 65536"`.
    pub target: Option<Text>,
    /// The phase of the store.
    pub phase: Option<Text>,
    /// The virtual time from which on it happens.
    pub from: Option<Text>,
    /// The virtual time until which it happens.
    pub until: Option<Text>,
    /// How likely it is, such as `"1/64"` or `"1/64*3"`.
    pub chance: Option<Text>,
    /// What happens, such as `"ENOSPC"`, `"drop"` or `"delay 5ms"`.
    pub effect: Text,
    /// How much of the operation is done when its error is returned.
    pub position: Option<Text>,
    /// The way in which a sync fails, where it is not that of the file system: `"F1"` to `"F11"`.
    pub model: Option<Text>,
    /// What else is hit from then on.
    pub scope: Option<Text>,
}

/// A number, or a range in text.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Nth {
    /// The nth.
    Number(i64),
    /// As behind `#` in text.
    Text(String),
}

/// The keys of a limit on space.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpaceTable {
    /// Bytes that all files together may hold.
    pub bytes: Option<Spanned<u64>>,
    /// Files and directories that there may be.
    pub inodes: Option<Spanned<u64>>,
    /// `ENOSPC` or `EDQUOT`.
    pub error: Option<Text>,
    /// Whether what is freed can be used again only after the next successful sync.
    #[serde(default)]
    pub reserved: bool,
    /// When the limit is lifted: `"#90"`, at the ninetieth operation, or a time.
    pub freed: Option<Text>,
}

/// What is wrong with a table, and where in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableError {
    /// Bytes of the file.
    pub span: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// A line of text that remembers which part of it came from where.
#[derive(Default)]
struct Composer {
    line: String,
    parts: Vec<(Range<usize>, Range<usize>)>,
}

impl Composer {
    /// Adds words. A value that would end the line early is kept in one piece by replacing what separates.
    fn add(&mut self, prefix: &str, value: &str, span: Range<usize>) {
        if !self.line.is_empty() {
            self.line.push(' ');
        }
        let start = self.line.chars().count();
        self.line.push_str(prefix);
        self.line.extend(value.chars().map(|c| {
            if matches!(c, ';' | '\n' | '\r') {
                '\u{fffd}'
            } else {
                c
            }
        }));
        self.parts.push((start..self.line.chars().count(), span));
    }

    fn text(&mut self, prefix: &str, value: Option<&Text>) {
        if let Some(value) = value {
            self.add(prefix, value.get_ref(), value.span());
        }
    }

    /// The error, at the value that it is about.
    fn locate(&self, error: &ParseFaultError, whole: Range<usize>) -> TableError {
        let column = error.column() - 1;
        let span = self
            .parts
            .iter()
            .find(|(part, _)| part.contains(&column))
            .map_or(whole, |(_, span)| span.clone());
        TableError {
            span,
            message: error.reason().to_owned(),
            help: error.help().to_owned(),
        }
    }
}

impl FaultTable {
    /// The fault that the table describes.
    ///
    /// # Errors
    /// A value means nothing, or two do not go together.
    pub fn fault(&self) -> Result<Fault, TableError> {
        let mut composer = Composer::default();
        composer.text("", Some(&self.op));
        if let Some(nth) = &self.nth {
            let text = match nth.get_ref() {
                Nth::Number(number) => number.to_string(),
                Nth::Text(text) => text.clone(),
            };
            composer.add("#", &text, nth.span());
        }
        composer.text("bytes ", self.bytes.as_ref());
        composer.text("target ", self.target.as_ref());
        composer.text("in ", self.phase.as_ref());
        composer.text("from ", self.from.as_ref());
        composer.text("until ", self.until.as_ref());
        composer.text("", self.chance.as_ref());
        composer.text("", Some(&self.effect));
        composer.text("", self.position.as_ref());
        composer.text("", self.model.as_ref());
        composer.text("for ", self.scope.as_ref());
        let parsed = composer.line.parse::<Fault>();
        let mut fault = parsed.map_err(|error| composer.locate(&error, self.op.span()))?;
        if let Some(path) = &self.path {
            globset::Glob::new(path.get_ref()).map_err(|error| TableError {
                span: path.span(),
                message: format!("the path pattern is wrong: {error}"),
                help: "a pattern is a glob over the whole path, such as `data/*.log`".to_owned(),
            })?;
            fault.path = Some(path.get_ref().clone());
        }
        Ok(fault)
    }
}

impl SpaceTable {
    /// The limit that the table describes. `span` is that of the whole table.
    ///
    /// # Errors
    /// A value means nothing, or there is no number at all.
    pub fn space(&self, span: Range<usize>) -> Result<Space, TableError> {
        let mut composer = Composer::default();
        composer.add("space", "", span.clone());
        if let Some(bytes) = &self.bytes {
            composer.add("", &bytes.get_ref().to_string(), bytes.span());
        }
        if let Some(inodes) = &self.inodes {
            composer.add("inodes ", &inodes.get_ref().to_string(), inodes.span());
        }
        composer.text("", self.error.as_ref());
        if self.reserved {
            composer.add("reserved", "", span.clone());
        }
        composer.text("freed ", self.freed.as_ref());
        let plan = composer.line.parse::<FaultPlan>();
        let plan = plan.map_err(|error| composer.locate(&error, span.clone()))?;
        plan.spaces.first().copied().ok_or_else(|| TableError {
            span,
            message: "no limit".to_owned(),
            help: "give `bytes` or `inodes`".to_owned(),
        })
    }
}

/// A line `key = "value"`.
fn line(text: &mut String, key: &str, value: &str) {
    let value = toml::Value::String(value.to_owned());
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{key} = {value}");
}

impl Fault {
    /// The fault as a TOML table under the key `faults`.
    pub fn to_toml(&self) -> String {
        let mut text = "[[faults]]\n".to_owned();
        line(&mut text, "op", &self.op.to_string());
        if let Some(path) = &self.path {
            line(&mut text, "path", path);
        }
        match self.occurrence {
            Occurrence::Every => {}
            Occurrence::Nth(n) => text.push_str(&format!("nth = {n}\n")),
            range => line(&mut text, "nth", &range.to_string()),
        }
        let when = &self.when;
        let values = [
            ("bytes", when.bytes.map(|bytes| bytes.to_string())),
            ("target", when.target.map(|target| target.to_string())),
            ("phase", when.phase.map(|phase| phase.to_string())),
            ("from", when.from.map(show_duration)),
            ("until", when.until.map(show_duration)),
            ("chance", when.chance.map(|chance| chance.to_string())),
        ];
        for (key, value) in values {
            if let Some(value) = value {
                line(&mut text, key, &value);
            }
        }
        match self.effect {
            Effect::Fail(errno, position) => {
                line(&mut text, "effect", errno.name());
                if position != Position::Before {
                    line(&mut text, "position", position.name());
                }
            }
            Effect::FailSync(errno, model) => {
                line(&mut text, "effect", errno.name());
                line(&mut text, "model", model.name());
            }
            effect => line(&mut text, "effect", &effect.to_string()),
        }
        if self.scope != Scope::Operation {
            line(&mut text, "scope", &self.scope.to_string());
        }
        text
    }
}

impl Space {
    /// The limit as a TOML table under the key `space`.
    pub fn to_toml(&self) -> String {
        let mut text = "[space]\n".to_owned();
        if let Some(bytes) = self.bytes {
            text.push_str(&format!("bytes = {bytes}\n"));
        }
        if let Some(inodes) = self.inodes {
            text.push_str(&format!("inodes = {inodes}\n"));
        }
        if self.errno != Errno::ENOSPC {
            line(&mut text, "error", self.errno.name());
        }
        if self.reserved {
            text.push_str("reserved = true\n");
        }
        if let Some(freed) = self.freed {
            line(&mut text, "freed", &freed.to_string());
        }
        text
    }
}
