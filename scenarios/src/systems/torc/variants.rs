//! The systems that scenarios can name.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_sim::trial::system::{Asks, System};

use super::bug::Bug;
use super::options::{INTERVAL, Options};
use super::system::Torc;
use crate::specimens::mends::Mends;

/// A way to start Torc, before it is known what is mended.
#[derive(Clone, Copy)]
struct Mode {
    /// What stands behind the bugs in a name.
    name: &'static str,
    interval: Option<Duration>,
    is_alone: bool,
    by_command: bool,
    lingers: bool,
    logs: bool,
    /// Weight of requests for a snapshot.
    snapshots: u32,
}

/// The client, with snapshots at the end only.
const CLIENT: Mode = Mode {
    name: "client",
    interval: None,
    is_alone: false,
    by_command: false,
    lingers: false,
    logs: false,
    snapshots: 0,
};

/// The same with a snapshot every now and then.
const PERIODIC: Mode = Mode {
    name: "periodic",
    interval: Some(INTERVAL),
    ..CLIENT
};

/// The same for whoever asks for an interval of zero.
const ZERO: Mode = Mode {
    name: "zero",
    interval: Some(Duration::ZERO),
    ..CLIENT
};

/// The same for whoever asks for snapshots, too.
const ASKED: Mode = Mode {
    name: "asked",
    snapshots: 20,
    ..CLIENT
};

/// The client where a first request that reads is a command that only reads.
const COMMANDS: Mode = Mode {
    name: "commands",
    by_command: true,
    ..CLIENT
};

/// The server by itself.
const SERVER: Mode = Mode {
    name: "server",
    is_alone: true,
    ..CLIENT
};

/// The client with periodic snapshots and a command that goes on when the server has ended.
const LINGERING: Mode = Mode {
    name: "lingering",
    lingers: true,
    ..PERIODIC
};

/// The server by itself, with a log.
const LOGGED: Mode = Mode {
    name: "logged",
    logs: true,
    ..SERVER
};

const MODES: [Mode; 8] = [
    CLIENT, PERIODIC, ZERO, ASKED, COMMANDS, SERVER, LINGERING, LOGGED,
];

/// The bugs of a specimen, and its mode.
const BROKEN: &[(&[Bug], Mode)] = &[
    (&[Bug::H2, Bug::R1], PERIODIC),
    (&[Bug::H3], PERIODIC),
    (&[Bug::H8], CLIENT),
    (&[Bug::H10], LOGGED),
    (&[Bug::H11], ZERO),
    (&[Bug::H13], SERVER),
    (&[Bug::H14], COMMANDS),
    (&[Bug::H15], CLIENT),
    (&[Bug::R1], PERIODIC),
    (&[Bug::R2], CLIENT),
    (&[Bug::R3], CLIENT),
    (&[Bug::R6], PERIODIC),
    (&[Bug::R7], CLIENT),
    (&[Bug::R7, Bug::R8], CLIENT),
    (&[Bug::R12], PERIODIC),
    (&[Bug::R18], ASKED),
    (&[Bug::R21], LINGERING),
    (&[Bug::R22], CLIENT),
    (&[Bug::S68], SERVER),
    (&[Bug::S69], SERVER),
    (&[Bug::S72b], SERVER),
];

fn system(name: String, mode: Mode, mends: Mends<Bug>) -> Arc<dyn System> {
    Arc::new(Torc {
        name,
        options: Options {
            mends,
            interval: mode.interval,
            by_command: mode.by_command,
            lingers: mode.lingers,
            logs: mode.logs,
        },
        is_alone: mode.is_alone,
        asks: Asks {
            syncs: 0,
            snapshots: mode.snapshots,
            ..Asks::default()
        },
    })
}

/// Every system: `torc-fixed-MODE`, and `torc-BUGS-MODE` with the bugs that it has.
pub fn variants() -> Vec<Arc<dyn System>> {
    let fixed = MODES.iter().map(|&mode| {
        let name = format!("torc-fixed-{}", mode.name);
        system(name, mode, Mends::all())
    });
    let broken = BROKEN.iter().map(|&(bugs, mode)| {
        let listed: Vec<String> = bugs.iter().map(Bug::to_string).collect();
        let name = format!("torc-{}-{}", listed.join("+"), mode.name);
        system(name, mode, Mends::all_but(bugs))
    });
    fixed.chain(broken).collect()
}
