//! `cargo xtask bench`: how fast the harness is.

mod sqlite;
mod sweep;

use clap::{Args, Subcommand};

use crate::bench::sqlite::Sqlite;
use crate::bench::sweep::Sweep;
use crate::exit::Exit;

/// Measure the harness.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cargo xtask bench sweep
  cargo xtask bench sqlite
  cargo xtask bench sweep --format=jsonl")]
pub(crate) struct Bench {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Sqlite(Sqlite),
    Sweep(Sweep),
}

impl Bench {
    /// Does what was asked.
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            BenchCommand::Sqlite(sqlite) => sqlite.run(),
            BenchCommand::Sweep(sweep) => sweep.run(),
        }
    }
}
