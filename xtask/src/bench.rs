//! `cargo xtask bench`: how fast the harness is.

mod sweep;

use clap::{Args, Subcommand};

use crate::bench::sweep::Sweep;
use crate::exit::Exit;

/// Measure the harness.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cargo xtask bench sweep
  cargo xtask bench sweep --format=jsonl")]
pub(crate) struct Bench {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Sweep(Sweep),
}

impl Bench {
    /// Does what was asked.
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            BenchCommand::Sweep(sweep) => sweep.run(),
        }
    }
}
