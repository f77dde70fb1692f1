//! `cargo xtask test`: formatting, lints and every test, with the tools that are there.

use std::ffi::OsString;
use std::process::Stdio;

use anyhow::Context;
use clap::Args;

use crate::cargo::cargo;
use crate::exit::Exit;
use crate::output::{BAD, FAINT, GOOD, LABEL, note};
use crate::progress::in_ci;
use crate::stopwatch::Stopwatch;

/// Check formatting and lints, and run every test.
///
/// Tests run with cargo-nextest where it is installed, else with `cargo test`. What is not installed is skipped, and said to be.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask test                     everything
  cargo xtask test torn_tail           the tests whose name contains `torn_tail`
  cargo xtask test -p plimsoll-faults  the tests of one crate",
    after_help = "Exit codes: 0 when everything passed, 1 when nothing could be run, 2 when something failed."
)]
pub(crate) struct Test {
    /// Arguments for the test runner
    #[arg(
        value_name = "ARGUMENT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<OsString>,
}

/// Something to run, or a reason not to.
struct Stage {
    name: &'static str,
    plan: Result<Vec<OsString>, &'static str>,
}

/// What is installed.
#[derive(Clone, Copy)]
struct Tools {
    rustfmt: bool,
    clippy: bool,
    nextest: bool,
}

impl Test {
    /// Runs every stage, also after one has failed, and says at the end which did.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let tools = Tools {
            rustfmt: is_installed("fmt"),
            clippy: is_installed("clippy"),
            nextest: is_installed("nextest"),
        };
        let mut lines = Vec::new();
        let mut failed = false;
        for stage in stages(tools, &self.arguments, in_ci()) {
            let line = match stage.plan {
                Err(reason) => {
                    format!("{FAINT}{:>12}{FAINT:#} {}: {reason}", "skipped", stage.name)
                }
                Ok(arguments) => {
                    let passed = run(&arguments)?;
                    failed |= !passed.succeeded;
                    let (style, word) = if passed.succeeded {
                        (GOOD, "passed")
                    } else {
                        (BAD, "FAILED")
                    };
                    let seconds = passed.seconds;
                    format!(
                        "{style}{word:>12}{style:#} [{seconds:>6.1}s] {}",
                        stage.name
                    )
                }
            };
            lines.push(line);
        }
        note(&format!("\n{LABEL}{:>12}{LABEL:#}", "Stages"));
        for line in &lines {
            note(line);
        }
        Ok(if failed { Exit::Violated } else { Exit::Held })
    }
}

/// What is run, in order, with these tools and arguments.
fn stages(tools: Tools, arguments: &[OsString], in_ci: bool) -> Vec<Stage> {
    let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
    let with_arguments = |fixed: &[&str]| [words(fixed), arguments.to_vec()].concat();
    let when = |installed, missing, plan| if installed { Ok(plan) } else { Err(missing) };
    let mut stages = vec![
        Stage {
            name: "formatting",
            plan: when(
                tools.rustfmt,
                "rustfmt is not installed",
                words(&["fmt", "--all", "--check"]),
            ),
        },
        Stage {
            name: "lints",
            plan: when(
                tools.clippy,
                "clippy is not installed",
                words(&[
                    "clippy",
                    "--workspace",
                    "--all-targets",
                    "--",
                    "-D",
                    "warnings",
                ]),
            ),
        },
    ];
    if tools.nextest {
        let profile: &[&str] = if in_ci { &["--profile=ci"] } else { &[] };
        stages.push(Stage {
            name: "tests, with cargo-nextest",
            plan: Ok(with_arguments(&[&["nextest", "run"], profile].concat())),
        });
        stages.push(Stage {
            name: "documentation tests, with cargo test",
            plan: when(
                arguments.is_empty(),
                "the arguments given are for the test runner",
                words(&["test", "--doc"]),
            ),
        });
    } else {
        stages.push(Stage {
            name: "tests, with cargo test (cargo-nextest is not installed)",
            plan: Ok(with_arguments(&["test"])),
        });
    }
    stages
}

/// How a stage went.
struct Passed {
    succeeded: bool,
    seconds: f64,
}

fn run(arguments: &[OsString]) -> anyhow::Result<Passed> {
    let shown: Vec<_> = arguments
        .iter()
        .map(|argument| argument.to_string_lossy())
        .collect();
    note(&format!(
        "{LABEL}{:>12}{LABEL:#} cargo {}",
        "Running",
        shown.join(" ")
    ));
    let stopwatch = Stopwatch::start();
    let status = cargo()
        .args(arguments)
        .status()
        .with_context(|| format!("cannot start cargo {}", shown.join(" ")))?;
    Ok(Passed {
        succeeded: status.success(),
        seconds: stopwatch.elapsed().as_secs_f64(),
    })
}

fn is_installed(subcommand: &str) -> bool {
    cargo()
        .args([subcommand, "--version"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    fn described(tools: Tools, arguments: &[&str], in_ci: bool) -> Vec<String> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        stages(tools, &arguments, in_ci)
            .into_iter()
            .map(|stage| match stage.plan {
                Ok(words) => words.join(OsStr::new(" ")).into_string().expect("ASCII"),
                Err(reason) => format!("{}: {reason}", stage.name),
            })
            .collect()
    }

    #[test]
    fn everything_runs_where_everything_is_installed() {
        let tools = Tools {
            rustfmt: true,
            clippy: true,
            nextest: true,
        };
        assert_eq!(
            described(tools, &[], true),
            [
                "fmt --all --check",
                "clippy --workspace --all-targets -- -D warnings",
                "nextest run --profile=ci",
                "test --doc",
            ]
        );
        assert_eq!(
            described(tools, &["torn", "-p=x"], false)[2..],
            [
                "nextest run torn -p=x",
                "documentation tests, with cargo test: the arguments given are for the test runner",
            ]
        );
    }

    #[test]
    fn a_fresh_machine_has_cargo_only() {
        let tools = Tools {
            rustfmt: false,
            clippy: false,
            nextest: false,
        };
        assert_eq!(
            described(tools, &["torn"], true),
            [
                "formatting: rustfmt is not installed",
                "lints: clippy is not installed",
                "test torn",
            ]
        );
    }
}
