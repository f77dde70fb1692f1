//! The datastore as the harness sees it.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::host::Program;
use plimsoll_sim::trial::history::Found;
use plimsoll_sim::trial::promise::Promise;
use plimsoll_sim::trial::system::{Asks, Main, System};

use super::bug::Bug;
use super::program;
use super::rules::FILTER;
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
    /// Whether one of the keys is a rule of privacy.
    has_rules: bool,
}

/// Every specimen: `activitywatch-fixed`, and `activitywatch-BUG` with the bug that it has; `activitywatch-rules-fixed` with rules of
/// privacy, which the bug `R15` is about.
pub fn variants() -> Vec<Arc<dyn System>> {
    let fixed = |name: &str, has_rules| ActivityWatch {
        name: name.to_owned(),
        mends: Mends::all(),
        has_rules,
    };
    let fixed = [
        fixed("activitywatch-fixed", false),
        fixed("activitywatch-rules-fixed", true),
    ];
    let broken = Bug::ALL.iter().map(|&bug| ActivityWatch {
        name: format!("activitywatch-{bug}"),
        mends: Mends::all_but(&[bug]),
        has_rules: bug == Bug::R15,
    });
    let all = fixed.into_iter().chain(broken);
    all.map(|system| Arc::new(system) as Arc<dyn System>)
        .collect()
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
            filter: self.has_rules.then_some(FILTER),
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let (mends, has_rules) = (self.mends, self.has_rules);
        let main: Main = Arc::new(move |host, _| Box::pin(program::main(host, mends, has_rules)));
        vec![(PROGRAM, main)]
    }

    fn first(&self) -> Program {
        Program::new(PROGRAM)
    }

    fn asks(&self) -> Asks {
        if self.has_rules {
            // What a read shows depends on rules that the judge does not know of.
            return Asks {
                deletes: 4,
                batches: 0,
                gets: 0,
                scans: 0,
                syncs: 12,
                snapshots: 0,
                buckets: 1,
                ..Asks::default()
            };
        }
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
