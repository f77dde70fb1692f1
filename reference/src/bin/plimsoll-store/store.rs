//! Which store, and how it works.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use plimsoll_reference::fs::FsOps;
use plimsoll_reference::service::{self, ServiceOptions};
use plimsoll_reference::standalone::{EngineKind, Setup};

/// Which store, and how it works.
#[derive(Clone, Debug, Args)]
pub(crate) struct StoreArgs {
    /// The store: a directory of the native engine, a file of SQLite's
    #[arg(long, value_name = "PATH")]
    path: PathBuf,
    /// What keeps the data
    #[arg(long, value_name = "ENGINE", default_value = "native")]
    engine: Engine,
    /// When writes are acknowledged
    #[arg(long, value_name = "WHEN", default_value = "power")]
    acks: Acks,
    /// How long writes that were acknowledged at once may be at risk
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = clap::value_parser!(u32).range(1..))]
    window_seconds: u32,
    /// Keep the store in memory, and at the path what snapshots put there: at the end, and when asked
    #[arg(long)]
    in_memory: bool,
    /// Take a snapshot this often, if something was written
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    snapshot_interval_seconds: Option<u32>,
    /// How many snapshots are kept, the newest counted [default: 5; the native engine keeps 1]
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    snapshot_keep: Option<u32>,
    /// Where snapshots go; a native store is opened from its log and its snapshot, and always needs the same [default: `snapshot.plim` in the
    /// directory; the path itself for SQLite in memory, else nowhere]
    #[arg(long, value_name = "PATH")]
    snapshot_path: Option<PathBuf>,
}

/// What keeps the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    /// A log and a snapshot, in a directory
    Native,
    /// A database, in a file
    Sqlite,
}

/// When writes are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Acks {
    /// When they survive a power loss; in memory, when they are done
    Power,
    /// At once
    Window,
}

impl StoreArgs {
    /// The same for a server, with paths that do not depend on where it starts.
    pub(crate) fn setup(&self) -> Result<Setup, String> {
        let absolute = |path: &PathBuf| {
            std::path::absolute(path)
                .map_err(|error| format!("`{}` is no path: {error}", path.display()))
        };
        let engine = match self.engine {
            Engine::Native => EngineKind::Native,
            Engine::Sqlite => EngineKind::Sqlite,
        };
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Ok(Setup {
            in_memory: self.in_memory,
            acks: match self.acks {
                Acks::Power => service::Acks::Power,
                Acks::Window => service::Acks::Window,
            },
            window: seconds(self.window_seconds),
            snapshot_interval: self.snapshot_interval_seconds.map(seconds),
            snapshot_keep: self.snapshot_keep,
            snapshot_path: self.snapshot_path.as_ref().map(absolute).transpose()?,
            ..Setup::new(absolute(&self.path)?, engine)
        })
    }

    /// Why a snapshot at the place that is named would part the store from what it is opened with, if it would: a native store on disk
    /// drops from its log what its snapshot holds.
    pub(crate) fn parting(&self, fs: &dyn FsOps) -> Option<String> {
        let path = self.snapshot_path.as_ref()?;
        if self.engine != Engine::Native || self.in_memory {
            return None;
        }
        // Where there is no store, that is told by whoever opens it, and so is what cannot be looked at.
        let is_there = matches!(fs.metadata(&self.path), Ok(Some(_)));
        match fs.metadata(path) {
            Ok(None) if is_there => Some(format!(
                "--snapshot-path: the store would not be opened again without `{}`, as its log is shortened by what its snapshot holds; name \
                 the place where its snapshot is, or leave it out and copy `snapshot.plim` from the directory",
                path.display()
            )),
            _ => None,
        }
    }

    /// The options of the service.
    pub(crate) fn options(&self) -> Result<ServiceOptions, String> {
        self.setup()?
            .service_options()
            .map_err(|error| error.to_string())
    }
}
