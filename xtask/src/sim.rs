//! `cargo xtask sim`: run cases and say what came of them.

pub(crate) mod calibrate;
pub(crate) mod case_runner;
pub(crate) mod disk_list;
pub(crate) mod disks;
pub(crate) mod exploration;
pub(crate) mod filter;
pub(crate) mod list;
pub(crate) mod litmus;
pub(crate) mod options;
pub(crate) mod pool;
pub(crate) mod preset;
pub(crate) mod repro;
pub(crate) mod run;
pub(crate) mod seed;
pub(crate) mod selection;
pub(crate) mod tally;
pub(crate) mod vacuity;
pub(crate) mod worlds;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::sim::calibrate::Calibrate;
use crate::sim::disk_list::DiskList;
use crate::sim::list::List;
use crate::sim::litmus::Litmus;
use crate::sim::options::RunOptions;
use crate::sim::repro::Repro;
use crate::sim::run::Run;
use crate::sim::worlds::Worlds;

/// Simulate: every scenario, then the reference store explored with seeded workloads.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    before_help = "Examples:
  cargo xtask sim                                 everything that ships, in about a minute
  cargo xtask sim --seed=$(git rev-parse HEAD)    new workloads for every commit
  cargo xtask sim --preset=nightly                more and longer workloads, and every short one: up to twenty minutes
  cargo xtask sim run torn-tail                   the cases whose id contains `torn-tail`
  cargo xtask sim list                            what there is
  cargo xtask sim disks xfs                       the profile of a disk, as a file to start one of your own from
  cargo xtask sim repro CASE-ID                   one case, with its full trace
  cargo xtask sim worlds                          services with signals, slow disks, crashes and restarts
  cargo xtask sim calibrate                       whether the harness notices what it must",
    after_help = crate::exit::HELP
)]
pub(crate) struct Sim {
    #[command(subcommand)]
    command: Option<SimCommand>,
    #[command(flatten)]
    options: RunOptions,
}

#[derive(Debug, Subcommand)]
enum SimCommand {
    Run(Run),
    List(List),
    Disks(DiskList),
    Litmus(Litmus),
    Repro(Repro),
    Calibrate(Calibrate),
    Worlds(Worlds),
}

impl Sim {
    /// Does what was asked.
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            None => Run::everything(self.options).run(),
            Some(SimCommand::Run(run)) => run.run(),
            Some(SimCommand::List(list)) => list.run(),
            Some(SimCommand::Disks(disks)) => disks.run(),
            Some(SimCommand::Litmus(litmus)) => litmus.run(),
            Some(SimCommand::Repro(repro)) => repro.run(),
            Some(SimCommand::Calibrate(calibrate)) => calibrate.run(),
            Some(SimCommand::Worlds(worlds)) => worlds.run(),
        }
    }
}
