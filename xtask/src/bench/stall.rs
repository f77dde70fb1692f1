//! `cargo xtask bench stall`: what clients of a service notice while a snapshot stands still.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_reference::service::protocol::{Command, Request};
use plimsoll_sim::trial::history::{self, Life};
use plimsoll_sim::trial::script::{Ending, LifeScript, Script, Step};
use plimsoll_sim::world::{Action, Pace, Plan, Planned, Policy, When};
use serde::Serialize;

use crate::bench::ground::{ground, run_held};
use crate::exit::Exit;
use crate::output::{LABEL, Output};
use crate::report::jsonl::line;
use crate::sim::options::{Format, Printing, Repetitions};
use crate::text::grouped;

/// What is measured: a store in memory, whose snapshots go to a disk over a network.
const SYSTEM: &str = "service-memory";
const DISK: &str = "lustre-2.15";

/// What stands still, and for how long: an object target while the image is written, the metadata target while it gets its name.
const STALLS: [&str; 2] = [
    "fdatasync *.tmp #1 target 0 of 4 stripe 65536 stall 60s",
    "rename *.tmp #1 stall 60s",
];

/// The upper ends of the buckets of the histogram, in milliseconds of virtual time.
const BUCKETS: [u64; 7] = [1, 10, 100, 1_000, 10_000, 60_000, 120_000];

/// Reads and commits in memory stay below this.
const BOUND: Duration = Duration::from_millis(10);

/// Show how long reads, commits in memory and a snapshot take in virtual time while a rename or an object target stands still for 60 s
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask bench stall
  cargo xtask bench stall --format=jsonl",
    after_help = "It fails when a read or a commit in memory takes 10 ms or more, or when a snapshot is neither done nor reported as failed."
)]
pub(crate) struct StallBench {
    /// Worlds, each with a seed of its own
    #[arg(long, value_name = "COUNT", default_value = "200")]
    worlds: Repetitions,
    #[command(flatten)]
    printing: Printing,
}

/// Latencies of one kind of request.
#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    schema: u32,
    stall: &'static str,
    what: &'static str,
    requests: u64,
    /// Requests by bucket: below each of `buckets_ms` and not below the one before; the last is for all others.
    counts: [u64; BUCKETS.len() + 1],
    buckets_ms: [u64; BUCKETS.len()],
    longest_ms: f64,
}

impl Line {
    const fn new(stall: &'static str, what: &'static str) -> Self {
        Self {
            r#type: "bench-stall",
            schema: 2,
            stall,
            what,
            requests: 0,
            counts: [0; BUCKETS.len() + 1],
            buckets_ms: BUCKETS,
            longest_ms: 0.0,
        }
    }

    fn add(&mut self, took: Duration) {
        let bucket = BUCKETS
            .iter()
            .position(|&most| took < Duration::from_millis(most))
            .unwrap_or(BUCKETS.len());
        self.counts[bucket] += 1;
        self.requests += 1;
        self.longest_ms = self.longest_ms.max(took.as_secs_f64() * 1000.0);
    }
}

impl StallBench {
    /// Measures and prints.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut measured = Vec::new();
        for stall in STALLS {
            measured.push(self.measure(stall).with_context(|| stall)?);
        }
        let text: String = match self.printing.format {
            Format::Jsonl => measured.iter().flatten().map(line).collect(),
            Format::Human => measured.iter().map(human).collect(),
        };
        Output::new(self.printing.color).write(&text)?;
        let bound = BOUND.as_secs_f64() * 1000.0;
        let holds = measured
            .iter()
            .all(|[reads, commits, _]| reads.longest_ms < bound && commits.longest_ms < bound);
        Ok(if holds { Exit::Held } else { Exit::Violated })
    }

    /// The latencies in all worlds.
    fn measure(&self, stall: &'static str) -> anyhow::Result<[Line; 3]> {
        let ground = ground(SYSTEM, DISK)?;
        let script = script(stall)?;
        let mut lines = ["read", "commit in memory", "snapshot"].map(|what| Line::new(stall, what));
        for seed in 1..=u64::from(self.worlds.get()) {
            let outcome = run_held(&ground, &script, seed)?;
            let life = outcome.lives.first().context("a world without a life")?;
            take(life, &mut lines).with_context(|| format!("seed {seed}"))?;
        }
        ensure!(lines[2].longest_ms >= 60_000.0, "no snapshot met the stall");
        Ok(lines)
    }
}

/// Sorts the answers of a life.
fn take(life: &Life, [reads, commits, snapshots]: &mut [Line; 3]) -> anyhow::Result<()> {
    for asked in &life.requests {
        let line = match &asked.request {
            history::Request::Get(_) => &mut *reads,
            history::Request::Write(_) => &mut *commits,
            history::Request::Snapshot => &mut *snapshots,
            _ => continue,
        };
        let (at, _) = asked
            .answer
            .as_ref()
            .context("a request was not answered")?;
        line.add(at.now.saturating_sub(asked.at.now));
    }
    Ok(())
}

/// A snapshot that gets stuck, and reads and writes every 100 ms until it is long over.
fn script(stall: &str) -> anyhow::Result<Script> {
    let stall: FaultPlan = stall.parse().map_err(anyhow::Error::msg)?;
    let mut steps = Vec::new();
    for number in 0..900 {
        let line = match number % 2 {
            0 => format!("{number} put b0/k{} v{number}", number % 8),
            _ => format!("{number} get b0/k{}", number % 8),
        };
        let request: Request = line.parse()?;
        steps.push(Step::Ask(request.command));
        if number == 50 {
            steps.push(Step::Ask(Command::Snapshot));
        }
        steps.push(Step::Pause(Duration::from_millis(100)));
    }
    steps.push(Step::Settle);
    Ok(Script {
        lives: vec![LifeScript {
            early: false,
            outstanding: 16,
            steps,
            ending: Ending::Eof,
            settles: true,
        }],
        plan: Plan(vec![Planned {
            when: When::Step(0),
            action: Action::Fault(stall),
        }]),
        faults: FaultPlan::none(),
        pace: Pace::default(),
        policy: Policy::Walk,
    })
}

fn human(lines: &[Line; 3]) -> String {
    let mut text = format!(
        "{LABEL}{:>12}{LABEL:#} {SYSTEM} on {DISK}, `{}`; latencies in virtual time\n",
        "Stall", lines[0].stall
    );
    let ends = BUCKETS.map(|most| match most {
        most if most >= 1000 => format!("<{} s", most / 1000),
        most => format!("<{most} ms"),
    });
    let _ = write!(text, "{:>18}", "");
    for end in ends.iter().map(String::as_str).chain(["more"]) {
        let _ = write!(text, "{end:>10}");
    }
    let _ = writeln!(text, "{:>14}", "longest");
    for line in lines {
        let _ = write!(text, "{:>18}", line.what);
        for count in line.counts {
            let shown = if count == 0 {
                "-".to_owned()
            } else {
                grouped(count)
            };
            let _ = write!(text, "{shown:>10}");
        }
        let _ = writeln!(text, "{:>11.3} ms", line.longest_ms);
    }
    text
}
