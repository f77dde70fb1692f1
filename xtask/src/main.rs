//! The command line of Plimsoll: `cargo xtask sim`, `cargo xtask torture`, `cargo xtask test` and `cargo xtask bench`.
//!
//! This is the only crate that prints, reads the environment, looks at the clock or starts threads. It decides nothing about
//! durability: it chooses cases, runs them, and says what came of them.

#[cfg(test)]
mod architecture;
mod bench;
mod cargo;
mod catalogue;
mod cli;
mod exit;
#[cfg(test)]
mod fixtures;
mod interrupt;
mod output;
mod panics;
mod progress;
mod report;
mod sim;
mod stopwatch;
mod suggest;
mod test;
mod text;
mod torture;

use std::process;

use clap::Parser;
use mimalloc::MiMalloc;

use crate::cli::Cli;
use crate::exit::Exit;

/// Exploring a state takes many small allocations of a short life; the system's allocator would take a fifth of the time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> process::ExitCode {
    panics::install();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // A closed standard error leaves nobody to tell.
            let _ = error.print();
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Held
            };
            return exit.into();
        }
    };
    let exit = match std::panic::catch_unwind(|| cli.run()) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => output::explain(&error),
        Err(_) => Exit::HarnessBug,
    };
    exit.into()
}
