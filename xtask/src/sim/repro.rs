//! `cargo xtask sim repro`: one case, again, with everything that is known of it.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use plimsoll_sim::explore;

use crate::catalogue::Catalogue;
use crate::exit::{Ending, Exit};
use crate::output::{Output, Refusal};
use crate::report::Finished;
use crate::sim::case_runner::{self, Rerun};
use crate::sim::disks::Disks;
use crate::sim::options::{Budget, Denials, DiskOptions, Printing};
use crate::sim::seed::Seed;
use crate::sim::selection;
use crate::sim::tally::Tally;
use crate::sim::worlds::{self, replay};

/// Run one case twice, check that both runs are equal, and show its full trace and witness. One of worlds is found by its seeds, and run again
/// without them.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask sim repro mx-r10-rename-before-sync@ext4-ordered
  cargo xtask sim repro explore/reference-power@posix-minimal#0x1a2b --seed=0x1a2b
  cargo xtask sim repro explore/reference-power@mine#0x1a2b --disk=./mine.toml
  cargo xtask sim repro ./my-scenario.toml --disk=posix-minimal
  cargo xtask sim repro torc-r6@ext4-ordered
  cargo xtask sim repro target/sim/worlds/NAME.world.toml",
    after_help = crate::exit::HELP
)]
pub(crate) struct Repro {
    /// The id of a case, as reports and `sim list` print it, or the path of a scenario file with one case or of a world that
    /// `sim worlds` has written
    #[arg(value_name = "CASE-ID|PATH")]
    target: String,
    /// Scenario file that the case is in, when it does not ship
    #[arg(long, value_name = "PATH", env = "SIM_FILE", hide_env_values = true)]
    file: Option<String>,
    /// Seed of every sampled choice of the case [default: the case's own; for worlds, all those of its scenario]
    // No environment variable: one that is meant for the base seed of runs would make this another case.
    #[arg(long, value_name = "SEED")]
    seed: Option<Seed>,
    #[command(flatten)]
    budget: Budget,
    #[command(flatten)]
    denials: Denials,
    #[command(flatten)]
    disks: DiskOptions,
    #[command(flatten)]
    printing: Printing,
}

