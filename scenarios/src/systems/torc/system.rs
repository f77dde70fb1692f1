//! Client and server as a system.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_reference::host::Program;
use plimsoll_sim::trial::history::{Claim, Found};
use plimsoll_sim::trial::promise::Promise;
use plimsoll_sim::trial::system::{Asks, Main, System};

use super::ending::{GONE, SNAPSHOT_MAX, TIMED_OUT};
use super::options::{ALONE, CLIENT, INTERVAL, LOG, Options, SERVER, UNDONE};
use super::{client, log, server, snapshot};

/// How long requests that no disk is needed for take at most.
const MEMORY: Duration = Duration::from_secs(1);

/// How long other requests and the end take at most.
const DISK: Duration = Duration::from_secs(20);

/// A way to start Torc.
#[derive(Clone, Debug)]
pub(super) struct Torc {
    pub(super) name: String,
    pub(super) options: Options,
    /// Whether the server is started by itself.
    pub(super) is_alone: bool,
    pub(super) asks: Asks,
}

impl System for Torc {
    fn name(&self) -> &str {
        &self.name
    }

    /// From the documentation: when the command returns everything is in the file, snapshots hinder neither readers nor writers, and with
    /// periodic snapshots no more is lost than what came after the last one.
    fn promise(&self) -> Promise {
        Promise {
            snapshots_on_signal: self.is_alone,
            undone_code: (!self.is_alone).then_some(UNDONE),
            reads_within: Some(MEMORY),
            writes_within: Some(MEMORY),
            answers_within: Some(DISK),
            ends_within: Some(DISK),
            shows_durable: false,
            // Not where a command goes on without its server.
            kept_when_idle: self
                .options
                .interval
                .filter(|_| !self.options.lingers)
                .map(|interval| interval.max(INTERVAL) + MEMORY),
            patience: Some(SNAPSHOT_MAX),
            queue_max: Some(1),
            requests_may_fail: true,
            ..Promise::default()
        }
    }

    fn programs(&self) -> Vec<(&'static str, Main)> {
        let options = self.options;
        let client: Main = Arc::new(move |host, _| Box::pin(client::main(host, options)));
        let server: Main =
            Arc::new(move |host, arguments| Box::pin(server::main(host, options, arguments)));
        let log: Main = Arc::new(|host, _| Box::pin(log::main(host)));
        if self.options.logs {
            vec![(SERVER, server), (LOG, log)]
        } else if self.is_alone {
            vec![(SERVER, server)]
        } else {
            vec![(CLIENT, client), (SERVER, server)]
        }
    }

    fn first(&self) -> Program {
        let (name, arguments) = if self.is_alone {
            (SERVER, vec![ALONE.to_owned()])
        } else {
            (CLIENT, Vec::new())
        };
        Program {
            path: PathBuf::from(name),
            arguments,
        }
    }

    fn asks(&self) -> Asks {
        self.asks
    }

    fn inspect(&self, disk: &SimFs) -> Found {
        snapshot::read(disk)
    }

    fn claims(&self, message: &str) -> Option<Claim> {
        match message {
            TIMED_OUT => Some(Claim::TimedOut),
            GONE => Some(Claim::ChildEnded),
            _ => None,
        }
    }

    fn listeners(&self) -> Vec<&'static str> {
        vec![LOG]
    }

    fn is_read_beside(&self) -> bool {
        true
    }
}
