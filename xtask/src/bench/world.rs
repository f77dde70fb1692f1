//! `cargo xtask bench world`: how many whole worlds a core simulates.

use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_reference::host::Signal;
use plimsoll_reference::service::protocol::Command;
use plimsoll_sim::trial::run::Ground;
use plimsoll_sim::trial::script::{Ending, LifeScript, Script, Step};
use plimsoll_sim::world::{Action, Pace, Plan, Planned, Policy, When};
use serde::Serialize;

use crate::bench::ground::{ground, run_held};
use crate::bench::rate::{median, per_second};
use crate::exit::Exit;
use crate::output::{LABEL, Output};
use crate::report::jsonl::line;
use crate::sim::options::{Format, Printing, Repetitions};
use crate::text::grouped;

/// The system that is measured, and its disk.
const SYSTEM: &str = "service-power";
const DISK: &str = "ext4-ordered";

/// Requests of a world.
const REQUESTS: u64 = 50;

/// Measure whole worlds per second on one thread: 50 requests, two signals, a loss of power and a recovery, judged
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask bench world
  cargo xtask bench world --format=jsonl",
    after_help = "Each world has a seed of its own. The second figure is of the same worlds in which one sync stands still for an hour of virtual time."
)]
pub(crate) struct WorldBench {
    /// Worlds in each repetition
    #[arg(long, value_name = "COUNT", default_value = "2000")]
    worlds: Repetitions,
    /// Measured repetitions, after one that is not measured; the median is reported
    #[arg(long, value_name = "COUNT", default_value = "5")]
    repetitions: Repetitions,
    #[command(flatten)]
    printing: Printing,
}

/// What was measured.
#[derive(Serialize)]
struct Line {
    r#type: &'static str,
    schema: u32,
    system: &'static str,
    disk: &'static str,
    worlds: u64,
    steps_per_world: f64,
    worlds_per_second: f64,
    stalled_worlds_per_second: f64,
    virtual_hours_per_stalled_world: f64,
}

/// What worlds did.
#[derive(Default)]
struct Done {
    steps: u64,
    time: Duration,
}

impl WorldBench {
    /// Measures and prints.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let ground = ground(SYSTEM, DISK)?;
        let worlds = u64::from(self.worlds.get());
        let measure = |script: &Script| {
            let (done, time) = median(self.repetitions.get(), || all(&ground, script, worlds));
            Ok::<_, anyhow::Error>((done?, per_second(worlds, time)))
        };
        let (done, plain) = measure(&script(None))?;
        let hour = "fdatasync #2 stall 3600s"
            .parse()
            .map_err(anyhow::Error::msg)?;
        let (stalled, with_stall) = measure(&script(Some(hour)))?;
        ensure!(
            stalled.time > Duration::from_secs(3600) * (worlds as u32),
            "the stall never happened"
        );
        let result = Line {
            r#type: "bench-world",
            schema: 1,
            system: SYSTEM,
            disk: DISK,
            worlds,
            steps_per_world: done.steps as f64 / worlds as f64,
            worlds_per_second: plain,
            stalled_worlds_per_second: with_stall,
            virtual_hours_per_stalled_world: stalled.time.as_secs_f64() / 3600.0 / worlds as f64,
        };
        let text = match self.printing.format {
            Format::Jsonl => line(&result),
            Format::Human => human(&result),
        };
        Output::new(self.printing.color).write(&text)?;
        Ok(Exit::Held)
    }
}

fn human(result: &Line) -> String {
    format!(
        "{LABEL}{:>12}{LABEL:#} {} on {}: {} worlds/s ({} requests, {:.0} steps each) · with an hour of virtual stall {} worlds/s (x{:.2})\n",
        "World",
        result.system,
        result.disk,
        grouped(result.worlds_per_second as u64),
        REQUESTS,
        result.steps_per_world,
        grouped(result.stalled_worlds_per_second as u64),
        result.stalled_worlds_per_second / result.worlds_per_second,
    )
}

/// Runs so many worlds, and makes sure that they are what they are said to be.
fn all(ground: &Ground, script: &Script, worlds: u64) -> anyhow::Result<Done> {
    let mut done = Done::default();
    for seed in 1..=worlds {
        let outcome = run_held(ground, script, seed)?;
        ensure!(
            outcome.lives.len() == 2,
            "seed {seed} did not come to its end"
        );
        done.steps += outcome.run.steps;
        done.time += outcome.run.time;
    }
    Ok(done)
}

/// Two lives: one that asks and is cut off by a loss of power, and one that shows what is left.
fn script(fault: Option<FaultPlan>) -> Script {
    let ask = |number: u64| -> Option<Step> {
        let line = match number % 5 {
            0 => format!("{number} get b0/k{}", number % 7),
            _ => format!("{number} put b0/k{} v{number}", number % 7),
        };
        let request: plimsoll_reference::service::protocol::Request = line.parse().ok()?;
        Some(Step::Ask(request.command))
    };
    let life = |steps, ending| LifeScript {
        early: false,
        outstanding: 4,
        steps,
        ending,
        settles: true,
    };
    let program = || "store".to_owned();
    let mut lines: Vec<(When, Action)> = ["11 ok", "31 ok"]
        .map(|prefix: &str| {
            let when = When::Line {
                prefix: prefix.to_owned(),
                program: program(),
                number: 1,
            };
            (when, Action::Signal(Signal::Usr1, program()))
        })
        .into();
    lines.extend(fault.map(|fault| (When::Step(0), Action::Fault(fault))));
    let line = |(when, action)| Planned { when, action };
    Script {
        lives: vec![
            life((1..=REQUESTS).filter_map(ask).collect(), Ending::Power),
            life(vec![Step::Ask(Command::Scan), Step::Settle], Ending::Eof),
        ],
        plan: Plan(lines.into_iter().map(line).collect()),
        faults: FaultPlan::none(),
        pace: Pace::default(),
        policy: Policy::Walk,
    }
}
