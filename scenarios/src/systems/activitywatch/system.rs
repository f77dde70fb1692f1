//! The datastore as the harness sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::host::Program;
use plimsoll_sim::trial::history::Found;
use plimsoll_sim::trial::promise::Promise;
use plimsoll_sim::trial::system::{Asks, Main, System};

use super::bug::Bug;
use super::program;
use super::worker::DATABASE;
use crate::specimens::mends::{Mendable, Mends};
use crate::systems::edge::load;

/// The name of its program.
const PROGRAM: &str = "aw-server";

/// A specimen: the datastore with some bugs mended.
#[derive(Clone, Debug)]
pub struct ActivityWatch {
    name: String,
    mends: Mends<Bug>,
}

/// Every specimen: `activitywatch-fixed`, and `activitywatch-BUG` with the bug that it has.
pub fn variants() -> Vec<Arc<dyn System>> {
    let mut systems: Vec<Arc<dyn System>> = vec![Arc::new(ActivityWatch {
        name: "activitywatch-fixed".to_owned(),
        mends: Mends::all(),
    })];
    for &bug in Bug::ALL {
        systems.push(Arc::new(ActivityWatch {
            name: format!("activitywatch-{bug}"),
            mends: Mends::all_but(&[bug]),
        }));
    }
    systems
}

impl System for ActivityWatch {
    fn name(&self) -> &str {
        &self.name
    }

    fn promise(&self) -> Promise {
        let seconds = Duration::from_secs;
        Promise {
            answers_within: Some(seconds(20)),
            ends_within: Some(seconds(20)),
            window_slack: seconds(2),
            shows_durable: false,
            reads_despite_errors: true,
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let mends = self.mends;
        let main: Main = Arc::new(move |host, _| Box::pin(program::main(host, mends)));
        vec![(PROGRAM, main)]
    }

    fn first(&self) -> Program {
        Program {
            path: PathBuf::from(PROGRAM),
            arguments: Vec::new(),
        }
    }

    fn asks(&self) -> Asks {
        Asks {
            snapshots: 0,
            ..Asks::default()
        }
    }

    fn inspect(&self, disk: &SimFs) -> Found {
        match load(disk, DATABASE) {
            Ok(Some(image)) => Found::Store(image.pairs),
            Ok(None) => Found::Nothing,
            Err(error) => Found::Unreadable(error.to_string()),
        }
    }
}
