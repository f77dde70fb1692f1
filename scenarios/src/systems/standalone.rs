//! The reference's parent and the server that it launches, in each way in which they are held to their contract.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_reference::fs::FsOps as _;
use plimsoll_reference::host::{Host, Program};
use plimsoll_reference::inspection::{InspectionError, inspect};
use plimsoll_reference::service::serve;
use plimsoll_reference::standalone::{EngineKind, Setup, StandaloneOptions, UNDONE, USAGE, run};
use plimsoll_sim::trial::history::Found;
use plimsoll_sim::trial::promise::Promise;
use plimsoll_sim::trial::system::{Asks, Main, System};

/// The names of the programs.
const PARENT: &str = "parent";
const SERVER: &str = "server";

/// Where the store is.
const PATH: &str = "store";

/// A parent and its server.
#[derive(Clone, Debug)]
pub struct Standalone {
    name: &'static str,
    setup: Setup,
}

impl Standalone {
    /// Each way in which they are held to their contract.
    pub fn modes() -> Vec<Arc<dyn System>> {
        let second = Some(Duration::from_secs(1));
        let mode = |name, engine, in_memory, snapshot_interval| {
            let setup = Setup {
                in_memory,
                snapshot_interval,
                ..Setup::new(PATH, engine)
            };
            Arc::new(Self { name, setup }) as Arc<dyn System>
        };
        vec![
            mode("standalone-native", EngineKind::Native, false, None),
            mode("standalone-sqlite", EngineKind::Sqlite, false, None),
            mode("standalone-native-memory", EngineKind::Native, true, second),
            mode("standalone-sqlite-memory", EngineKind::Sqlite, true, second),
        ]
    }
}

impl System for Standalone {
    fn name(&self) -> &str {
        self.name
    }

    fn promise(&self) -> Promise {
        let seconds = |count| Some(Duration::from_secs(count));
        // Nobody waits for the disk where it is only for snapshots.
        let in_memory = self.setup.in_memory.then_some(Duration::from_secs(1));
        Promise {
            ends_on_hangup: true,
            reads_within: in_memory,
            writes_within: in_memory,
            undone_code: Some(UNDONE),
            answers_within: seconds(30),
            ends_within: seconds(30),
            shows_durable: !self.setup.in_memory,
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let setup = self.setup.clone();
        let parent: Main = Arc::new(move |host, _| {
            let options = StandaloneOptions::new(SERVER, setup.clone()).resume(true);
            Box::pin(run(host, options))
        });
        let server: Main = Arc::new(|host: Host, words| Box::pin(server(host, words)));
        vec![(PARENT, parent), (SERVER, server)]
    }

    fn first(&self) -> Program {
        Program::new(PARENT)
    }

    fn asks(&self) -> Asks {
        Asks {
            maintenance: 1,
            closes: false,
            ..Asks::default()
        }
    }

    fn inspect(&self, disk: &SimFs) -> Found {
        let path = Path::new(PATH);
        match disk.metadata(path) {
            Ok(None) => return Found::Nothing,
            Ok(Some(_)) => {}
            Err(error) => return Found::Unreadable(error.to_string()),
        }
        let host = Host::new(Arc::new(disk.clone()), Arc::new(SimClock::default()));
        match inspect(&host, path, None) {
            Ok(inspection) => Found::Store(inspection.pairs.into_iter().collect()),
            Err(InspectionError::Absent { .. }) => Found::Nothing,
            Err(error) => Found::Unreadable(error.text()),
        }
    }
}

/// A server, started by the words of a parent.
async fn server(host: Host, words: Vec<String>) -> i32 {
    let options = Setup::parse(&words).and_then(|setup| setup.service_options());
    match options {
        Ok(options) => serve(host, options).await,
        Err(_) => USAGE,
    }
}
