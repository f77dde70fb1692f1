//! The pieces that text for people is made of.

use std::fmt::{self, Write};

use crate::output::{FAINT, LABEL};
use crate::text::grouped;

/// Lines of a trace, or of a list of files, that a run shows; `repro` shows all.
const LINES_MAX: usize = 30;

/// How much of a witness is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// The last lines of each list.
    Short,
    /// Everything.
    Full,
}

/// A line of the frame around the findings.
pub(super) fn labelled(text: &mut String, label: &str, value: &str) {
    text.add(format_args!("{LABEL}{label:>12}{LABEL:#} {value}\n"));
}

/// `name: value`, with later lines of the value below its first.
pub(super) fn field(text: &mut String, name: &str, value: &str) {
    text.add(format_args!(
        "  {LABEL}{name}:{LABEL:#} {}\n",
        indented(value)
    ));
}

pub(super) fn indented(value: &str) -> String {
    value.trim_end().replace('\n', "\n      ")
}

/// The trace, whose lines have numbers of their own; what leads up to its end is what matters.
pub(super) fn trace(text: &mut String, lines: &[String], detail: Detail) {
    text.add(format_args!("  {LABEL}trace:{LABEL:#}\n"));
    let skipped = skipped(lines, detail);
    if skipped > 0 {
        let count = grouped(skipped as u64);
        text.add(format_args!("      {FAINT}… {count} earlier{FAINT:#}\n"));
    }
    for line in &lines[skipped..] {
        text.add(format_args!("      {}\n", indented(line)));
    }
}

/// A list; nothing at all when there are none.
pub(super) fn bullets(text: &mut String, name: &str, lines: &[String], detail: Detail) {
    if lines.is_empty() {
        return;
    }
    text.add(format_args!("  {LABEL}{name}:{LABEL:#}\n"));
    let skipped = skipped(lines, detail);
    for line in &lines[..lines.len() - skipped] {
        text.add(format_args!("      {}\n", indented(line)));
    }
    if skipped > 0 {
        text.add(format_args!(
            "      {FAINT}… {} more{FAINT:#}\n",
            grouped(skipped as u64)
        ));
    }
}

pub(super) fn skipped(lines: &[String], detail: Detail) -> usize {
    match detail {
        Detail::Short => lines.len().saturating_sub(LINES_MAX),
        Detail::Full => 0,
    }
}

/// Formatting into a `String` cannot fail, and saying so at every line would hide the lines.
pub(super) trait Add {
    fn add(&mut self, arguments: fmt::Arguments<'_>);
}

impl Add for String {
    fn add(&mut self, arguments: fmt::Arguments<'_>) {
        self.write_fmt(arguments)
            .expect("a String takes everything");
    }
}
