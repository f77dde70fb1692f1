//! The service as the harness sees it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::host::Program;
use plimsoll_sim::trial::history::{Found, Pairs};
use plimsoll_sim::trial::promise::{Order, Promise};
use plimsoll_sim::trial::system::{Asks, Main, System};

use super::bug::Bug;
use super::database;
use super::options::{Acks, Form, IDLE, Options};
use super::program;
use crate::specimens::mends::Mends;

/// The name of its program.
const PROGRAM: &str = "tinycloud";

/// The real one is 10 MiB. Here nothing reaches this one, or the values that are not short do.
const NEVER: usize = usize::MAX;
const SMALL: usize = 1024;

/// The forms by name, and the bugs that show in each.
const FORMS: &[(&str, Form, &[Bug])] = &[
    (
        "memory",
        Form::InMemory {
            threshold: NEVER,
            acks: Acks::Window,
        },
        &[
            Bug::H1,
            Bug::H2,
            Bug::R1,
            Bug::R2,
            Bug::R3,
            Bug::R4,
            Bug::R5,
        ],
    ),
    (
        "1k",
        Form::InMemory {
            threshold: SMALL,
            acks: Acks::Window,
        },
        &[Bug::H6],
    ),
    (
        "stored",
        Form::InMemory {
            threshold: NEVER,
            acks: Acks::Stored,
        },
        &[Bug::H4],
    ),
    ("cached", Form::Cached, &[Bug::R13]),
];

/// A specimen: the service with some bugs mended.
#[derive(Clone, Debug)]
pub struct TinyCloud {
    name: String,
    options: Options,
}

/// Every specimen: `tinycloud-fixed-FORM`, and `tinycloud-BUG-FORM` with the bug that it has.
pub fn variants() -> Vec<Arc<dyn System>> {
    let mut systems: Vec<Arc<dyn System>> = Vec::new();
    for &(form_name, form, bugs) in FORMS {
        let mut add = |name: String, mends| {
            let options = Options { form, mends };
            systems.push(Arc::new(TinyCloud { name, options }));
        };
        add(format!("tinycloud-fixed-{form_name}"), Mends::all());
        for bug in bugs {
            add(
                format!("tinycloud-{bug}-{form_name}"),
                Mends::all_but(&[*bug]),
            );
        }
    }
    systems
}

impl System for TinyCloud {
    fn name(&self) -> &str {
        &self.name
    }

    fn promise(&self) -> Promise {
        let seconds = Duration::from_secs;
        Promise {
            order: Order::ByKey,
            answers_within: Some(seconds(20)),
            ends_within: Some(seconds(20)),
            window_slack: seconds(5),
            shows_durable: false,
            kept_when_idle: Some(IDLE + seconds(5)),
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let options = self.options;
        let main: Main = Arc::new(move |host, _| Box::pin(program::main(host, options)));
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
            puts: 30,
            gets: 30,
            scans: 4,
            syncs: 0,
            snapshots: 0,
            rests: Some(IDLE),
            ..Asks::default()
        }
    }

    fn inspect(&self, disk: &SimFs) -> Found {
        let everything = || -> std::io::Result<Option<Pairs>> {
            let names = database::names(disk)?;
            if names.is_empty() {
                return Ok(None);
            }
            let mut all = Pairs::new();
            for name in names {
                all.extend(database::read(disk, &name)?.pairs);
            }
            Ok(Some(all))
        };
        match everything() {
            Ok(Some(pairs)) => Found::Store(pairs),
            Ok(None) => Found::Nothing,
            Err(error) => Found::Unreadable(error.to_string()),
        }
    }
}
