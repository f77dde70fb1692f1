//! `cargo xtask sim run`: some cases, or all.

use anyhow::Context;
use clap::Args;
use plimsoll_sim::explore;

use crate::catalogue::Catalogue;
use crate::exit::{Ending, Exit};
use crate::interrupt::Interrupt;
use crate::output::{Output, Refusal};
use crate::progress::Progress;
use crate::report::{Finished, Plan};
use crate::sim::disks::Disks;
use crate::sim::options::RunOptions;
use crate::sim::pool::{self, Event};
use crate::sim::selection::{self, Selected};
use crate::sim::tally::{Summary, Tally};
use crate::sim::vacuity::Standard;
use crate::sim::worlds::Worlds;

/// Run the cases whose id matches, or all.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask sim run torn-tail                          ids that contain `torn-tail`
  cargo xtask sim run '*@ext4-ordered'                   ids that match the pattern as a whole
  cargo xtask sim run explore/ --seeds=100               exploration only, and more of it
  cargo xtask sim run explore/ --disk=./my-disk.toml     exploration on a disk of your own
  cargo xtask sim run ./my-scenario.toml                 a scenario that does not ship
  cargo xtask sim run --format=jsonl                     one JSON object per case, then a summary",
    after_help = crate::exit::HELP
)]
pub(crate) struct Run {
    /// Part of an id, a pattern with `*` and `?`, or the path of a scenario file
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    #[command(flatten)]
    options: RunOptions,
}

impl Run {
    /// A run without filters.
    pub(crate) fn everything(options: RunOptions) -> Self {
        Self {
            filters: Vec::new(),
            options,
        }
    }

    /// Runs the cases and prints what came of them.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let options = &self.options;
        let mut output = Output::new(options.printing.color);
        let catalogue = Catalogue::load();
        let known = selection::known_disks(&catalogue);
        let disks = Disks::choose(&options.disks.disk, &known)?;
        let mut cases = selection::select(&catalogue, &self.filters, options.chance, &disks)?;
        if cases.is_empty() {
            let message = "nothing to run: no case is left on the disks asked for";
            return Err(Refusal::new(Exit::NothingSelected, message).into());
        }
        for case in &mut cases {
            case.limit(options.budget);
            case.denials = options.denials;
        }
        let exploration_cases = cases.iter().filter(|case| case.is_exploration()).count();
        output.write(&options.printing.format.plan(&Plan {
            preset: options.chance.preset().name,
            scenario_cases: cases.len() - exploration_cases,
            exploration_cases,
            seed: options.chance.seed.to_string(),
            seeds: options.chance.seeds(),
            disks: &disks.describe(),
            budget: options.budget.states_max.map(Into::into),
            jobs: options.jobs().get(),
        }))?;
        let summary = self.run_cases(&cases, &mut output)?;
        output.write(&options.printing.format.summary(&summary))?;
        // Worlds are no part of a run of chosen cases.
        let ending = if self.filters.is_empty() && summary.ending != Ending::Interrupted {
            let worlds = Worlds::everything(options).run_all(&disks)?;
            summary.ending.max(worlds)
        } else {
            summary.ending
        };
        Ok(ending.exit())
    }

    fn run_cases(&self, cases: &[Selected], output: &mut Output) -> anyhow::Result<Summary> {
        let format = self.options.printing.format;
        let interrupt = Interrupt::listen()?;
        let mut progress = Progress::start(cases.len());
        let mut tally = Tally::default();
        let mut listen = |event| {
            match event {
                Event::Started(index) => progress.start_case(index, &cases[index].case.id),
                Event::Finished(index, counters) => progress.finish_case(index, counters),
                Event::Idle => progress.show(),
                Event::Case(index, mut outcome) => {
                    outcome.ending = self.options.denials.apply(outcome.ending);
                    let mut known = tally.add(&cases[index], &outcome);
                    if self.options.all {
                        known.fill(false);
                    }
                    let text = format.case(&Finished {
                        selected: &cases[index],
                        outcome: &outcome,
                        known: &known,
                        position: index + 1,
                        total: cases.len(),
                    });
                    if !text.is_empty() {
                        progress.suspend(|| output.write(&text))?;
                    }
                }
            }
            Ok(())
        };
        pool::run(
            &explore::run,
            cases,
            self.options.jobs(),
            &interrupt,
            &mut listen,
        )
        .context("cannot go on")?;
        let elapsed = progress.finish();
        Ok(tally.summary(cases.len(), elapsed, self.standard()))
    }

    /// What the run is held to: nothing when it is made of chosen cases, and no amount when it was told how much to do.
    fn standard(&self) -> Option<Standard> {
        let options = &self.options;
        let is_told = options.chance.seeds.is_some()
            || options.budget.states_max.is_some()
            || !options.disks.disk.is_empty();
        match (self.filters.is_empty(), is_told) {
            (false, _) => None,
            (true, true) => Some(Standard::without_amount()),
            (true, false) => Some(Standard::of(options.chance.preset())),
        }
    }
}
