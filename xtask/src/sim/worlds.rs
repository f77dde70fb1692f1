//! `cargo xtask sim worlds`: systems of processes in simulated worlds.

mod brief;
mod list;
mod page;
pub(crate) mod pool;
pub(crate) mod preset;
pub(crate) mod replay;
pub(crate) mod repro;
pub(crate) mod selection;
mod vacuity;

use std::collections::BTreeSet;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;
use plimsoll_sim::trial::hunt::TrialCase;

use self::page::Page;
pub(crate) use self::page::{Tried, ending};
use self::preset::WorldPreset;
use self::selection::SelectedWorlds;
use crate::exit::{Ending, Exit};
use crate::interrupt::Interrupt;
use crate::output::{Output, Refusal};
use crate::sim::disks::Disks;
use crate::sim::options::{DiskOptions, Printing, RunOptions, available_jobs};
use crate::sim::seed::{self, Seed};

/// Simulate worlds: services and their parents, with signals, slow disks, crashes and restarts, each seed a world of its own.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask sim worlds                                      every scenario of worlds
  cargo xtask sim worlds service-power                        those whose id contains `service-power`
  cargo xtask sim worlds service-power --seeds=10000          more of it
  cargo xtask sim worlds service-power@xfs --seed=7 --seeds=1 one world; what it finds is shown in full
  cargo xtask sim worlds service --sweep-every=1              each world crashed at every position of its op log, too
  cargo xtask sim worlds ./mine.toml --disk=./my-disk.toml    a scenario, and a disk, that do not ship
  cargo xtask sim worlds --preset=soak                        100,000 worlds of every case that is to pass
  cargo xtask sim worlds --replay=FILE                        what a run has found, without its seed",
    after_help = crate::exit::HELP
)]
pub(crate) struct Worlds {
    /// Part of an id, a pattern with `*` and `?`, or the path of a scenario file
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    #[command(flatten)]
    disks: DiskOptions,
    /// Print the cases, and run none
    #[arg(long)]
    list: bool,
    /// The first seed
    #[arg(long, value_name = "SEED", env = "SIM_SEED", hide_env_values = true, default_value_t = seed::DEFAULT)]
    seed: Seed,
    /// Seeds per case [default: the scenario's]
    #[arg(long, value_name = "COUNT")]
    seeds: Option<NonZeroU64>,
    /// How many times the seeds of each scenario are tried, and how many seeds at least
    #[arg(
        long,
        value_name = "NAME",
        env = "SIM_PRESET",
        hide_env_values = true,
        default_value = "pr"
    )]
    preset: WorldPreset,
    /// Times the seeds of each scenario, beside what the preset says
    #[arg(long, value_name = "COUNT", default_value = "1", conflicts_with = "seeds", value_parser = clap::value_parser!(u64).range(1..))]
    factor: u64,
    /// Every so many worlds are crashed at every position of their op logs, too; 0 for none [default: the scenario's]
    #[arg(long, value_name = "COUNT")]
    sweep_every: Option<u64>,
    /// Every so many worlds are run twice, by their recorded schedules, and have to be equal, and every so many of those that are crashed
    /// everywhere are so twice; 0 for none
    #[arg(long, value_name = "COUNT", default_value = "20")]
    twice_every: u64,
    /// Cases at the same time [default: one per processor]
    #[arg(long, value_name = "COUNT", env = "SIM_JOBS", hide_env_values = true)]
    jobs: Option<NonZeroUsize>,
    /// Run the world of a file that a run has written, twice, instead
    #[arg(long, value_name = "FILE", conflicts_with_all = ["filters", "disk", "list", "seeds", "factor", "sweep_every", "twice_every", "replays"])]
    replay: Option<PathBuf>,
    /// Where the files of violations are written [default: target/sim/worlds]
    #[arg(long, value_name = "DIRECTORY")]
    replays: Option<PathBuf>,
    #[command(flatten)]
    printing: Printing,
}

impl Worlds {
    /// Every scenario, as the end of a whole run has it.
    pub(crate) fn everything(options: &RunOptions) -> Self {
        Self {
            filters: Vec::new(),
            disks: DiskOptions::default(),
            list: false,
            seed: options.chance.seed,
            seeds: None,
            preset: options.chance.preset().worlds,
            factor: 1,
            sweep_every: None,
            twice_every: 20,
            jobs: options.jobs,
            replay: None,
            replays: None,
            printing: options.printing,
        }
    }

    /// Runs the cases and prints what came of them.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        match &self.replay {
            Some(path) => replay::run(path, self.printing),
            None => self.run_chosen(),
        }
    }

    fn run_chosen(&self) -> anyhow::Result<Exit> {
        let disks = Disks::choose(&self.disks.disk, &BTreeSet::new())?;
        let cases = self.cases(&disks)?;
        if cases.is_empty() {
            let message = "no worlds are on the disks asked for";
            return Err(Refusal::new(Exit::NothingSelected, message).into());
        }
        if self.list {
            let text = list::text(&cases, self.printing.format);
            Output::new(self.printing.color).write(&text)?;
            return Ok(Exit::Held);
        }
        self.run_cases(&cases).map(Ending::exit)
    }

    /// The same on disks that are chosen already, for whoever has more to run; on some there are no worlds.
    pub(crate) fn run_all(&self, disks: &Disks) -> anyhow::Result<Ending> {
        let cases = self.cases(disks)?;
        if cases.is_empty() {
            return Ok(Ending::Passed);
        }
        self.run_cases(&cases)
    }

    fn run_cases(&self, cases: &[SelectedWorlds]) -> anyhow::Result<Ending> {
        let interrupt = Interrupt::listen()?;
        let output = Output::new(self.printing.color);
        let directory = self.replays.clone().unwrap_or_else(replay::directory);
        let mut page = Page::start(output, self.printing.format, self.is_short(), directory);
        let jobs = self.jobs.unwrap_or_else(available_jobs);
        let mut listen = |tried: Tried<'_>| page.case(&tried);
        pool::run(cases, jobs, &interrupt, &mut listen)?;
        page.finish(interrupt.is_requested())
    }

    /// Whether cases that ended as expected are not named: there are many, and nobody chose them.
    fn is_short(&self) -> bool {
        self.filters.is_empty()
    }

    fn cases(&self, disks: &Disks) -> anyhow::Result<Vec<SelectedWorlds>> {
        let mut cases = selection::select(&self.filters, self.seed, disks)?;
        for SelectedWorlds { case, .. } in &mut cases {
            case.twice_every = self.twice_every;
            case.seeds = self.seeds_of(case);
            if let Some(every) = self.sweep_every {
                case.sweep_every = every;
            }
        }
        Ok(cases)
    }

    /// Those that were asked for; else as many times those of the scenario as the preset and the factor say, and where nothing is to be
    /// found, as many as the preset wants at least.
    fn seeds_of(&self, case: &TrialCase) -> u64 {
        if let Some(seeds) = self.seeds {
            return seeds.get();
        }
        self.preset
            .seeds(case.seeds, case.expected.is_empty())
            .saturating_mul(self.factor)
    }
}

#[cfg(test)]
mod tests;
