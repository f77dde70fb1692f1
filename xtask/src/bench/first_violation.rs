//! `cargo xtask bench first-violation`: how long each planted bug stays hidden.

use std::fmt::Write;
use std::time::Duration;

use anyhow::{Context, Error, ensure};
use clap::Args;
use plimsoll_sim::case::{Case, Expect};
use plimsoll_sim::explore::{self, FirstViolation};
use serde::Serialize;

use crate::bench::rate::{median, middle};
use crate::catalogue::Catalogue;
use crate::exit::Exit;
use crate::output::{LABEL, Output};
use crate::panics;
use crate::report::jsonl::line;
use crate::sim::options::{Format, Printing, Repetitions};
use crate::text::{counted, grouped};

/// Measure the time to the first violation of every planted bug, on one thread
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask bench first-violation
  cargo xtask bench first-violation --format=jsonl",
    after_help = "A planted bug is a case of the catalogue that expects a violation. The time is from the start of the run to the first violation
found: recording, sweeping and recovering, but not shrinking and explaining. A first pass looks at few states of each crash point and
crashes no recovery; a second one, for bugs that hide from it, looks at everything."
)]
pub(crate) struct FirstViolations {
    /// Measured repetitions of each case, after one that is not measured; the median is reported
    #[arg(long, value_name = "COUNT", default_value = "5")]
    repetitions: Repetitions,
    #[command(flatten)]
    printing: Printing,
}

/// A planted bug that was found.
#[derive(Serialize)]
struct BugLine {
    r#type: &'static str,
    id: String,
    oracle: &'static str,
    states_generated: u64,
    recoveries: u64,
    milliseconds: f64,
}

/// All of them.
#[derive(Serialize)]
struct SummaryLine {
    r#type: &'static str,
    schema: u32,
    repetitions: u32,
    bugs: usize,
    median_milliseconds: f64,
    slowest_id: String,
    slowest_milliseconds: f64,
}

impl FirstViolations {
    /// Measures and prints.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.printing.color);
        let catalogue = Catalogue::load();
        let repetitions = self.repetitions.get();
        let bugs = catalogue
            .scenarios()
            .iter()
            .flat_map(|entry| &entry.cases)
            .filter(|case| case.expect != Expect::Pass);
        let mut lines = Vec::new();
        let mut times = Vec::new();
        for case in bugs {
            // A planted bug may panic, which is caught, and would be printed all the same.
            let (found, time) =
                panics::catch(|| median(repetitions, || explore::first_violation(case)))
                    .map_err(Error::msg)?;
            lines.push(bug(case, found, time)?);
            times.push(time);
        }
        let slowest = lines
            .iter()
            .max_by(|a, b| a.milliseconds.total_cmp(&b.milliseconds))
            .context("no case of the catalogue expects a violation")?;
        let summary = SummaryLine {
            r#type: "bench-first-violation",
            schema: 1,
            repetitions,
            bugs: lines.len(),
            median_milliseconds: in_milliseconds(middle(&mut times)),
            slowest_id: slowest.id.clone(),
            slowest_milliseconds: slowest.milliseconds,
        };
        let text = match self.printing.format {
            Format::Human => human(&lines, &summary),
            Format::Jsonl => lines
                .iter()
                .map(line)
                .chain(std::iter::once(line(&summary)))
                .collect(),
        };
        output.write(&text)?;
        Ok(Exit::Held)
    }
}

fn bug(case: &Case, found: FirstViolation, time: Duration) -> anyhow::Result<BugLine> {
    let oracle = found
        .oracle
        .with_context(|| format!("no violation of `{}` was found", case.id))?;
    ensure!(
        matches!(
            &case.expect,
            Expect::Violation(oracles) | Expect::Portability(oracles) if oracles.contains(&oracle)
        ),
        "`{}` violated {}, which nobody expects of it",
        case.id,
        oracle.name()
    );
    Ok(BugLine {
        r#type: "bench-bug",
        id: case.id.clone(),
        oracle: oracle.name(),
        states_generated: found.counters.states_generated,
        recoveries: found.counters.recoveries,
        milliseconds: in_milliseconds(time),
    })
}

/// Milliseconds without digits that mean nothing.
fn in_milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

fn human(lines: &[BugLine], summary: &SummaryLine) -> String {
    let mut text = String::new();
    for bug in lines {
        writeln!(
            text,
            "{:>9.3} ms · {:>7} states · {:>7} recoveries  {:<4} {}",
            bug.milliseconds,
            grouped(bug.states_generated),
            grouped(bug.recoveries),
            bug.oracle,
            bug.id,
        )
        .expect("a String takes everything");
    }
    writeln!(
        text,
        "{LABEL}{:>12}{LABEL:#} {:.3} ms to the first violation, over {} ({} each, one thread)
{LABEL}{:>12}{LABEL:#} {:.3} ms: {}",
        "Median",
        summary.median_milliseconds,
        counted(summary.bugs as u64, "planted bug"),
        counted(u64::from(summary.repetitions), "repetition"),
        "Slowest",
        summary.slowest_milliseconds,
        summary.slowest_id,
    )
    .expect("a String takes everything");
    text
}
