//! The store as the harness sees it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::fs::FsOps;
use plimsoll_reference::host::Program;
use plimsoll_sim::trial::history::Found;
use plimsoll_sim::trial::promise::{Order, Promise};
use plimsoll_sim::trial::system::{Asks, Main, System};

use super::bug::Bug;
use super::mode::{self, Mode};
use super::program;
use crate::specimens::mends::Mends;
use crate::specimens::surrealmx::files::{AOL, SNAPSHOT};
use crate::specimens::surrealmx::opening::Contents;

/// The name of its program.
const PROGRAM: &str = "surrealmx";

/// A mode, its name, and the bugs that show in it.
const MODES: [(Mode, &str, [Bug; 2]); 2] = [
    (Mode::Sync, "sync", [Bug::R14, Bug::R34]),
    (Mode::Async, "async", [Bug::R16, Bug::R36]),
];

/// A specimen: the store with some bugs mended.
#[derive(Clone, Debug)]
pub(super) struct SurrealMx {
    name: String,
    mode: Mode,
    mends: Mends<Bug>,
}

/// Every specimen: `surrealmx-fixed-MODE`, and `surrealmx-BUG-MODE` with the bug that it has.
pub fn variants() -> Vec<Arc<dyn System>> {
    let mut systems: Vec<Arc<dyn System>> = Vec::new();
    for (mode, ending, bugs) in MODES {
        let mut add = |name: String, mends| {
            systems.push(Arc::new(SurrealMx { name, mode, mends }));
        };
        add(format!("surrealmx-fixed-{ending}"), Mends::all());
        for bug in bugs {
            add(format!("surrealmx-{bug}-{ending}"), Mends::all_but(&[bug]));
        }
    }
    systems
}

impl System for SurrealMx {
    fn name(&self) -> &str {
        &self.name
    }

    /// From the documentation: nothing in memory waits for the disk, and where each commit is synced it survives a loss of power. So must
    /// what a commit was made from.
    fn promise(&self) -> Promise {
        let seconds = |count| Some(Duration::from_secs(count));
        Promise {
            order: Order::ByKey,
            reads_within: seconds(1),
            writes_within: seconds(1).filter(|_| self.mode == Mode::Async),
            answers_within: seconds(20),
            ends_within: seconds(20),
            shows_durable: self.mode == Mode::Sync,
            reads_survive: self.mode == Mode::Sync,
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let (mode, mends) = (self.mode, self.mends);
        let main: Main = Arc::new(move |host, _| Box::pin(program::main(host, mode, mends)));
        vec![(PROGRAM, main)]
    }

    fn first(&self) -> Program {
        Program::new(PROGRAM)
    }

    fn asks(&self) -> Asks {
        Asks {
            gets: 24,
            snapshots: 10,
            ..Asks::default()
        }
    }

    fn inspect(&self, disk: &SimFs) -> Found {
        let is_there = |path: &str| !matches!(disk.metadata(Path::new(path)), Ok(None));
        if !is_there(AOL) && !is_there(SNAPSHOT) {
            return Found::Nothing;
        }
        match Contents::read(disk, mode::files(self.mends)) {
            Ok(Contents { table, .. }) => {
                let live = table.live();
                let pairs = live.map(|(key, value)| (key.to_vec(), value.to_vec()));
                Found::Store(pairs.collect())
            }
            Err(error) => Found::Unreadable(error.to_string()),
        }
    }
}
