//! `cargo xtask bench sweep`: states and recoveries per second, and whether a sweep grows with its workload and no faster.

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use plimsoll_sim::explore;
use plimsoll_sim::report::{CaseReport, Verdict};
use serde::Serialize;

use crate::bench::rate::{middle, per_second};
use crate::bench::subject::{DISK, SYNCING, case};
use crate::catalogue::Catalogue;
use crate::exit::Exit;
use crate::output::{LABEL, Output, note};
use crate::report::jsonl::{line, milliseconds};
use crate::sim::options::{Format, Printing, Repetitions};
use crate::stopwatch::Stopwatch;
use crate::text::grouped;

/// Commands of the sweep whose rates are reported: twenty puts and two snapshots.
const COMMANDS_RATED: usize = 22;

/// Commands of the sweeps that are compared.
const COMMANDS_COMPARED: &str = "100,1000,10000";

/// Sweeps of more commands than these run once.
const COMMANDS_REPEATED_MAX: usize = 1_000;

/// Measure a sweep over every crash point of the reference, on one thread.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask bench sweep
  cargo xtask bench sweep --repetitions=9 --format=jsonl",
    after_help = "The workload is put 1 to put 10 over 8 keys, with values of 64 bytes, then a snapshot, again and again.

Everything is in each figure: recording the run, generating and canonicalising states, recovering each image that is new, crashing
that recovery at each of its operations, and holding all of it to the oracles. States and recoveries are counted over the same
time, so that each rate bears the cost of the other; `bench states` and `bench recoveries` measure them apart."
)]
pub(crate) struct Sweep {
    /// Measured repetitions of each sweep, after one that is not measured; the median is reported. The largest sweep takes
    /// minutes: it runs once, on the warmth of those before it
    #[arg(long, value_name = "COUNT", default_value = "5")]
    repetitions: Repetitions,
    /// Commands of the sweeps that are compared, separated by commas
    #[arg(long, value_name = "COUNT", value_delimiter = ',', default_value = COMMANDS_COMPARED)]
    commands: Vec<NonZeroUsize>,
    #[command(flatten)]
    printing: Printing,
}

/// A sweep and its median time.
#[derive(Clone, Copy, Serialize)]
struct Measured {
    commands: usize,
    crash_points: u64,
    states_generated: u64,
    states_unique: u64,
    recoveries: u64,
    seconds: f64,
}

/// The line of a machine.
#[derive(Serialize)]
struct SweepLine<'a> {
    r#type: &'static str,
    schema: u32,
    sut: &'static str,
    disk: &'static str,
    repetitions: u32,
    states_per_second: f64,
    recoveries_per_second: f64,
    /// First recoveries of an image alone.
    unique_recoveries_per_second: f64,
    rated: Measured,
    sweeps: &'a [Measured],
    /// Time per command of each sweep, relative to the first.
    ratios: Vec<f64>,
    /// Peak resident memory of the process, up to the end of the largest sweep.
    peak_rss_bytes: Option<u64>,
}

impl Sweep {
    /// Measures and prints.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.printing.color);
        let catalogue = Catalogue::load();
        let repetitions = self.repetitions.get();
        let rated = measure(&catalogue, COMMANDS_RATED, repetitions)?;
        let rate = |count| per_second(count, Duration::from_secs_f64(rated.seconds));
        let mut sweeps = Vec::new();
        for commands in self.commands.iter().map(|commands| commands.get()) {
            note(&format!(
                "{:>12} {} commands",
                "Sweeping",
                grouped(commands as u64)
            ));
            sweeps.push(measure(&catalogue, commands, repetitions)?);
        }
        let per_command = |one: &Measured| one.seconds / one.commands as f64;
        let line = SweepLine {
            r#type: "bench-sweep",
            schema: 1,
            sut: SYNCING,
            disk: DISK,
            repetitions,
            states_per_second: rate(rated.states_generated),
            recoveries_per_second: rate(rated.recoveries),
            unique_recoveries_per_second: rate(rated.states_unique),
            rated,
            ratios: sweeps
                .iter()
                .map(|one| milliseconds(per_command(one) / per_command(&sweeps[0])))
                .collect(),
            sweeps: &sweeps,
            peak_rss_bytes: peak_rss_bytes(),
        };
        let text = match self.printing.format {
            Format::Human => human(&line),
            Format::Jsonl => self::line(&line),
        };
        output.write(&text)?;
        Ok(Exit::Held)
    }
}

