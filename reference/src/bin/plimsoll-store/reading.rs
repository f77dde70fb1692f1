//! Commands that only read.

use std::path::{Path, PathBuf};

use clap::Args;
use plimsoll_reference::host::{Host, write_all};
use plimsoll_reference::inspection::{Inspection, inspect};
use plimsoll_reference::mutation::{Text, parse_bytes};
use plimsoll_reference::standalone::{UNDONE, USAGE};

use crate::cli::refuse;

/// Exit code: what was to be read is not there, or not whole.
const MISSING: i32 = 1;

/// What is read.
#[derive(Clone, Debug, Args)]
struct ReadArgs {
    /// The directory of a native store, a snapshot of one, or an SQLite store
    #[arg(long, value_name = "PATH")]
    path: PathBuf,
    /// Where the native store has its snapshot, if not in its directory
    #[arg(long, value_name = "PATH")]
    snapshot_path: Option<PathBuf>,
    /// Refused, with the reason
    #[arg(long, hide = true)]
    in_memory: bool,
}

impl ReadArgs {
    /// Reads all of it, or says why not and gives the exit code.
    async fn inspect(&self, host: &Host) -> Result<Inspection, i32> {
        if self.in_memory {
            let message = "--in-memory: this command only reads, and a store in memory starts empty; leave it out";
            return Err(refuse(host, USAGE, message).await);
        }
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.into());
        let path = absolute(&self.path);
        let snapshot = self.snapshot_path.as_deref().map(absolute);
        let job_host = host.clone();
        let job = move || inspect(&job_host, &path, snapshot.as_deref());
        let message = match host.blocking(job).await {
            Ok(Ok(inspection)) => return Ok(inspection),
            Ok(Err(error)) => error.text(),
            Err(failed) => failed.to_string(),
        };
        Err(refuse(host, MISSING, &message).await)
    }
}

/// Print the value of a key, without changing anything
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  plimsoll-store get --path=data colour",
    after_help = crate::cli::EXIT_CODES
)]
pub(crate) struct Get {
    #[command(flatten)]
    read: ReadArgs,
    /// The key, in the text form of requests
    #[arg(value_name = "KEY")]
    key: String,
}

impl Get {
    pub(crate) async fn run(self, host: Host) -> i32 {
        let key = match parse_bytes(&self.key) {
            Ok(key) => key,
            Err(error) => {
                let message = format!("`{}` is no key: {error}", self.key);
                return refuse(&host, USAGE, &message).await;
            }
        };
        let found = match self.read.inspect(&host).await {
            Ok(found) => found,
            Err(code) => return code,
        };
        match found.pairs.iter().find(|(of, _)| *of == key) {
            Some((_, value)) => print(&host, &format!("{}\n", Text(value))).await,
            None => refuse(&host, MISSING, &format!("there is no key `{}`", self.key)).await,
        }
    }
}

/// Print every key with its value, without changing anything
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  plimsoll-store scan --path=data",
    after_help = crate::cli::EXIT_CODES
)]
pub(crate) struct Scan {
    #[command(flatten)]
    read: ReadArgs,
}

impl Scan {
    pub(crate) async fn run(self, host: Host) -> i32 {
        match self.read.inspect(&host).await {
            Ok(found) => {
                let line =
                    |(key, value): &(Vec<u8>, Vec<u8>)| format!("{} {}\n", Text(key), Text(value));
                let lines: String = found.pairs.iter().map(line).collect();
                print(&host, &lines).await
            }
            Err(code) => code,
        }
    }
}

/// Read all of a store, and say whether it is complete and what the next open mends
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  plimsoll-store check --path=data",
    after_help = crate::cli::EXIT_CODES
)]
pub(crate) struct Check {
    #[command(flatten)]
    read: ReadArgs,
}

impl Check {
    pub(crate) async fn run(self, host: Host) -> i32 {
        match self.read.inspect(&host).await {
            Ok(found) => print(&host, &report(&found)).await,
            Err(code) => code,
        }
    }
}

fn report(found: &Inspection) -> String {
    let count = found.pairs.len();
    let sequence = match found.sequence {
        Some(sequence) => format!(", all up to write {sequence}"),
        None => String::new(),
    };
    let mut lines = format!("complete: {} with {count} keys{sequence}\n", found.kind);
    for repair in &found.repairs {
        lines.push_str(&format!("the next open {repair}\n"));
    }
    lines
}

async fn print(host: &Host, text: &str) -> i32 {
    match write_all(&mut *host.process.stdout(), text.as_bytes()).await {
        Ok(()) => 0,
        // `scan | head` has seen enough.
        Err(_) => UNDONE,
    }
}