impl Repro {
    /// Runs the case and prints what came of it.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        if self.target.ends_with(replay::SUFFIX) {
            self.refuse(
                &["--seed", "--disk", "--file", "--budget", "--deny"],
                "the file of a world, which holds everything",
            )?;
            return replay::run(Path::new(&self.target), self.printing);
        }
        if let Some(exit) = self.world()? {
            return Ok(exit);
        }
        let mut output = Output::new(self.printing.color);
        let (page, exit) = self.page()?;
        output.write(&page)?;
        Ok(exit)
    }

    /// Runs the case, where it is one of worlds.
    fn world(&self) -> anyhow::Result<Option<Exit>> {
        let disks = Disks::choose(&self.disks.disk, &BTreeSet::new());
        // A disk that is wrong is told to whoever wants a case of the explorer, too.
        let Some(selected) = disks
            .ok()
            .and_then(|disks| worlds::selection::find(&self.target, self.seed, &disks))
        else {
            return Ok(None);
        };
        self.refuse(&["--file", "--budget", "--deny"], "a case of worlds")?;
        worlds::repro::run(selected, self.printing).map(Some)
    }

    /// Refuses the first of these options that was given, and not as an environment variable, which may be meant for others.
    fn refuse(&self, options: &[&str], what: &str) -> Result<(), Refusal> {
        let given = [
            ("--seed", self.seed.is_some(), None),
            ("--disk", !self.disks.disk.is_empty(), Some("SIM_DISK")),
            ("--file", self.file.is_some(), Some("SIM_FILE")),
            (
                "--budget",
                self.budget.states_max.is_some(),
                Some("SIM_BUDGET"),
            ),
            ("--deny", self.denials.deny.is_some(), Some("SIM_DENY")),
        ];
        for (option, is_given, variable) in given {
            let is_meant = is_given && variable.is_none_or(|name| std::env::var_os(name).is_none());
            if is_meant && options.contains(&option) {
                let message = format!("{option} means nothing for {what}");
                return Err(Refusal::new(Exit::Usage, message));
            }
        }
        Ok(())
    }

    /// Runs the case; what is to be printed of it, and the exit code.
    fn page(&self) -> anyhow::Result<(String, Exit)> {
        let catalogue = Catalogue::load();
        let known = selection::known_disks(&catalogue);
        let disks = Disks::choose(&self.disks.disk, &known)?;
        let mut selected = selection::find(&catalogue, &self.target, self.file.as_deref(), &disks)?;
        selected.limit(self.budget);
        selected.denials = self.denials;
        if let Some(seed) = self.seed {
            selected.case.seed = seed.0;
        }
        let mut outcome = case_runner::run(&explore::run, &selected.case, Rerun::Always);
        outcome.ending = self.denials.apply(outcome.ending);
        let mut tally = Tally::default();
        let known = tally.add(&selected, &outcome);
        let summary = tally.summary(1, outcome.elapsed, None);
        let finished = Finished {
            selected: &selected,
            outcome: &outcome,
            known: &known,
            position: 1,
            total: 1,
        };
        debug_assert_ne!(summary.ending, Ending::Interrupted, "one case was run");
        let page = self.printing.format.single(&finished, &summary);
        Ok((page, summary.ending.exit()))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cargo::root;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        repro: Repro,
    }

    #[test]
    fn the_file_of_a_world_is_run_as_it_is() {
        for option in ["--seed=5", "--disk=xfs", "--file=x.toml"] {
            let line = Line::try_parse_from(["repro", "x.world.toml", option]);
            let error = line.expect("it is understood").repro.run();
            let error = error.expect_err("there is no such file").to_string();
            let (word, _) = option.split_once('=').expect("a value");
            assert!(error.starts_with(word), "{error}");
        }
    }

    #[test]
    fn worlds_have_no_budget() {
        for option in ["--budget=5", "--deny=portability", "--file=x.toml"] {
            let line = Line::try_parse_from(["repro", "torc-r6@ext4-ordered", option]);
            let error = line.expect("it is understood").repro.run();
            let error = error.expect_err("it means nothing").to_string();
            assert!(
                error.ends_with("means nothing for a case of worlds"),
                "{error}"
            );
        }
    }

    #[test]
    fn cases_that_the_help_names_are_there() {
        let help = <Line as clap::CommandFactory>::command()
            .render_long_help()
            .to_string();
        let catalogue = Catalogue::load();
        let disks = Disks::choose(&[], &selection::known_disks(&catalogue));
        let disks = disks.expect("all of them");
        let examples = help
            .lines()
            .filter_map(|line| line.trim().strip_prefix("cargo xtask sim repro "));
        let ids: Vec<&str> = examples
            .filter(|words| words.contains('@') && !words.contains(' '))
            .collect();
        assert!(!ids.is_empty(), "{help}");
        for id in ids {
            let is_case = selection::find(&catalogue, id, None, &disks).is_ok();
            let world = worlds::selection::find(id, None, &disks);
            assert!(is_case != world.is_some(), "{id}");
        }
    }

    /// What the README shows is what is printed.
    #[test]
    fn the_failure_that_the_readme_shows_is_real() {
        let readme = std::fs::read_to_string(root().join("README.md")).expect("the page is there");
        let block = readme
            .split("```")
            .find(|block| block.trim_start().starts_with("expected["))
            .expect("the page shows a failure");
        let line = Line::try_parse_from(["repro", "mx-r10-rename-before-sync@ext4-ordered"]);
        let (page, exit) = line
            .expect("it is understood")
            .repro
            .page()
            .expect("it runs");
        assert_eq!(exit, Exit::Held);
        let printed = anstream::adapter::strip_str(&page).to_string();
        // What is shown is all of it, from its first line on, but for what the marks stand for.
        let mut rest = printed.as_str();
        for part in block.trim_start().split("  [...]\n") {
            let at = rest.find(part);
            let at = at.unwrap_or_else(|| panic!("not printed here:\n{part}\n{printed}"));
            assert!(rest[..at].is_empty() || rest[..at].ends_with('\n'));
            rest = &rest[at + part.len()..];
        }
        assert!(rest.starts_with("\nreproduce: "), "there is more: {rest}");
    }
}
