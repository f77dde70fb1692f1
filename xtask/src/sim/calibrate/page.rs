//! What all sections have in common: rows, each of which holds or not, and a last line.

use std::fmt::Write;
use std::io;

use crate::exit::{Ending, Exit};
use crate::output::{BAD, GOOD, LABEL, Output};
use crate::report::jsonl;
use crate::sim::options::Format;
use crate::stopwatch::Stopwatch;
use crate::text::counted;

/// Version of the format, in the last line.
const SCHEMA: u32 = 1;

/// Width of the column of names.
pub(super) const NAME_WIDTH: usize = 50;

/// A known answer and what came of it.
pub(super) trait Row {
    /// Whether it holds: passed, vacuous or violated.
    fn ending(&self) -> Ending;
    /// A line of a table, and below it what is wrong, or everything.
    fn human(&self, verbose: bool) -> String;
    /// A line for each disk or model.
    fn jsonl(&self) -> String;
}

/// The page, and what was printed of it so far.
pub(super) struct Page<'a> {
    output: Output,
    format: Format,
    verbose: bool,
    filters: &'a [String],
    stopwatch: Stopwatch,
    /// How each row has ended.
    rows: Vec<Ending>,
}

impl<'a> Page<'a> {
    pub(super) fn new(
        output: Output,
        format: Format,
        verbose: bool,
        filters: &'a [String],
    ) -> Self {
        Self {
            output,
            format,
            verbose,
            filters,
            stopwatch: Stopwatch::start(),
            rows: Vec::new(),
        }
    }

    /// Whether the row of this name is asked for.
    pub(super) fn is_wanted(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter))
    }

    /// Prints the first lines of a section: what it is about, and the names of its columns.
    pub(super) fn title(&mut self, title: &str, about: &str, columns: &[String]) -> io::Result<()> {
        if self.format == Format::Jsonl {
            return Ok(());
        }
        let gap = if self.rows.is_empty() { "" } else { "\n" };
        self.output
            .write(&format!("{gap}{}", heading(title, about, columns)))
    }

    /// Prints a row.
    pub(super) fn row(&mut self, row: &dyn Row) -> io::Result<()> {
        self.rows.push(row.ending());
        self.output.write(&match self.format {
            Format::Human => row.human(self.verbose),
            Format::Jsonl => row.jsonl(),
        })
    }

    /// Whether no row was printed.
    pub(super) const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Prints the last line.
    pub(super) fn finish(mut self) -> anyhow::Result<Exit> {
        let seconds = self.stopwatch.elapsed().as_secs_f64();
        self.output.write(&match self.format {
            Format::Human => human_summary(&self.rows, seconds),
            Format::Jsonl => jsonl_summary(&self.rows),
        })?;
        Ok(ending(&self.rows).exit())
    }
}

pub(super) fn heading(title: &str, about: &str, columns: &[String]) -> String {
    let mut text = format!("{LABEL}{title}{LABEL:#}: {about}\n{:NAME_WIDTH$}", "");
    for column in columns {
        add(&mut text, &format!("  {column}"));
    }
    text.push('\n');
    text
}

/// A line of a table: a name, a cell below each column, and whether it holds. Cells stay below their columns: a name that is wider than
/// its column has a line of its own.
pub(super) fn line(name: &str, cells: &[String], columns: &[String], ending: Ending) -> String {
    let width = NAME_WIDTH - 2;
    let mut text = if name.chars().count() > width {
        format!("  {name}\n{:NAME_WIDTH$}", "")
    } else {
        format!("  {name:<width$}")
    };
    for (cell, column) in cells.iter().zip(columns) {
        add(
            &mut text,
            &format!("  {cell:>width$}", width = column.chars().count()),
        );
    }
    let (style, word) = match ending {
        Ending::Passed => (GOOD, "ok"),
        Ending::Vacuous => (BAD, "VACUOUS"),
        _ => (BAD, "FAILED"),
    };
    add(&mut text, &format!("  {style}{word}{style:#}\n"));
    text
}

/// Adds to a text.
pub(super) fn add(text: &mut String, more: &str) {
    text.write_str(more).expect("a String takes everything");
}

fn ending(rows: &[Ending]) -> Ending {
    rows.iter().copied().max().unwrap_or(Ending::Passed)
}

fn count(rows: &[Ending], ending: Ending) -> u64 {
    rows.iter().filter(|&&it| it == ending).count() as u64
}

fn human_summary(rows: &[Ending], seconds: f64) -> String {
    let ending = ending(rows);
    let style = if ending == Ending::Passed { GOOD } else { BAD };
    format!(
        "{style}{:>12}{style:#} [{seconds:>7.1}s] {}: {} as expected, {} not, {} vacuous\n{LABEL}{:>12}{LABEL:#} {}\n",
        "Summary",
        counted(rows.len() as u64, "known answer"),
        count(rows, Ending::Passed),
        count(rows, Ending::Violated),
        count(rows, Ending::Vacuous),
        "Verdict",
        ending.name(),
    )
}

fn jsonl_summary(rows: &[Ending]) -> String {
    jsonl::line(&serde_json::json!({
        "type": "calibration-summary",
        "schema": SCHEMA,
        "verdict": ending(rows).name(),
        "rows": rows.len(),
        "failed": count(rows, Ending::Violated),
        "vacuous": count(rows, Ending::Vacuous),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_name_leaves_the_cells_below_their_columns() {
        let columns = ["seen".to_owned(), "unseen".to_owned()];
        let cells = ["12".to_owned(), "3".to_owned()];
        let plain = |text: &str| anstream::adapter::strip_str(text).to_string();
        let of = |name: &str| plain(&line(name, &cells, &columns, Ending::Passed));
        let (short, wide) = (of("xfs"), of(&"w".repeat(NAME_WIDTH)));
        let (name, rest) = wide
            .split_once('\n')
            .expect("the name has a line of its own");
        assert_eq!(name.trim_start(), "w".repeat(NAME_WIDTH));
        assert_eq!(rest, short.replace("xfs", "   "));
    }

    #[test]
    fn the_last_line_counts_what_does_not_hold() {
        let rows = [Ending::Passed, Ending::Vacuous, Ending::Violated];
        let plain =
            |rows: &[Ending]| anstream::adapter::strip_str(&human_summary(rows, 1.25)).to_string();
        let text = plain(&rows) + &jsonl_summary(&rows) + &plain(&rows[..1]);
        insta::assert_snapshot!("calibrate_summary", text);
        assert_eq!(ending(&rows).exit(), Exit::Violated);
        assert_eq!(ending(&rows[..2]).exit(), Exit::Vacuous);
        assert_eq!(ending(&rows[..1]).exit(), Exit::Held);
    }
}
