//! The command grammar.

use clap::{Parser, Subcommand};

use crate::bench::Bench;
use crate::exit::Exit;
use crate::sim::Sim;
use crate::test::Test;
use crate::torture::Torture;

/// Break stores in every way a disk allows, and check that nothing acknowledged is lost.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    before_help = "Examples:
  cargo xtask sim                     every scenario and a minute's worth of exploration
  cargo xtask sim run torn-tail       the scenarios whose name contains `torn-tail`
  cargo xtask torture                 the store as a program, killed and restarted for a minute
  cargo xtask test                    formatting, lints and every test
  cargo xtask bench sweep             how fast the explorer is",
    after_help = crate::exit::HELP,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Sim(Sim),
    Torture(Torture),
    Test(Test),
    Bench(Bench),
}

impl Cli {
    /// Does what was asked.
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        match self.command {
            Command::Sim(sim) => sim.run(),
            Command::Torture(torture) => torture.run(),
            Command::Test(test) => test.run(),
            Command::Bench(bench) => bench.run(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    /// The help of a command, as wide as the documentation.
    fn help(path: &[&str]) -> String {
        let mut command = Cli::command();
        command.build();
        let mut command = &mut command;
        for name in path {
            command = command
                .find_subcommand_mut(name)
                .unwrap_or_else(|| panic!("there is a command `{name}`"));
        }
        // Rendering consumes settings, not the tree, so a clone keeps the borrow simple.
        command
            .clone()
            .term_width(100)
            .render_long_help()
            .to_string()
    }

    #[test]
    fn the_grammar_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_starts_with_examples() {
        insta::assert_snapshot!("help", help(&[]));
        insta::assert_snapshot!("help_sim", help(&["sim"]));
        insta::assert_snapshot!("help_sim_run", help(&["sim", "run"]));
        insta::assert_snapshot!("help_sim_repro", help(&["sim", "repro"]));
        insta::assert_snapshot!("help_sim_list", help(&["sim", "list"]));
        insta::assert_snapshot!("help_sim_disks", help(&["sim", "disks"]));
        insta::assert_snapshot!("help_sim_litmus", help(&["sim", "litmus"]));
        insta::assert_snapshot!("help_sim_calibrate", help(&["sim", "calibrate"]));
        insta::assert_snapshot!("help_torture", help(&["torture"]));
        insta::assert_snapshot!("help_sim_worlds", help(&["sim", "worlds"]));
        insta::assert_snapshot!("help_test", help(&["test"]));
        for name in [
            "sqlite",
            "store",
            "sweep",
            "states",
            "recoveries",
            "first-violation",
            "world",
            "stall",
            "hunts",
        ] {
            let snapshot = format!("help_bench_{}", name.replace('-', "_"));
            insta::assert_snapshot!(snapshot, help(&["bench", name]));
        }
    }

    /// The commands of a page: lines of shell, and what stands amid the text.
    fn commands(page: &str) -> Vec<String> {
        let mut commands = Vec::new();
        for (index, part) in page.split("```").enumerate() {
            let found: Vec<&str> = match index % 2 {
                0 => part.split('`').skip(1).step_by(2).collect(),
                _ => part.lines().collect(),
            };
            let found = found
                .iter()
                .map(|text| text.split(" #").next().unwrap_or(text));
            let found = found.filter(|text| text.starts_with("cargo xtask "));
            commands.extend(found.map(|text| text.replace('\n', " ")));
        }
        commands
    }

    #[test]
    fn every_command_of_the_guides_is_one() {
        let pages = [
            ("README.md", include_str!("../../README.md")),
            ("your-store.md", include_str!("../../docs/your-store.md")),
            ("worlds.md", include_str!("../../docs/worlds.md")),
            (
                "other-languages.md",
                include_str!("../../docs/other-languages.md"),
            ),
            (
                "profiles/README.md",
                include_str!("../../docs/profiles/README.md"),
            ),
        ];
        for (name, page) in pages {
            let commands = commands(page);
            assert!(!commands.is_empty(), "{name} has none");
            for command in commands {
                let words = command.split_whitespace().skip(1);
                // What stands amid the text may be no more than the name of a command.
                match Cli::try_parse_from(words) {
                    Err(error) if error.kind() != ErrorKind::MissingRequiredArgument => {
                        panic!("{name}: {command}: {error}");
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn options_of_sim_do_not_go_before_a_subcommand() {
        assert!(Cli::try_parse_from(["xtask", "sim", "--seed=7"]).is_ok());
        assert!(Cli::try_parse_from(["xtask", "sim", "run", "--seed=7"]).is_ok());
        assert!(Cli::try_parse_from(["xtask", "sim", "--seed=7", "list"]).is_err());
    }
}
