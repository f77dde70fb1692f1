//! The store as the harness sees it.

use plimsoll_reference::fs::FsOps;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::bug::Bug;
use super::error::Error;
use super::location::Location;
use super::options::Options;
use super::rotation;
use super::server::Server;
use crate::specimens::pairs;
use crate::specimens::specimen::Specimen;

/// A specimen: the server with some options, and some bugs mended.
pub type Torc = Specimen<Options, Bug>;

impl Torc {
    /// What a commit is acknowledged as: what the server says of itself.
    fn commit_level(&self) -> Level {
        let claims_wal =
            Location::parse(self.options.url, self.mends).in_memory && !self.mends.has(Bug::H4);
        if claims_wal {
            Level::Process
        } else {
            self.options.commit_level()
        }
    }
}

impl Sut for Torc {
    fn name(&self) -> &str {
        &self.name
    }

    fn contract(&self) -> Contract {
        if !self.options.in_memory {
            return Contract::default();
        }
        Contract {
            canonical: Some(self.options.snapshot.into()),
            snapshots_kept: self.options.keep,
            ..Contract::default()
        }
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let server = Server::start(host, self.options, self.mends).map_err(|e| OpenError {
            message: e.to_string(),
        })?;
        Ok(Box::new(Open {
            server,
            options: self.options,
            commit_level: self.commit_level(),
        }))
    }

    fn read_canonical(&self, fs: &dyn FsOps, visit: &mut Visit<'_>) -> Result<bool, String> {
        pairs::read(fs, self.options.snapshot, visit)
    }

    fn count_snapshots(&self, fs: &dyn FsOps) -> Result<u32, String> {
        let mut count = 0;
        for path in rotation::paths(&self.options) {
            count += u32::from(pairs::read(fs, &path.to_string_lossy(), &mut |_, _| {})?);
        }
        Ok(count)
    }
}

struct Open {
    server: Server,
    options: Options,
    commit_level: Level,
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let server = &mut self.server;
        let (result, level) = match command {
            Command::Write(_) | Command::Batch(_) => {
                (server.commit(command.mutations()), self.commit_level)
            }
            Command::Snapshot if self.options.in_memory => (server.snapshot(), Level::Power),
            Command::Tick | Command::Advance(_) => {
                server.turn();
                (Ok(()), Level::Memory)
            }
            _ => return Err(CommandError::unsupported()),
        };
        result.map(|()| Ack::at(level)).map_err(command_error)
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.server.visit(visit).map_err(|e| e.to_string())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        let level = self.options.close_level();
        let result = self.server.stop();
        result.map(|()| Ack::at(level)).map_err(command_error)
    }
}

fn command_error(error: Error) -> CommandError {
    match error {
        Error::Stopped => CommandError::absent(error.to_string()),
        Error::Sqlite(_) | Error::Io(_) => CommandError::unknown(error.to_string()),
    }
}
