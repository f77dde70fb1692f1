//! `cargo xtask bench sqlite`: runs per second of the real SQLite on the simulated disk, with and without a crash.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use anyhow::{Context, Error, anyhow, ensure};
use clap::Args;
use plimsoll_faults::crash::{Bounds, CrashState, Frontier};
use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::host::Host;
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::sut::{Instance, Sut};
use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::exit::Exit;
use crate::output::{LABEL, Output};
use crate::report::jsonl::line;
use crate::sim::options::{Format, Printing, Repetitions};
use crate::stopwatch::Stopwatch;
use crate::text::grouped;

/// The modes in which a commit survives a power loss.
const SUTS: [&str; 2] = ["sqlite-wal-full", "sqlite-delete-extra"];
const DISK: &str = "posix-minimal";

/// Commits of a run, and bytes of each value.
const COMMITS: usize = 10;
const VALUE_LEN: usize = 64;

/// Measure the real SQLite on the simulated disk, on one thread.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask bench sqlite
  cargo xtask bench sqlite --runs=20000 --format=jsonl",
    after_help = "A clean run opens a new database, commits ten times and closes it. A crash run does the same, loses power at a random
operation with a random choice of what reached the disk, opens the database again, which rolls back or forward
and runs the integrity check, and reads it all. A recovery is the part of it after the power loss."
)]
pub(crate) struct Sqlite {
    /// Runs of each kind in each mode, per repetition
    #[arg(long, value_name = "COUNT", default_value = "2000", value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Measured repetitions, after one that is not measured; the median is reported
    #[arg(long, value_name = "COUNT", default_value = "5")]
    repetitions: Repetitions,
    #[command(flatten)]
    printing: Printing,
}

/// What one mode does in a second.
#[derive(Serialize)]
struct Measured {
    sut: &'static str,
    clean_runs_per_second: f64,
    crash_runs_per_second: f64,
    recoveries_per_second: f64,
    /// Crash runs after which commits were missing that had not been acknowledged.
    partial: u32,
}

/// The line of a machine.
#[derive(Serialize)]
struct SqliteLine<'a> {
    r#type: &'static str,
    schema: u32,
    disk: &'static str,
    commits: usize,
    runs: u32,
    repetitions: u32,
    modes: &'a [Measured],
}

/// A workload that was run: what it did to the disk, and how much was acknowledged when.
struct Recorded {
    log: Vec<Entry>,
    /// Length of the log at each acknowledgement.
    acked_at: Vec<usize>,
}

/// What a power loss has left.
struct Crashed {
    image: Image,
    acked: usize,
}

impl Sqlite {
    /// Measures and prints.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.printing.color);
        let catalogue = Catalogue::load();
        let profile = Profile::named(DISK).context("the profile does not ship")?;
        let mut modes = Vec::new();
        for name in SUTS {
            let sut = catalogue.sut(name).map_err(Error::msg)?;
            modes.push(self.measure(name, &*sut, &profile)?);
        }
        let line = SqliteLine {
            r#type: "bench-sqlite",
            schema: 1,
            disk: DISK,
            commits: COMMITS,
            runs: self.runs,
            repetitions: self.repetitions.get(),
            modes: &modes,
        };
        let text = match self.printing.format {
            Format::Human => human(&line),
            Format::Jsonl => self::line(&line),
        };
        output.write(&text)?;
        Ok(Exit::Held)
    }

    fn measure(
        &self,
        name: &'static str,
        sut: &dyn Sut,
        profile: &Arc<Profile>,
    ) -> anyhow::Result<Measured> {
        let workload = workload();
        let clean_runs = self.rate(|_| {
            let recorded = record(sut, &workload)?;
            ensure!(recorded.acked_at.len() == COMMITS, "a commit is missing");
            Ok(())
        })?;
        let mut partial = 0;
        let crash_runs = self.rate(|rng| {
            let crashed = crash(&record(sut, &workload)?, profile, rng);
            let found = recover(sut, &crashed)?;
            partial += u32::from(found < COMMITS);
            Ok(())
        })?;
        let mut rng = Rng::stream(0, "images to recover");
        let crashed = (0..self.runs.min(1_000))
            .map(|_| Ok(crash(&record(sut, &workload)?, profile, &mut rng)))
            .collect::<anyhow::Result<Vec<Crashed>>>()?;
        let mut next = crashed.iter().cycle();
        let recoveries = self.rate(|_| {
            let crashed = next.next().context("there are images")?;
            recover(sut, crashed).map(drop)
        })?;
        Ok(Measured {
            sut: name,
            clean_runs_per_second: clean_runs,
            crash_runs_per_second: crash_runs,
            recoveries_per_second: recoveries,
            partial,
        })
    }

    /// Runs per second, in the median.
    fn rate(&self, mut run: impl FnMut(&mut Rng) -> anyhow::Result<()>) -> anyhow::Result<f64> {
        let mut times = Vec::new();
        for repetition in 0..=self.repetitions.get() {
            let mut rng = Rng::stream(u64::from(repetition), "crashes");
            let stopwatch = Stopwatch::start();
            for _ in 0..self.runs {
                run(&mut rng)?;
            }
            times.push(stopwatch.elapsed());
        }
        // The first is there to warm up.
        let times = &mut times[1..];
        times.sort_unstable();
        let median = times[times.len() / 2];
        Ok((f64::from(self.runs) / median.as_secs_f64()).round())
    }
}

