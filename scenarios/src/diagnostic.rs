//! One clear error for a file that is wrong: file, line, column, the line itself, and what to do.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

/// A scenario or profile that cannot be used.
///
/// `Display` gives the whole report over several lines, without colours:
///
/// ```
/// use plimsoll_scenarios::parse_profile;
///
/// let error = parse_profile("my.toml", "version = 1\ntitel = \"x\"\n").expect_err("a letter is missing");
/// assert_eq!((error.file(), error.line(), error.column()), ("my.toml", 2, 1));
/// assert!(error.to_string().contains("did you mean `title`?"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    file: String,
    line: usize,
    column: usize,
    message: String,
    report: String,
}

impl ScenarioError {
    /// An error at a place in `text`, given in bytes; without one, an error of the whole file.
    pub(crate) fn new(
        file: &str,
        text: &str,
        span: Option<Range<usize>>,
        complaint: Complaint,
    ) -> Self {
        let span = span.map(|span| first_line(text, span));
        let start = span.as_ref().map_or(0, |span| span.start);
        let (line, column) = line_and_column(text, start);
        Self {
            report: report(file, text, span, &complaint),
            file: file.to_owned(),
            line,
            column,
            message: complaint.message,
        }
    }

    /// The file, as it was named by who read it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, from 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column, in characters from 1.
    pub const fn column(&self) -> usize {
        self.column
    }

    /// What is wrong, on one line.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report)
    }
}

impl std::error::Error for ScenarioError {}

/// What is wrong, and what to do about it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Complaint {
    message: String,
    help: Option<String>,
}

impl Complaint {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// A name that does not exist, and the names that do.
    pub(crate) fn unknown(what: &str, name: &str, known: &[&str]) -> Self {
        let complaint = Self::new(format!("there is no {what} `{name}`"));
        match did_you_mean(name, known) {
            Some(near) => complaint.help(format!("did you mean {near}?")),
            None => complaint.help(format!("these are known: {}", known.join(", "))),
        }
    }
}

/// Names shown of those that are near.
const NEAR_MAX: usize = 3;

/// How near a name must be.
const NEAR_MIN: f64 = 0.6;

/// The known names that are near an unknown one, nearest first, in backquotes.
pub(crate) fn did_you_mean(name: &str, known: &[&str]) -> Option<String> {
    let mut near: Vec<(f64, &str)> = known
        .iter()
        .map(|&candidate| {
            (
                strsim::normalized_damerau_levenshtein(name, candidate),
                candidate,
            )
        })
        .filter(|&(likeness, _)| likeness >= NEAR_MIN)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let names: Vec<String> = near
        .iter()
        .take(NEAR_MAX)
        .map(|(_, name)| format!("`{name}`"))
        .collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

/// The part of a span that lies on its first line, so that a report never shows a whole file.
fn first_line(text: &str, span: Range<usize>) -> Range<usize> {
    let start = floor(text, span.start);
    let end = floor(text, span.end).max(start);
    let line = &text[start..end];
    let len = line.find(['\r', '\n']).unwrap_or(line.len());
    start..start + len
}

fn floor(text: &str, mut index: usize) -> usize {
    index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before[start..].chars().count() + 1)
}

fn report(file: &str, text: &str, span: Option<Range<usize>>, complaint: &Complaint) -> String {
    let mut group = Level::ERROR
        .primary_title(complaint.message.as_str())
        .elements(span.is_none().then(|| Origin::path(file)));
    if let Some(span) = span {
        group = group.element(
            Snippet::source(text)
                .path(file)
                .annotation(AnnotationKind::Primary.span(span)),
        );
    }
    if let Some(help) = &complaint.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    Renderer::plain().render(&[group])
}
