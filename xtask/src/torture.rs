//! `cargo xtask torture`: the store as a program, on the real operating system.

mod asked;
mod deed;
mod life;
mod mode;
mod pipes;
mod plan;
mod program;
mod record;
mod round;
mod tally;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cargo::root;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::output::{BAD, LABEL, Output, note};
use crate::progress::in_ci;
use crate::sim::options::Color;
use crate::sim::seed::{self, Seed};
use crate::stopwatch::Stopwatch;
use crate::text::shell_word;
use mode::Mode;
use program::Program;
use round::Round;
use tally::Tally;

/// Kill, stop and restart the store as a program, and hold what it leaves to what it said.
///
/// Servers and commands that bring their own run as processes on a real directory. They are asked at random and disturbed at random: by
/// signals to one process or a whole group, by the end of their input within a line, by an output that nobody reads. What is left is read by
/// another process, and judged by the oracles that judge simulated worlds.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask torture                  a minute
  cargo xtask torture --seconds=600    ten
  cargo xtask torture --seed=0x5eee    begin with another round
  cargo xtask torture --program=docs/store.sh
                                       a store in another language",
    after_help = "A seed gives the same requests and disturbances. When the operating system lets them happen differs from run to run.

Exit codes: 0 when everything held, 2 when an oracle was violated, 5 when no process was killed or no request answered, 130 when interrupted."
)]
pub(crate) struct Torture {
    /// How long, without the building
    #[arg(
        long,
        value_name = "SECONDS",
        env = "TORTURE_SECONDS",
        hide_env_values = true,
        default_value = "60"
    )]
    seconds: u32,
    /// Seed of the first round; the next one has the next seed
    #[arg(long, value_name = "SEED", env = "TORTURE_SEED", hide_env_values = true, default_value_t = seed::DEFAULT)]
    seed: Seed,
    /// Where the stores are; what violated an oracle stays there [default: target/torture]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Another program that speaks as `plimsoll-store serve` and `plimsoll-store scan` do, instead (see docs/other-languages.md)
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// It takes SIGUSR1 as a request for a snapshot
    #[arg(long, requires = "program")]
    snapshots_on_signal: bool,
    /// SIGTERM and SIGINT end it in good order
    #[arg(long, requires = "program")]
    ends_on_signals: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

/// Time between two lines of progress, where nobody watches.
const PROGRESS_PERIOD: Duration = Duration::from_secs(10);

/// Violations after which there is nothing more to learn.
const VIOLATIONS_MAX: usize = 10;

impl Torture {
    /// Does rounds until time is up, and says what came of them.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.color);
        let other = [Mode::other(self.snapshots_on_signal, self.ends_on_signals)];
        let (program, modes) = match &self.program {
            Some(path) => (Program::at(path)?, &other[..]),
            None => (Program::build()?, &mode::ALL[..]),
        };
        let interrupt = Interrupt::listen()?;
        let dir = match &self.dir {
            Some(dir) => std::path::absolute(dir)?,
            None => root().join("target").join("torture"),
        };
        note(&format!(
            "{LABEL}{:>12}{LABEL:#} with seed {} for {} s in {}",
            "Torture",
            self.seed,
            self.seconds,
            dir.display()
        ));
        let stopwatch = Stopwatch::start();
        let limit = Duration::from_secs(self.seconds.into());
        let mut tally = Tally::default();
        let mut told_at = Duration::ZERO;
        let mut seed = self.seed.0;
        while stopwatch.elapsed() < limit
            && tally.violations.len() < VIOLATIONS_MAX
            && !interrupt.is_requested()
        {
            Round::new(&program, modes, &dir, Seed(seed)).run(&mut tally)?;
            seed = seed.wrapping_add(1);
            if in_ci() && stopwatch.elapsed() >= told_at + PROGRESS_PERIOD {
                told_at = stopwatch.elapsed();
                note(&format!("{:>12} {}", "", tally.progress()));
            }
        }
        let summary = summary(&tally, stopwatch.elapsed(), &self.words());
        output.write(&summary)?;
        Ok(if interrupt.is_requested() {
            Exit::Interrupted
        } else {
            tally.exit()
        })
    }

    /// The options that choose the program, each behind a space.
    fn words(&self) -> String {
        let Some(path) = &self.program else {
            return String::new();
        };
        let path = format!("--program={}", path.display());
        let mut words = format!(" {}", shell_word(&path));
        for (is_given, word) in [
            (self.snapshots_on_signal, " --snapshots-on-signal"),
            (self.ends_on_signals, " --ends-on-signals"),
        ] {
            if is_given {
                words.push_str(word);
            }
        }
        words
    }
}

/// Everything that is said at the end. `words` are what the program was chosen by.
fn summary(tally: &Tally, time: Duration, words: &str) -> String {
    let mut text = String::new();
    for violation in &tally.violations {
        // Writing to a string does not fail.
        let _ = writeln!(text, "\n{BAD}error{BAD:#}{violation}");
    }
    let _ = write!(
        text,
        "\n{LABEL}{:>12}{LABEL:#} [{:>6.1}s] {tally}",
        "Summary",
        time.as_secs_f64()
    );
    if let Some(violation) = tally.violations.last() {
        let _ = writeln!(
            text,
            "reproduce: cargo xtask torture{words} --seed={} --seconds=30   (what the operating system does in between differs: try it more than once)",
            violation.seed
        );
    }
    text
}