/// Ten commits, each of a key of its own.
fn workload() -> Vec<Command> {
    (0..COMMITS)
        .map(|number| {
            Command::Write(Mutation::Put {
                key: format!("k{number}").into_bytes(),
                value: vec![b'v'; VALUE_LEN],
            })
        })
        .collect()
}

fn open(sut: &dyn Sut, disk: &SimFs) -> anyhow::Result<Box<dyn Instance>> {
    let host = Host::new(Arc::new(disk.clone()), Arc::new(SimClock::default()));
    sut.open(&host)
        .map_err(|error| anyhow!("{} did not open: {error}", sut.name()))
}

/// Runs the workload on a new disk and closes the store.
fn record(sut: &dyn Sut, workload: &[Command]) -> anyhow::Result<Recorded> {
    let disk = SimFs::new(Image::new());
    let mut instance = open(sut, &disk)?;
    let mut acked_at = Vec::with_capacity(workload.len());
    for command in workload {
        instance.apply(command)?;
        acked_at.push(disk.log_len());
    }
    instance.close()?;
    Ok(Recorded {
        log: disk.take_log(),
        acked_at,
    })
}

/// Cuts the power at a random operation.
fn crash(recorded: &Recorded, profile: &Arc<Profile>, rng: &mut Rng) -> Crashed {
    let position = rng.below(recorded.log.len() as u64 + 1) as usize;
    let log = &recorded.log[..position];
    let mut frontier = Frontier::at_end(Image::new(), Arc::clone(profile), log);
    let state = choose(&frontier, rng);
    Crashed {
        image: frontier.image(state),
        acked: recorded
            .acked_at
            .iter()
            .filter(|&&acked_at| acked_at <= position)
            .count(),
    }
}

/// One of the states that are legal there.
fn choose(frontier: &Frontier, rng: &mut Rng) -> CrashState {
    let bounds = Bounds {
        exhaustive: 8,
        samples: 4,
    };
    let mut states = Vec::new();
    frontier.states(bounds, rng, &mut states);
    states[rng.below(states.len() as u64) as usize]
}

/// Opens the store on what is left, holds it to what was acknowledged, and says how many commits it has.
fn recover(sut: &dyn Sut, crashed: &Crashed) -> anyhow::Result<usize> {
    let disk = SimFs::new(crashed.image.clone());
    let mut instance = open(sut, &disk)?;
    let mut keys = BTreeSet::new();
    instance
        .dump(&mut |key, _| {
            keys.insert(key.to_vec());
        })
        .map_err(Error::msg)?;
    disk.fence();
    ensure!(
        keys.len() >= crashed.acked,
        "{} has lost an acknowledged commit",
        sut.name()
    );
    Ok(keys.len())
}

fn human(sqlite: &SqliteLine<'_>) -> String {
    let mut text = format!(
        "{LABEL}{:>12}{LABEL:#} {} commits on {}, one thread, {} runs, median of {}\n",
        "SQLite",
        sqlite.commits,
        sqlite.disk,
        grouped(u64::from(sqlite.runs)),
        sqlite.repetitions,
    );
    for mode in sqlite.modes {
        writeln!(
            text,
            "{LABEL}{:>12}{LABEL:#} {:<20} {} clean runs/s · {} crash runs/s · {} recoveries/s",
            "Rates",
            mode.sut,
            grouped(mode.clean_runs_per_second as u64),
            grouped(mode.crash_runs_per_second as u64),
            grouped(mode.recoveries_per_second as u64),
        )
        .expect("a String takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crashes_are_recovered_and_some_cut_the_workload_short() {
        let catalogue = Catalogue::load();
        let profile = Profile::named(DISK).expect("it ships");
        for name in SUTS {
            let sut = catalogue.sut(name).expect("it ships");
            let recorded = record(&*sut, &workload()).expect("a run without faults");
            let mut rng = Rng::stream(0, "test");
            let found: BTreeSet<usize> = (0..100)
                .map(|_| {
                    recover(&*sut, &crash(&recorded, &profile, &mut rng)).expect("it recovers")
                })
                .collect();
            assert!(found.len() > 5, "{name}: {found:?}");
        }
    }
}
