//! The servers as the harness sees them.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::host::Program;
use plimsoll_sim::trial::history::{Found, Pairs};
use plimsoll_sim::trial::promise::Promise;
use plimsoll_sim::trial::system::{Asks, Main, System};

use super::bug::Bug;
use super::watchdog::LONGEST;
use super::{backend, dictionary, forks, guarded, queue};
use crate::specimens::mends::Mends;
use crate::systems::edge::load;

/// How long requests and the end take at most.
const BOUND: Duration = Duration::from_secs(20);

/// One of the servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Forks,
    Backend,
    Dictionary,
    Queue,
    Guarded,
}

/// A server, its name, and its bug.
const SERVERS: [(Server, &str, Bug); 5] = [
    (Server::Forks, forks::PARENT, Bug::S70),
    (Server::Backend, backend::BACKEND, Bug::S71),
    (Server::Dictionary, "pickledb", Bug::S72),
    (Server::Queue, "beanstalkd", Bug::S72d),
    (Server::Guarded, "cockroach", Bug::S73),
];

/// A specimen: a server with its bug, or mended.
#[derive(Clone, Debug)]
pub(super) struct Corpus {
    name: String,
    server: Server,
    program: &'static str,
    mends: Mends<Bug>,
}

/// Every specimen: `SERVER-fixed`, and `SERVER-BUG` with the bug that it has.
pub fn variants() -> Vec<Arc<dyn System>> {
    let mut systems: Vec<Arc<dyn System>> = Vec::new();
    for (server, program, bug) in SERVERS {
        let mut add = |name: String, mends| {
            systems.push(Arc::new(Corpus {
                name,
                server,
                program,
                mends,
            }));
        };
        add(format!("{program}-fixed"), Mends::all());
        add(format!("{program}-{bug}"), Mends::all_but(&[bug]));
    }
    systems
}

impl Corpus {
    fn read(&self, disk: &SimFs) -> io::Result<Option<Pairs>> {
        match self.server {
            Server::Forks => Ok(load(disk, forks::FILE)?.map(|image| image.pairs)),
            Server::Backend => backend::read(disk),
            Server::Dictionary => Ok(load(disk, dictionary::FILE)?.map(|image| image.pairs)),
            Server::Queue => Ok(queue::read(disk)?.map(|(pairs, _)| pairs)),
            Server::Guarded => guarded::read(disk),
        }
    }
}

impl System for Corpus {
    fn name(&self) -> &str {
        &self.name
    }

    /// From their documentation, and for that of queues from what it does: no signal is said to be handled. The last is documented to end
    /// itself when an operation takes too long; a write may wait for two of them.
    fn promise(&self) -> Promise {
        Promise {
            ends_on_signals: self.server != Server::Queue,
            answers_within: Some(BOUND),
            ends_within: Some(BOUND),
            gives_up_within: (self.server == Server::Guarded)
                .then_some(2 * LONGEST + Duration::from_secs(5)),
            shows_durable: false,
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let mends = self.mends;
        let main: Main = match self.server {
            Server::Forks => Arc::new(move |host, _| Box::pin(forks::parent(host, mends))),
            Server::Backend => Arc::new(move |host, _| Box::pin(backend::main(host, mends))),
            Server::Dictionary => Arc::new(move |host, _| Box::pin(dictionary::main(host, mends))),
            Server::Queue => Arc::new(move |host, _| Box::pin(queue::main(host, mends))),
            Server::Guarded => Arc::new(move |host, _| Box::pin(guarded::main(host, mends))),
        };
        let mut programs = vec![(self.program, main)];
        if self.server == Server::Forks {
            let child: Main = Arc::new(|host, words| Box::pin(forks::child(host, words)));
            programs.push((forks::CHILD, child));
        }
        if self.server == Server::Backend {
            let sender: Main = Arc::new(|host, words| Box::pin(backend::sender(host, words)));
            programs.push((backend::SENDER, sender));
        }
        programs
    }

    fn first(&self) -> Program {
        Program::new(self.program)
    }

    fn asks(&self) -> Asks {
        let saves = u32::from(self.server == Server::Forks);
        Asks {
            syncs: 6 * saves,
            snapshots: 6 * saves,
            ..Asks::default()
        }
    }

    fn inspect(&self, disk: &SimFs) -> Found {
        match self.read(disk) {
            Ok(Some(pairs)) => Found::Store(pairs),
            Ok(None) => Found::Nothing,
            Err(error) => Found::Unreadable(error.to_string()),
        }
    }
}
