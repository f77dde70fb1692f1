//! The reference's parent and the server that it launches, in each way in which they are held to their contract.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_reference::fs::FsOps as _;
use plimsoll_reference::host::{Host, Program};
use plimsoll_reference::inspection::{InspectionError, inspect};
use plimsoll_reference::service::{Acks, serve};
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
        let mode = |name, setup| Arc::new(Self { name, setup }) as Arc<dyn System>;
        let on_disk = |engine| Setup::new(PATH, engine);
        let in_memory = |engine| Setup {
            in_memory: true,
            snapshot_interval: Some(Duration::from_secs(1)),
            ..on_disk(engine)
        };
        let window = Setup {
            acks: Acks::Window,
            snapshot_interval: Some(Duration::from_secs(1)),
            ..on_disk(EngineKind::Native)
        };
        vec![
            mode("standalone-native", on_disk(EngineKind::Native)),
            mode("standalone-sqlite", on_disk(EngineKind::Sqlite)),
            mode("standalone-native-memory", in_memory(EngineKind::Native)),
            mode("standalone-sqlite-memory", in_memory(EngineKind::Sqlite)),
            mode("standalone-window", window),
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
            gives_up_opening: true,
            reads_within: in_memory,
            writes_within: in_memory,
            undone_code: Some(UNDONE),
            answers_within: seconds(30),
            ends_within: seconds(30),
            window_slack: Duration::from_secs(1),
            shows_durable: !self.setup.in_memory && self.setup.acks == Acks::Power,
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
