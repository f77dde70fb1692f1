//! `cargo xtask sim calibrate`: whether the harness can be believed, shown by what it must notice.
//!
//! Each section is a known answer. One that does not hold fails the command.

mod deletions;

use clap::Args;

use self::deletions::Mode;
use crate::catalogue;
use crate::exit::Exit;
use crate::output::{BAD, GOOD, LABEL, Output, Refusal};
use crate::report::jsonl;
use crate::sim::options::{Format, Printing};
use crate::stopwatch::Stopwatch;
use crate::text::counted;

/// Check the harness against known answers: every sync that the reference leaves out must be noticed, or be known to be redundant.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask sim calibrate                      every mode of the reference on every disk
  cargo xtask sim calibrate power --verbose      some modes, and why what was not noticed is redundant
  cargo xtask sim calibrate --format=jsonl       one JSON object per mode and disk",
    after_help = crate::exit::HELP
)]
pub(crate) struct Calibrate {
    /// Part of the name of a mode of the reference
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    /// Say of every redundant sync why it is
    #[arg(long)]
    verbose: bool,
    #[command(flatten)]
    printing: Printing,
}

impl Calibrate {
    /// Runs every section and prints what came of it.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let stopwatch = Stopwatch::start();
        let mut output = Output::new(self.printing.color);
        let disks = catalogue::calibration_disks();
        let names: Vec<String> = disks.iter().map(|disk| disk.name()).collect();
        let cases: Vec<_> = catalogue::sync_deletion_cases()
            .into_iter()
            .filter(|case| self.is_wanted(&case.id))
            .collect();
        if cases.is_empty() {
            let message =
                "no mode of the reference matches; all modes: cargo xtask sim list explore/";
            return Err(Refusal::new(Exit::NothingSelected, message).into());
        }
        let is_human = self.printing.format == Format::Human;
        if is_human {
            output.write(&deletions::title(&names))?;
        }
        let mut failed = 0;
        for case in &cases {
            let mode = Mode::measure(case, &disks);
            failed += u64::from(!mode.holds());
            output.write(&match self.printing.format {
                Format::Human => mode.human(&names, self.verbose),
                Format::Jsonl => mode.jsonl(&names),
            })?;
        }
        let exit = if failed == 0 {
            Exit::Held
        } else {
            Exit::Violated
        };
        let verdict = if failed == 0 { "passed" } else { "violated" };
        output.write(&if is_human {
            let style = if failed == 0 { GOOD } else { BAD };
            format!(
                "{style}{:>12}{style:#} [{:>7.1}s] {}: every sync accounted for in {} of them\n{LABEL}{:>12}{LABEL:#} {verdict}\n",
                "Summary",
                stopwatch.elapsed().as_secs_f64(),
                counted(cases.len() as u64, "mode"),
                cases.len() as u64 - failed,
                "Verdict",
            )
        } else {
            jsonl::line(&serde_json::json!({
                "type": "calibration-summary",
                "schema": 1,
                "verdict": verdict,
                "modes": cases.len(),
                "failed": failed,
            }))
        })?;
        Ok(exit)
    }

    fn is_wanted(&self, name: &str) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| name.contains(filter))
    }
}
