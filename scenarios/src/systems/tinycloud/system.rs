//! The service as the harness sees it.

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

/// A form, and the bugs that show in it.
struct Kind {
    name: &'static str,
    form: Form,
    asks: Asks,
    bugs: &'static [Bug],
}

/// What clients ask for. Batches are not asked for: they are not transactions here.
const ASKS: Asks = Asks {
    puts: 30,
    deletes: 8,
    batches: 0,
    gets: 30,
    scans: 4,
    syncs: 0,
    snapshots: 0,
    maintenance: 0,
    keys: 4,
    buckets: 2,
    closes: true,
    rests: Some(IDLE),
};

const IN_MEMORY: Form = Form::InMemory {
    threshold: NEVER,
    acks: Acks::Window,
};

const KINDS: &[Kind] = &[
    Kind {
        name: "memory",
        form: IN_MEMORY,
        asks: ASKS,
        bugs: &[Bug::H1, Bug::H2, Bug::R1, Bug::R2, Bug::R3, Bug::R5],
    },
    // A database that nobody has written to has no file, and its actor nothing to copy.
    Kind {
        name: "reads",
        form: IN_MEMORY,
        asks: Asks {
            puts: 1,
            deletes: 0,
            gets: 3,
            scans: 0,
            buckets: 1,
            ..ASKS
        },
        bugs: &[Bug::R4],
    },
    Kind {
        name: "1k",
        form: Form::InMemory {
            threshold: SMALL,
            acks: Acks::Window,
        },
        asks: ASKS,
        bugs: &[Bug::H6],
    },
    Kind {
        name: "stored",
        form: Form::InMemory {
            threshold: NEVER,
            acks: Acks::Stored,
        },
        asks: ASKS,
        bugs: &[Bug::H4],
    },
    Kind {
        name: "cached",
        form: Form::Cached,
        asks: ASKS,
        bugs: &[Bug::R13],
    },
];

/// A specimen: the service with some bugs mended.
#[derive(Clone, Debug)]
pub struct TinyCloud {
    name: String,
    options: Options,
    asks: Asks,
}

/// Every specimen: `tinycloud-fixed-FORM`, and `tinycloud-BUG-FORM` with the bug that it has.
pub fn variants() -> Vec<Arc<dyn System>> {
    let mut systems: Vec<Arc<dyn System>> = Vec::new();
    for kind in KINDS {
        let mut add = |name: String, mends| {
            systems.push(Arc::new(TinyCloud {
                name,
                options: Options {
                    form: kind.form,
                    mends,
                },
                asks: kind.asks,
            }));
        };
        add(format!("tinycloud-fixed-{}", kind.name), Mends::all());
        for bug in kind.bugs {
            let name = format!("tinycloud-{bug}-{}", kind.name);
            add(name, Mends::all_but(&[*bug]));
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
        Program::new(PROGRAM)
    }

    fn asks(&self) -> Asks {
        self.asks
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
