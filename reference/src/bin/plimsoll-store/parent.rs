//! Commands that bring their own server.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use plimsoll_reference::host::Host;
use plimsoll_reference::standalone::{self, StandaloneOptions, UNDONE, USAGE};

use crate::cli::refuse;
use crate::store::StoreArgs;

/// How the server is brought along.
#[derive(Clone, Debug, Args)]
struct ParentArgs {
    #[command(flatten)]
    store: StoreArgs,
    /// Go on from what is at the path. Without this, --in-memory refuses a path where something is
    #[arg(long)]
    resume: bool,
    /// Stop waiting for a server that was silent for so long; it goes on by itself [default: never]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    give_up_after_seconds: Option<u32>,
    /// The program that serves [default: this one]
    #[arg(long, value_name = "PROGRAM")]
    server: Option<PathBuf>,
}

impl ParentArgs {
    fn options(&self) -> Result<StandaloneOptions, (i32, String)> {
        let server = match &self.server {
            Some(server) => server.clone(),
            None => std::env::current_exe().map_err(|error| {
                let message = format!("cannot find this program ({error}); name it with --server");
                (UNDONE, message)
            })?,
        };
        let setup = self.store.setup().map_err(|message| (USAGE, message))?;
        let mut options = StandaloneOptions::new(server, setup).resume(self.resume);
        if let Some(seconds) = self.give_up_after_seconds {
            options = options.give_up_after(Duration::from_secs(seconds.into()));
        }
        Ok(options)
    }

    async fn exec(&self, host: Host, requests: Vec<String>, existing: bool) -> i32 {
        match self.options() {
            Ok(options) => standalone::exec(host, options.existing(existing), requests).await,
            Err((code, message)) => refuse(&host, code, &message).await,
        }
    }
}

/// Start a server, have it do what standard input asks for, and end it
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  plimsoll-store run --path=data < requests
  plimsoll-store run --path=run.db --engine=sqlite --in-memory --snapshot-interval-seconds=60",
    after_help = crate::cli::EXIT_CODES
)]
pub(crate) struct Run {
    #[command(flatten)]
    parent: ParentArgs,
}

impl Run {
    pub(crate) async fn run(self, host: Host) -> i32 {
        match self.parent.options() {
            Ok(options) => standalone::run(host, options).await,
            Err((code, message)) => refuse(&host, code, &message).await,
        }
    }
}

/// Start a server, make these requests one after the other, and end it
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  plimsoll-store exec --path=data 'put colour blue' 'get colour'
  plimsoll-store exec --path=run.db --engine=sqlite --in-memory 'put a 1' snapshot 'put b 2'",
    after_help = crate::cli::EXIT_CODES
)]
pub(crate) struct Exec {
    #[command(flatten)]
    parent: ParentArgs,
    /// Requests without their numbers; after one that fails the rest is not made
    #[arg(value_name = "REQUEST", required = true)]
    requests: Vec<String>,
}

impl Exec {
    pub(crate) async fn run(self, host: Host) -> i32 {
        self.parent.exec(host, self.requests, false).await
    }
}

/// Take a snapshot of a store that nobody has open
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  plimsoll-store snapshot --path=data
  plimsoll-store snapshot --path=run.db --engine=sqlite --snapshot-path=backup.db

  A copy of a native store: take its snapshot, then copy `snapshot.plim` from its directory",
    after_help = crate::cli::EXIT_CODES
)]
pub(crate) struct Snapshot {
    #[command(flatten)]
    parent: ParentArgs,
}

impl Snapshot {
    pub(crate) async fn run(self, host: Host) -> i32 {
        if let Some(message) = self.parent.store.parting(&*host.fs) {
            return refuse(&host, USAGE, &message).await;
        }
        // A path that was mistyped must not be backed up as an empty store.
        self.parent
            .exec(host, vec!["snapshot".to_owned()], true)
            .await
    }
}
