//! Every store in turn, on the same directory.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use serde::Serialize;

use super::StoreBench;
use super::contestants::{CONTESTANTS, Contestant, Open};
use crate::bench::rate::per_second;
use crate::exit::Exit;
use crate::output::{LABEL, Output};
use crate::report::jsonl::line;
use crate::sim::options::Format;
use crate::stopwatch::Stopwatch;
use crate::text::grouped;

/// Bytes of each value; keys have twelve.
const VALUE_LEN: usize = 100;

/// One store with one number of writers.
#[derive(Serialize)]
struct Rate {
    store: &'static str,
    settings: &'static str,
    writers: u32,
    commits_per_second: f64,
    /// To the raw loop with one writer.
    ratio: f64,
}

/// The line of a machine.
#[derive(Serialize)]
struct StoreLine<'a> {
    r#type: &'static str,
    schema: u32,
    value_bytes: usize,
    seconds: u32,
    repetitions: u32,
    rates: &'a [Rate],
}

impl StoreBench {
    /// Measures and prints.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.printing.color);
        let mut measured: BTreeMap<(usize, u32), Vec<f64>> = BTreeMap::new();
        // Each repetition has all stores, so that a disk that slows down does so for all of them.
        for _ in 0..self.repetitions.get() {
            for (index, contestant) in CONTESTANTS.iter().enumerate() {
                for &writers in &self.writers {
                    let rate = self
                        .measure(contestant, writers)
                        .with_context(|| format!("cannot measure {}", contestant.name))?;
                    measured.entry((index, writers)).or_default().push(rate);
                }
            }
        }
        let rates = rates(measured)?;
        let line = StoreLine {
            r#type: "bench-store",
            schema: 1,
            value_bytes: VALUE_LEN,
            seconds: self.seconds,
            repetitions: self.repetitions.get(),
            rates: &rates,
        };
        let text = match self.printing.format {
            Format::Human => human(&line),
            Format::Jsonl => self::line(&line),
        };
        output.write(&text)?;
        Ok(Exit::Held)
    }

    /// Commits per second of a new store.
    fn measure(&self, contestant: &Contestant, writers: u32) -> anyhow::Result<f64> {
        let dir = tempfile::Builder::new()
            .prefix("bench-store-")
            .tempdir_in(&self.directory)
            .with_context(|| format!("cannot write to `{}`", self.directory.display()))?;
        let store = (contestant.open)(dir.path())?;
        // The first commits make the files.
        store.commit(b"first", b"")?;
        let time = Duration::from_secs(u64::from(self.seconds));
        let stopwatch = Stopwatch::start();
        let counts = write_for(&*store, writers, || stopwatch.elapsed() >= time)?;
        let rate = per_second(counts.iter().sum(), stopwatch.elapsed());
        check(contestant, dir.path(), store, &counts)?;
        Ok(rate)
    }
}

/// Lets each writer commit until it is over; returns how many commits each made.
fn write_for(
    store: &dyn Open,
    writers: u32,
    is_over: impl Fn() -> bool + Sync,
) -> anyhow::Result<Vec<u64>> {
    let failed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (failed, is_over) = (&failed, &is_over);
        let threads: Vec<_> = (0..writers)
            .map(|writer| {
                scope.spawn(move || -> anyhow::Result<u64> {
                    let mut count = 0;
                    while !is_over() && !failed.load(Ordering::Relaxed) {
                        let done = store.commit(&key(writer, count), &[b'v'; VALUE_LEN]);
                        if done.is_err() {
                            failed.store(true, Ordering::Relaxed);
                        }
                        done?;
                        count += 1;
                    }
                    Ok(count)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("a writer panicked"))?)
            .collect()
    })
}

fn key(writer: u32, count: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&writer.to_be_bytes());
    key[4..].copy_from_slice(&count.to_be_bytes());
    key
}

/// A store that does not have what it acknowledged was not measured.
fn check(
    contestant: &Contestant,
    dir: &Path,
    store: Box<dyn Open>,
    counts: &[u64],
) -> anyhow::Result<()> {
    drop(store);
    let store = (contestant.open)(dir)?;
    for (writer, &count) in counts.iter().enumerate() {
        let Some(last) = count.checked_sub(1) else {
            continue;
        };
        ensure!(
            store.holds(&key(u32::try_from(writer)?, last))?,
            "commit {last} of writer {writer} is missing after reopening"
        );
    }
    Ok(())
}

fn rates(measured: BTreeMap<(usize, u32), Vec<f64>>) -> anyhow::Result<Vec<Rate>> {
    let mut rates: Vec<Rate> = measured
        .into_iter()
        .map(|((index, writers), mut rates)| {
            rates.sort_unstable_by(f64::total_cmp);
            Rate {
                store: CONTESTANTS[index].name,
                settings: CONTESTANTS[index].settings,
                writers,
                commits_per_second: rates[rates.len() / 2],
                ratio: 0.0,
            }
        })
        .collect();
    let raw = rates
        .first()
        .context("nothing was measured")?
        .commits_per_second;
    for rate in &mut rates {
        rate.ratio = (rate.commits_per_second / raw * 100.0).round() / 100.0;
    }
    Ok(rates)
}

fn human(bench: &StoreLine<'_>) -> String {
    let mut text = format!(
        "{LABEL}{:>12}{LABEL:#} durable commits of {} bytes, {} s each, median of {}\n",
        "Stores", bench.value_bytes, bench.seconds, bench.repetitions,
    );
    for rate in bench.rates {
        let writers = match rate.writers {
            1 => "1 writer".to_owned(),
            several => format!("{several} writers"),
        };
        writeln!(
            text,
            "{LABEL}{:>12}{LABEL:#} {:<10} {:>9} commits/s · x{:<6.2} {}",
            rate.store,
            writers,
            grouped(rate.commits_per_second as u64),
            rate.ratio,
            rate.settings,
        )
        .expect("a String takes everything");
    }
    text
}
