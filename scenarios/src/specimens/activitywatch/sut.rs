//! The store as the harness sees it.

use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::bug::Bug;
use super::error::Error;
use super::options::Options;
use super::worker::{WINDOW, Worker};
use crate::specimens::specimen::Specimen;

/// A specimen: the datastore with some bugs mended.
pub type ActivityWatch = Specimen<Options, Bug>;

impl Sut for ActivityWatch {
    fn name(&self) -> &str {
        &self.name
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let worker = Worker::start(host, self.options, self.mends).map_err(|e| OpenError {
            message: e.to_string(),
        })?;
        Ok(Box::new(Open {
            worker,
            options: self.options,
        }))
    }
}

struct Open {
    worker: Worker,
    options: Options,
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let worker = &mut self.worker;
        let (result, level) = match command {
            Command::Write(_) => (worker.request(command.mutations()), Level::Window(WINDOW)),
            Command::Batch(_) => (
                worker.import(command.mutations()),
                self.options.commit_level(),
            ),
            Command::Sync => (worker.force_commit(), self.options.commit_level()),
            Command::SnapshotBegin(_) => (worker.read(), Level::Memory),
            Command::SnapshotFinish(_) => {
                worker.stop_reading();
                (Ok(()), Level::Memory)
            }
            Command::Tick | Command::Advance(_) => (worker.turn(), Level::Memory),
            _ => return Err(CommandError::unsupported()),
        };
        result.map(|()| Ack::at(level)).map_err(command_error)
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.worker.visit(visit).map_err(|e| e.to_string())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        let level = self.options.commit_level();
        let result = self.worker.close();
        result.map(|()| Ack::at(level)).map_err(command_error)
    }
}

fn command_error(error: Error) -> CommandError {
    match error {
        Error::Refused(_) => CommandError::absent(error.to_string()),
        Error::Sqlite(_) | Error::Io(_) => CommandError::unknown(error.to_string()),
    }
}
