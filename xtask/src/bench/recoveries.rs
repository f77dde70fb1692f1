//! `cargo xtask bench recoveries`: different images recovered, without generating them.

use anyhow::ensure;
use clap::Args;
use plimsoll_faults::image::Image;
use plimsoll_sim::case::Case;
use plimsoll_sim::explore;
use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::bench::crash_points;
use crate::bench::rate::{median, per_second};
use crate::bench::subject::{DISK, SYNCING, case};
use crate::catalogue::Catalogue;
use crate::exit::Exit;
use crate::output::{LABEL, Output};
use crate::report::jsonl::line;
use crate::sim::options::{Format, Printing, Repetitions};
use crate::text::grouped;

/// Commands of the run whose crash images are recovered.
const COMMANDS: usize = 100;

/// Measure recovering different images, on one thread
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask bench recoveries
  cargo xtask bench recoveries --format=jsonl",
    after_help = "A recovery opens the store on a copy of an image, reads everything that it holds, hashes that, and ends the process; the log of
what the recovery did is kept, as a sweep needs it. No image counts twice, and none is generated while the clock runs."
)]
pub(crate) struct Recoveries {
    /// Measured repetitions, after one that is not measured; the median is reported
    #[arg(long, value_name = "COUNT", default_value = "5")]
    repetitions: Repetitions,
    #[command(flatten)]
    printing: Printing,
}

/// The line of a machine.
#[derive(Serialize)]
struct RecoveriesLine {
    r#type: &'static str,
    schema: u32,
    sut: &'static str,
    disk: &'static str,
    repetitions: u32,
    commands: usize,
    images: u64,
    seconds: f64,
    unique_recoveries_per_second: f64,
}

impl Recoveries {
    /// Measures and prints.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.printing.color);
        let repetitions = self.repetitions.get();
        let case = case(&Catalogue::load(), SYNCING, COMMANDS)?;
        let images = images(&case);
        let (opened, time) = median(repetitions, || explore::recover_each(&*case.sut, &images));
        ensure!(
            opened == images.len() as u64,
            "the store did not open on {} of the images",
            images.len() as u64 - opened
        );
        let result = RecoveriesLine {
            r#type: "bench-recoveries",
            schema: 1,
            sut: SYNCING,
            disk: DISK,
            repetitions,
            commands: COMMANDS,
            images: opened,
            seconds: time.as_secs_f64(),
            unique_recoveries_per_second: per_second(opened, time),
        };
        let text = match self.printing.format {
            Format::Human => human(&result),
            Format::Jsonl => line(&result),
        };
        output.write(&text)?;
        Ok(Exit::Held)
    }
}

/// Every image that a crash of the run may leave, within the bounds of a sweep, once.
fn images(case: &Case) -> Vec<Image> {
    let mut seen = FxHashSet::default();
    let mut images = Vec::new();
    crash_points::visit(case, &explore::op_log(case), |frontier, states| {
        for &state in states {
            if seen.insert(frontier.key(state)) {
                images.push(frontier.image(state));
            }
        }
    });
    images
}

fn human(one: &RecoveriesLine) -> String {
    format!(
        "{LABEL}{:>12}{LABEL:#} {} unique recoveries/s ({} on {}, {} commands: {} different images opened and read in {:.4} s; one thread, \
         median of {})\n",
        "Recoveries",
        grouped(one.unique_recoveries_per_second as u64),
        one.sut,
        one.disk,
        one.commands,
        grouped(one.images),
        one.seconds,
        one.repetitions,
    )
}