fn measure(catalogue: &Catalogue, commands: usize, repetitions: u32) -> anyhow::Result<Measured> {
    let case = case(catalogue, SYNCING, commands)?;
    let timed = || {
        let stopwatch = Stopwatch::start();
        let report = explore::run(&case);
        (report, stopwatch.elapsed())
    };
    let (report, first) = timed();
    check(&report)?;
    let mut times = vec![first];
    if commands <= COMMANDS_REPEATED_MAX {
        times.clear();
        for _ in 0..repetitions {
            let (again, elapsed) = timed();
            ensure!(again == report, "two equal sweeps differed");
            times.push(elapsed);
        }
    }
    let counters = report.counters;
    Ok(Measured {
        commands,
        crash_points: counters.crash_points,
        states_generated: counters.states_generated,
        states_unique: counters.states_unique,
        recoveries: counters.recoveries,
        seconds: middle(&mut times).as_secs_f64(),
    })
}

/// The speed of a sweep that found something, or gave up, is not the speed that was asked for.
fn check(report: &CaseReport) -> anyhow::Result<()> {
    ensure!(
        report.verdict == Verdict::Passed,
        "the sweep ended with the verdict `{}`: {}",
        report.verdict,
        report.reason.as_deref().unwrap_or("no reason given")
    );
    Ok(())
}

/// The high-water mark of resident memory, where the system keeps one.
fn peak_rss_bytes() -> Option<u64> {
    parse_peak_rss(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn parse_peak_rss(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn human(sweep: &SweepLine<'_>) -> String {
    let rated = &sweep.rated;
    let mut text = format!(
        "{LABEL}{:>12}{LABEL:#} {} on {}, one thread, median of {}
{LABEL}{:>12}{LABEL:#} {} states/s generated · {} recoveries/s, of them {} of new images ({} commands: {} states, {} recoveries of {} images in {:.4} s)
",
        "Sweep",
        sweep.sut,
        sweep.disk,
        sweep.repetitions,
        "Rates",
        grouped(sweep.states_per_second as u64),
        grouped(sweep.recoveries_per_second as u64),
        grouped(sweep.unique_recoveries_per_second as u64),
        rated.commands,
        grouped(rated.states_generated),
        grouped(rated.recoveries),
        grouped(rated.states_unique),
        rated.seconds,
    );
    for (one, ratio) in sweep.sweeps.iter().zip(&sweep.ratios) {
        writeln!(
            text,
            "{LABEL}{:>12}{LABEL:#} {:>9.3} s · {:>9.1} µs a command (x{ratio:.2}) · {} crash points, {} states, {} recoveries",
            format!("{} cmds", grouped(one.commands as u64)),
            one.seconds,
            one.seconds * 1e6 / one.commands as f64,
            grouped(one.crash_points),
            grouped(one.states_generated),
            grouped(one.recoveries),
        )
        .expect("a String takes everything");
    }
    let peak = sweep.peak_rss_bytes.map_or("unknown".to_owned(), |bytes| {
        format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
    });
    writeln!(text, "{LABEL}{:>12}{LABEL:#} {peak}", "Peak memory")
        .expect("a String takes everything");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_memory_is_read_from_the_status_of_the_process() {
        let status = "Name:\txtask\nVmPeak:\t  9000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(parse_peak_rss(status), Some(2 << 20));
        assert_eq!(parse_peak_rss("Name:\txtask\n"), None);
    }
}
