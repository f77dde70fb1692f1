//! `cargo xtask bench states`: crash states generated and canonicalised, without recovering any.

use std::fmt::Write;

use clap::Args;
use plimsoll_faults::log::Entry;
use plimsoll_sim::case::Case;
use plimsoll_sim::explore;
use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::bench::crash_points;
use crate::bench::rate::{median, per_second};
use crate::bench::subject::{DISK, NOT_SYNCING, SYNCING, case};
use crate::catalogue::Catalogue;
use crate::exit::Exit;
use crate::output::{LABEL, Output};
use crate::report::jsonl::line;
use crate::sim::options::{Format, Printing, Repetitions};
use crate::text::grouped;

/// Commands of the run whose crash points are visited.
const COMMANDS: usize = 100;

/// Measure generating and canonicalising crash states, on one thread
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask bench states
  cargo xtask bench states --format=jsonl",
    after_help = "A state counts when it is a legal choice of pending changes that no other state of the same crash point equals, and its
key was computed: the hash of all that a recovery could see of it. No state is recovered. `Images` are the different keys of the
run."
)]
pub(crate) struct States {
    /// Measured repetitions, after one that is not measured; the median is reported
    #[arg(long, value_name = "COUNT", default_value = "5")]
    repetitions: Repetitions,
    #[command(flatten)]
    printing: Printing,
}

/// What a pass over a log met with.
#[derive(Clone, Copy, Default)]
struct Pass {
    crash_points: u64,
    states: u64,
    images: u64,
}

/// The line of a machine.
#[derive(Serialize)]
struct StatesLine {
    r#type: &'static str,
    schema: u32,
    sut: &'static str,
    disk: &'static str,
    repetitions: u32,
    commands: usize,
    crash_points: u64,
    states_generated: u64,
    images: u64,
    seconds: f64,
    states_per_second: f64,
}

impl States {
    /// Measures and prints.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.printing.color);
        let catalogue = Catalogue::load();
        let repetitions = self.repetitions.get();
        let mut lines = Vec::new();
        for sut in [SYNCING, NOT_SYNCING] {
            let case = case(&catalogue, sut, COMMANDS)?;
            let log = explore::op_log(&case);
            let (pass, time) = median(repetitions, || pass(&case, &log));
            lines.push(StatesLine {
                r#type: "bench-states",
                schema: 1,
                sut,
                disk: DISK,
                repetitions,
                commands: COMMANDS,
                crash_points: pass.crash_points,
                states_generated: pass.states,
                images: pass.images,
                seconds: time.as_secs_f64(),
                states_per_second: per_second(pass.states, time),
            });
        }
        let text = match self.printing.format {
            Format::Human => human(&lines),
            Format::Jsonl => lines.iter().map(line).collect(),
        };
        output.write(&text)?;
        Ok(Exit::Held)
    }
}

/// Visits every crash point of a log as a sweep does, up to the key of each state.
fn pass(case: &Case, log: &[Entry]) -> Pass {
    let mut images = FxHashSet::default();
    let mut pass = Pass::default();
    crash_points::visit(case, log, |frontier, states| {
        pass.crash_points += 1;
        pass.states += states.len() as u64;
        for &state in states {
            images.insert(frontier.key(state));
        }
    });
    pass.images = images.len() as u64;
    pass
}

fn human(lines: &[StatesLine]) -> String {
    let mut text = String::new();
    for one in lines {
        writeln!(
            text,
            "{LABEL}{:>12}{LABEL:#} {} states/s generated and canonicalised, none recovered ({} on {}, {} commands: {} crash points, {} \
             states, {} images in {:.4} s; one thread, median of {})",
            "States",
            grouped(one.states_per_second as u64),
            one.sut,
            one.disk,
            one.commands,
            grouped(one.crash_points),
            grouped(one.states_generated),
            grouped(one.images),
            one.seconds,
            one.repetitions,
        )
        .expect("a String takes everything");
    }
    text
}
