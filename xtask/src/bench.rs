//! `cargo xtask bench`: how fast the harness is.

mod crash_points;
mod first_violation;
mod ground;
mod hunts;
mod rate;
mod recoveries;
mod sqlite;
mod stall;
mod states;
mod store;
mod subject;
mod sweep;
mod world;

use clap::{Args, Subcommand};

use crate::bench::first_violation::FirstViolations;
use crate::bench::hunts::Hunts;
use crate::bench::recoveries::Recoveries;
use crate::bench::sqlite::Sqlite;
use crate::bench::stall::StallBench;
use crate::bench::states::States;
use crate::bench::store::StoreBench;
use crate::bench::sweep::Sweep;
use crate::bench::world::WorldBench;
use crate::exit::Exit;

/// Measure the harness.
#[derive(Debug, Args)]
#[command(before_help = "Examples:
  cargo xtask bench sweep
  cargo xtask bench sqlite
  cargo xtask bench store
  cargo xtask bench states
  cargo xtask bench recoveries
  cargo xtask bench world
  cargo xtask bench stall
  cargo xtask bench hunts
  cargo xtask bench first-violation --format=jsonl")]
pub(crate) struct Bench {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Sqlite(Sqlite),
    #[command(name = "store")]
    Store(StoreBench),
    Sweep(Sweep),
    States(States),
    Recoveries(Recoveries),
    FirstViolation(FirstViolations),
    #[command(name = "world")]
    World(WorldBench),
    #[command(name = "stall")]
    Stall(StallBench),
    Hunts(Hunts),
}

impl Bench {
    /// Does what was asked.
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            BenchCommand::Sqlite(sqlite) => sqlite.run(),
            BenchCommand::Store(store) => store.run(),
            BenchCommand::Sweep(sweep) => sweep.run(),
            BenchCommand::States(states) => states.run(),
            BenchCommand::Recoveries(recoveries) => recoveries.run(),
            BenchCommand::FirstViolation(first) => first.run(),
            BenchCommand::World(world) => world.run(),
            BenchCommand::Stall(stall) => stall.run(),
            BenchCommand::Hunts(hunts) => hunts.run(),
        }
    }
}
