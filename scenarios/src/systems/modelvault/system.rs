//! The application as the harness sees it.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::host::Program;
use plimsoll_sim::trial::history::Found;
use plimsoll_sim::trial::promise::Promise;
use plimsoll_sim::trial::system::{Asks, Main, System};

use super::program;
use crate::specimens::modelvault::store::Store;
use crate::specimens::modelvault::{Bug, Mends, Options};

/// The name of its program.
const PROGRAM: &str = "vault";

/// The bugs of a specimen.
const BROKEN: &[&[Bug]] = &[&[Bug::H1], &[Bug::H1, Bug::R2]];

/// A specimen: the application on a database with some bugs mended.
#[derive(Clone, Debug)]
pub(super) struct ModelVault {
    name: String,
    mends: Mends,
}

/// Every specimen: `modelvault-fixed`, and `modelvault-BUGS` with the bugs that it has.
pub fn variants() -> Vec<Arc<dyn System>> {
    let system = |name: String, mends| Arc::new(ModelVault { name, mends }) as Arc<dyn System>;
    let broken = BROKEN.iter().map(|bugs| {
        let listed: Vec<String> = bugs.iter().map(ToString::to_string).collect();
        let name = format!("modelvault-{}", listed.join("+"));
        system(name, Mends::all_but(bugs))
    });
    std::iter::once(system("modelvault-fixed".to_owned(), Mends::all()))
        .chain(broken)
        .collect()
}

impl System for ModelVault {
    fn name(&self) -> &str {
        &self.name
    }

    fn promise(&self) -> Promise {
        let bound = Some(Duration::from_secs(20));
        Promise {
            answers_within: bound,
            ends_within: bound,
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let mends = self.mends;
        let main: Main = Arc::new(move |host, _| Box::pin(program::main(host, mends)));
        vec![(PROGRAM, main)]
    }

    fn first(&self) -> Program {
        Program::new(PROGRAM)
    }

    fn asks(&self) -> Asks {
        Asks {
            syncs: 0,
            snapshots: 0,
            maintenance: 20,
            ..Asks::default()
        }
    }

    fn inspect(&self, disk: &SimFs) -> Found {
        match Store::look(Arc::new(disk.clone()), Options::usual(), self.mends) {
            Ok(Some(pairs)) => Found::Store(pairs),
            Ok(None) => Found::Nothing,
            Err(error) => Found::Unreadable(error.to_string()),
        }
    }
}
