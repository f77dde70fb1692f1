//! The command grammar.

use clap::{Args, Parser, Subcommand};
use plimsoll_reference::host::{Host, timeout, write_all};
use plimsoll_reference::service;
use plimsoll_reference::standalone::USAGE;

use crate::parent::{Exec, Run, Snapshot};
use crate::reading::{Check, Get, Scan};
use crate::store::StoreArgs;

/// A durable key-value store that is asked by lines of text.
#[derive(Debug, Parser)]
#[command(
    name = "plimsoll-store",
    bin_name = "plimsoll-store",
    before_help = "Examples:
  plimsoll-store exec --path=data 'put colour blue' 'get colour'
  plimsoll-store run --path=run.db --engine=sqlite --in-memory < requests
  plimsoll-store get --path=data colour
  plimsoll-store check --path=run.db",
    after_help = EXIT_CODES,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// The last lines of every `--help`.
pub(crate) const EXIT_CODES: &str = "Exit codes:
  0  all went well, and everything that was acknowledged is on disk as it was promised
  1  something that was acknowledged is not, or may not be; what was to be read is absent or damaged
  2  the command line is wrong
  3  a request failed or was not made; everything that was acknowledged is on disk";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(Serve),
    Run(Run),
    Exec(Exec),
    Snapshot(Snapshot),
    Get(Get),
    Scan(Scan),
    Check(Check),
}

/// Serve requests from standard input until it ends
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  plimsoll-store serve --path=data
  plimsoll-store serve --path=run.db --engine=sqlite --acks=window",
    after_help = "Requests are lines: a number, then `put KEY VALUE`, `delete KEY`, `batch put K V; delete K`, `get KEY`, `scan`, `sync`,
`snapshot`, `checkpoint`, `compact` or `close`. SIGUSR1 asks for a snapshot; SIGTERM and SIGINT end it in good order."
)]
struct Serve {
    #[command(flatten)]
    store: StoreArgs,
}

impl Cli {
    /// Does what was asked, and returns the exit code.
    pub(crate) async fn run(self, host: Host) -> i32 {
        match self.command {
            Command::Serve(serve) => match serve.store.options() {
                Ok(options) => service::serve(host, options).await,
                Err(message) => refuse(&host, USAGE, &message).await,
            },
            Command::Run(run) => run.run(host).await,
            Command::Exec(exec) => exec.run(host).await,
            Command::Snapshot(snapshot) => snapshot.run(host).await,
            Command::Get(get) => get.run(host).await,
            Command::Scan(scan) => scan.run(host).await,
            Command::Check(check) => check.run(host).await,
        }
    }
}

/// Says on one line why nothing was done.
pub(crate) async fn refuse(host: &Host, code: i32, message: &str) -> i32 {
    let line = format!("plimsoll-store: {}\n", message.replace('\n', " "));
    let mut stderr = host.process.stderr();
    // Nobody reading it changes nothing.
    let _ = timeout(
        host,
        service::END_TIME,
        write_all(&mut *stderr, line.as_bytes()),
    )
    .await;
    code
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::CommandFactory;
    use plimsoll_reference::service::Acks;
    use plimsoll_reference::standalone::{EngineKind, Setup};

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
        for name in ["serve", "run", "exec", "snapshot", "get", "scan", "check"] {
            insta::assert_snapshot!(format!("help_{name}"), help(&[name]));
        }
    }

    #[test]
    fn a_server_understands_what_its_parent_says() {
        let setup = Setup {
            in_memory: true,
            acks: Acks::Window,
            window: Duration::from_secs(2),
            snapshot_interval: Some(Duration::from_secs(3)),
            snapshot_keep: Some(1),
            snapshot_path: Some("/a b".into()),
            ..Setup::new("/data/x", EngineKind::Native)
        };
        for setup in [setup, Setup::new("/d", EngineKind::Sqlite)] {
            let words = setup.arguments().expect("UTF-8");
            let line = std::iter::once("plimsoll-store".to_owned()).chain(words);
            let cli = Cli::try_parse_from(line).expect("it is a command line");
            let Command::Serve(serve) = cli.command else {
                panic!("it serves");
            };
            assert_eq!(serve.store.setup(), Ok(setup));
        }
    }

    #[test]
    fn numbers_that_turn_something_off_are_refused() {
        for option in [
            "--snapshot-interval-seconds=0",
            "--snapshot-keep=0",
            "--window-seconds=0",
            "--snapshot-keep=five",
        ] {
            let line = ["plimsoll-store", "run", "--path=d", option];
            assert!(Cli::try_parse_from(line).is_err(), "{option}");
        }
    }
}
