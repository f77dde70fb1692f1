//! `cargo xtask bench store`: durable commits per second on a real directory, beside other stores.

#[cfg(feature = "stores")]
mod contest;
#[cfg(feature = "stores")]
mod contestants;

use std::path::PathBuf;

use clap::Args;

#[cfg(not(feature = "stores"))]
use crate::exit::Exit;
use crate::sim::options::{Printing, Repetitions};

/// Measure durable commits on a real directory, beside other stores.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask bench store
  cargo xtask bench store --directory=/mnt/disk --writers=1,8,32
  cargo xtask bench store --seconds=5 --format=jsonl",
    after_help = "Every store commits one key at a time in the mode in which a commit survives a power loss, with one writer and with many.
Rates are also given as ratios to a loop that appends as many bytes to a file and calls fdatasync, on the same directory
in the same run. What a disk does with a sync decides most of it: name a directory on the disk that matters.

The other stores are compiled when this is first asked for."
)]
pub(crate) struct StoreBench {
    /// Where the stores are created, in a directory that is removed afterwards
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    directory: PathBuf,
    /// How many threads write at a time
    #[arg(long, value_name = "COUNT", value_delimiter = ',', default_value = "1,32", value_parser = clap::value_parser!(u32).range(1..=1024))]
    writers: Vec<u32>,
    /// How long each store writes, per repetition
    #[arg(long, value_name = "SECONDS", default_value = "2", value_parser = clap::value_parser!(u32).range(1..))]
    seconds: u32,
    /// Measured repetitions; the median is reported
    #[arg(long, value_name = "COUNT", default_value = "3")]
    repetitions: Repetitions,
    #[command(flatten)]
    printing: Printing,
}

#[cfg(not(feature = "stores"))]
impl StoreBench {
    /// Compiles the other stores and runs the same command again with them.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        use std::env;
        use std::process::Command;

        use anyhow::Context;

        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let status = Command::new(cargo)
            .args(["run", "--quiet", "--profile", "sim", "--package", "xtask"])
            .args(["--features", "stores", "--"])
            .args(env::args_os().skip(1))
            .status()
            .context("cannot run cargo to compile the other stores")?;
        Ok(if status.success() {
            Exit::Held
        } else {
            Exit::Usage
        })
    }
}
