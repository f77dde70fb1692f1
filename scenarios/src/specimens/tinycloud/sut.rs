//! The store as the harness sees it.

use std::time::Duration;

use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::bug::Bug;
use super::error::Error;
use super::options::Options;
use super::service::Service;
use crate::specimens::mends::Mends;

/// How long a client waits for the answer to a write.
const PATIENCE: Duration = Duration::from_secs(1);

/// A specimen: the service with some bugs mended.
#[derive(Clone, Debug)]
pub struct TinyCloud {
    name: String,
    options: Options,
    mends: Mends<Bug>,
}

impl TinyCloud {
    /// The specimen of this name.
    pub fn new(name: impl Into<String>, options: Options, mends: Mends<Bug>) -> Self {
        Self {
            name: name.into(),
            options,
            mends,
        }
    }
}

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
        let service = Service::start(host, self.options, self.mends).map_err(|e| OpenError {
            message: e.to_string(),
        })?;
        Ok(Box::new(Open { service }))
    }
}

struct Open {
    service: Service,
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        match command {
            Command::Write(_) | Command::Batch(_) => self
                .service
                .write(command.mutations())
                .map(Ack::at)
                .map_err(command_error),
            Command::Tick | Command::Advance(_) => Ok(Ack::at(self.service.turn())),
            _ => Err(CommandError::unsupported()),
        }
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.service.visit(visit).map_err(|e| e.to_string())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        let ended = self.service.stop();
        ended.map(|()| Ack::at(Level::Power)).map_err(command_error)
    }
}

fn command_error(error: Error) -> CommandError {
    CommandError::unknown(error.to_string())
}
