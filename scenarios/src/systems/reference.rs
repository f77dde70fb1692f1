//! The reference service, in each way in which it is held to its contract.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_reference::host::{Host, Program};
use plimsoll_reference::native::{LogMode, Options, Store, SyncPolicy, read_snapshot};
use plimsoll_reference::service::{Acks, EngineOptions, ServiceOptions, serve};
use plimsoll_reference::sqlite;
use plimsoll_sim::trial::history::{Found, Pairs};
use plimsoll_sim::trial::promise::Promise;
use plimsoll_sim::trial::system::{Asks, Main, System};

/// The name of its program.
const PROGRAM: &str = "store";

/// Where the native engine keeps its files.
const BASE: &str = "data";

/// Where the database of SQLite is, and the snapshots of one in memory.
const DATABASE: &str = "data.db";
const SNAPSHOT: &str = "snapshot.db";

/// Which engine it has, and what is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    /// A log that is synced at every commit.
    Native,
    /// A log that is not synced.
    NativeProcess,
    /// Snapshots only.
    NativeMemory,
    /// A database in a file.
    Sqlite,
    /// A database in memory, with snapshots.
    SqliteMemory,
}

/// The reference service.
#[derive(Clone, Debug)]
pub struct Service {
    name: &'static str,
    storage: Storage,
    acks: Acks,
    interval: Option<Duration>,
}

impl Service {
    /// Each way in which it is held to its contract.
    pub fn modes() -> Vec<Arc<dyn System>> {
        let second = Duration::from_secs(1);
        let mode = |name, storage, acks, interval| {
            Arc::new(Self {
                name,
                storage,
                acks,
                interval,
            }) as Arc<dyn System>
        };
        vec![
            mode("service-power", Storage::Native, Acks::Power, None),
            mode("service-window", Storage::Native, Acks::Window, None),
            mode("service-process", Storage::NativeProcess, Acks::Power, None),
            mode("service-memory", Storage::NativeMemory, Acks::Power, None),
            mode(
                "service-memory-interval",
                Storage::NativeMemory,
                Acks::Power,
                Some(second),
            ),
            mode("service-sqlite", Storage::Sqlite, Acks::Power, None),
            mode("service-sqlite-window", Storage::Sqlite, Acks::Window, None),
            mode(
                "service-sqlite-memory",
                Storage::SqliteMemory,
                Acks::Power,
                Some(second),
            ),
        ]
    }

    fn native(&self) -> Options {
        let options = Options::new(BASE);
        match self.storage {
            Storage::NativeProcess => options.sync_policy(SyncPolicy::Never),
            Storage::NativeMemory => options.log_mode(LogMode::Never),
            _ => options,
        }
    }

    fn options(&self) -> ServiceOptions {
        let engine = match self.storage {
            Storage::Sqlite => {
                EngineOptions::Sqlite(sqlite::Options::file(DATABASE).snapshot_path(SNAPSHOT))
            }
            Storage::SqliteMemory => {
                EngineOptions::Sqlite(sqlite::Options::memory().snapshot_path(SNAPSHOT))
            }
            _ => EngineOptions::Native(self.native()),
        };
        let options = ServiceOptions::new(engine).acks(self.acks);
        match self.interval {
            Some(interval) => options.snapshot_interval(interval),
            None => options,
        }
    }

    /// Where the snapshots are that are all there is on disk.
    fn snapshot(&self) -> Option<PathBuf> {
        match self.storage {
            Storage::NativeMemory => Some(Path::new(BASE).join("snapshot.plim")),
            Storage::SqliteMemory => Some(PathBuf::from(SNAPSHOT)),
            _ => None,
        }
    }
}

impl System for Service {
    fn name(&self) -> &str {
        self.name
    }

    fn promise(&self) -> Promise {
        let seconds = |count| Some(Duration::from_secs(count));
        // Nobody waits for the disk where it is only for snapshots.
        let in_memory = self.snapshot().is_some().then_some(Duration::from_secs(1));
        Promise {
            snapshots_on_signal: true,
            gives_up_opening: true,
            reads_within: in_memory,
            writes_within: in_memory,
            answers_within: seconds(20),
            ends_within: seconds(20),
            window_slack: Duration::from_secs(1),
            shows_durable: matches!(self.storage, Storage::Native | Storage::Sqlite)
                && self.acks == Acks::Power,
            reads_survive: matches!(self.storage, Storage::Native | Storage::Sqlite)
                && self.acks == Acks::Power,
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let options = self.options();
        let main: Main = Arc::new(move |host, _| Box::pin(serve(host, options.clone())));
        vec![(PROGRAM, main)]
    }

    fn first(&self) -> Program {
        Program::new(PROGRAM)
    }

    fn asks(&self) -> Asks {
        Asks {
            maintenance: 1,
            ..Asks::default()
        }
    }

    fn inspect(&self, disk: &SimFs) -> Found {
        let fs = Arc::new(disk.clone());
        let host = Host::new(fs, Arc::new(SimClock::default()));
        let mut pairs = Pairs::new();
        let mut visit = |key: &[u8], value: &[u8]| {
            pairs.insert(key.to_vec(), value.to_vec());
        };
        let is_there = match (self.storage, self.snapshot()) {
            (Storage::SqliteMemory, Some(path)) => {
                sqlite::read_image(&host, &path, &mut visit).map_err(|error| error.to_string())
            }
            (_, Some(path)) => {
                read_snapshot(disk, &path, &mut visit).map_err(|error| error.to_string())
            }
            (Storage::Sqlite, None) => opened_sqlite(&host, &mut visit),
            (_, None) => opened_native(&host, &self.native(), &mut visit),
        };
        match is_there {
            Ok(true) => Found::Store(pairs),
            Ok(false) => Found::Nothing,
            Err(message) => Found::Unreadable(message),
        }
    }

    fn is_read_beside(&self) -> bool {
        self.snapshot().is_some()
    }
}

fn opened_native(
    host: &Host,
    options: &Options,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<bool, String> {
    let store = Store::open(host, options).map_err(|error| error.to_string())?;
    store.scan(visit).map_err(|error| error.to_string())?;
    Ok(true)
}

fn opened_sqlite(host: &Host, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<bool, String> {
    let options = sqlite::Options::file(DATABASE);
    let store = sqlite::Store::open(host, &options).map_err(|error| error.to_string())?;
    store.scan(visit).map_err(|error| error.to_string())?;
    Ok(true)
}
