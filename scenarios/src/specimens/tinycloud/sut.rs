//! The store as the harness sees it.

use std::time::Duration;

use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::bug::Bug;
use super::cache::Cache;
use super::error::Error;
use super::options::Options;
use super::service::Service;
use crate::specimens::specimen::Specimen;

/// How long a client waits for the answer to a write.
const PATIENCE: Duration = Duration::from_secs(1);

/// A specimen: the service with some bugs mended.
pub type TinyCloud = Specimen<Options, Bug>;

impl Sut for TinyCloud {
    fn name(&self) -> &str {
        &self.name
    }

    fn contract(&self) -> Contract {
        Contract {
            writes_within: Some(PATIENCE),
            ..Contract::default()
        }
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let opened = match self.options {
            Options::InMemory { threshold } => {
                Service::start(host, threshold, self.mends).map(Open::Service)
            }
            Options::Cached => Cache::open(host, self.mends).map(Open::Cache),
        };
        match opened {
            Ok(open) => Ok(Box::new(open)),
            Err(error) => Err(OpenError {
                message: error.to_string(),
            }),
        }
    }
}

enum Open {
    Service(Service),
    Cache(Cache),
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let level = match (self, command) {
            (Self::Service(service), Command::Write(_) | Command::Batch(_)) => {
                service.write(command.mutations())
            }
            (Self::Cache(cache), Command::Write(_) | Command::Batch(_)) => {
                cache.write(command.mutations()).map(|()| Level::Power)
            }
            (Self::Service(service), Command::Tick | Command::Advance(_)) => Ok(service.turn()),
            (Self::Cache(_), Command::Tick | Command::Advance(_)) => Ok(Level::Power),
            _ => return Err(CommandError::unsupported()),
        };
        level.map(Ack::at).map_err(command_error)
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        let shown = match self {
            Self::Service(service) => service.visit(visit),
            Self::Cache(cache) => cache.visit(visit),
        };
        shown.map_err(|e| e.to_string())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        let ended = match *self {
            Self::Service(service) => service.stop(),
            Self::Cache(cache) => cache.close(),
        };
        ended.map(|()| Ack::at(Level::Power)).map_err(command_error)
    }
}

fn command_error(error: Error) -> CommandError {
    CommandError::unknown(error.to_string())
}
