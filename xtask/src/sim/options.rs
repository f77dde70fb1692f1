//! The options that several commands share. Each has an environment variable of the same name.

use std::num::{NonZeroU32, NonZeroU64, NonZeroUsize};

use clap::{Args, ValueEnum};

use crate::exit::Ending;
use crate::sim::preset::{Preset, PresetName};
use crate::sim::seed::{self, Seed};

/// How much is explored, and where the workloads come from.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Chance {
    /// How much is done where no other option says so
    #[arg(
        long,
        value_name = "NAME",
        env = "SIM_PRESET",
        hide_env_values = true,
        default_value = "pr"
    )]
    pub(crate) preset: PresetName,
    /// Base seed of the exploration: decimal, 0x and hexadecimal, or a git commit
    #[arg(long, value_name = "SEED", env = "SIM_SEED", hide_env_values = true, default_value_t = seed::DEFAULT)]
    pub(crate) seed: Seed,
    /// Fresh seeds per mode of the reference and disk [default: the preset's]
    #[arg(long, value_name = "COUNT", env = "SIM_SEEDS", hide_env_values = true)]
    pub(crate) seeds: Option<u32>,
}

impl Chance {
    /// What the preset sets.
    pub(crate) const fn preset(&self) -> &'static Preset {
        self.preset.preset()
    }

    /// Seeds per mode of the reference and disk.
    pub(crate) fn seeds(&self) -> u32 {
        self.seeds.unwrap_or(self.preset().seeds)
    }
}

/// What makes a run fail that would otherwise only be told.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Denials {
    /// Let findings of this class fail the run as well
    #[arg(long, value_name = "CLASS", env = "SIM_DENY", hide_env_values = true)]
    pub(crate) deny: Option<Denied>,
}

/// A class of findings that does not fail a run unless it is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Denied {
    /// Violations that no target reaches.
    Portability,
}

impl Denials {
    /// How a case ends when these are denied.
    pub(crate) fn apply(self, ending: Ending) -> Ending {
        match (ending, self.deny) {
            (Ending::Portability, Some(Denied::Portability)) => Ending::Violated,
            _ => ending,
        }
    }
}

/// Which disks are looked at.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DiskOptions {
    /// Only these disks: names, or paths of profile files of your own (the reference runs on those, too); separated by commas
    #[arg(
        long,
        value_name = "NAME|PATH",
        env = "SIM_DISK",
        hide_env_values = true,
        value_delimiter = ','
    )]
    pub(crate) disk: Vec<String>,
}

/// How far cases are explored.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Budget {
    /// States generated per case before it ends with the verdict `limit`
    #[arg(
        long = "budget",
        value_name = "STATES",
        env = "SIM_BUDGET",
        hide_env_values = true
    )]
    pub(crate) states_max: Option<NonZeroU64>,
}

/// What the output looks like.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Printing {
    /// Text for people, or one JSON object a line
    #[arg(
        long,
        value_name = "FORMAT",
        env = "SIM_FORMAT",
        hide_env_values = true,
        default_value = "human"
    )]
    pub(crate) format: Format,
    /// Whether to colour; `auto` asks the terminal, NO_COLOR and CLICOLOR_FORCE
    #[arg(
        long,
        value_name = "WHEN",
        env = "SIM_COLOR",
        hide_env_values = true,
        default_value = "auto"
    )]
    pub(crate) color: Color,
}

/// What the output looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text for people.
    Human,
    /// One JSON object a line.
    Jsonl,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// Where the terminal and the environment want it.
    Auto,
    /// Even into a pipe.
    Always,
    /// Not at all.
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// The options of a run.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) chance: Chance,
    #[command(flatten)]
    pub(crate) budget: Budget,
    #[command(flatten)]
    pub(crate) denials: Denials,
    /// Show every violation, also those like one that was shown before
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) disks: DiskOptions,
    /// Cases run at the same time [default: one per processor]; the result does not depend on it
    #[arg(long, value_name = "COUNT", env = "SIM_JOBS", hide_env_values = true)]
    pub(crate) jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) printing: Printing,
}

impl RunOptions {
    /// Cases run at the same time.
    pub(crate) fn jobs(&self) -> NonZeroUsize {
        self.jobs.unwrap_or_else(available_jobs)
    }
}

/// As many as there are processors.
pub(crate) fn available_jobs() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// A count of repetitions.
pub(crate) type Repetitions = NonZeroU32;
