//! The store as the harness sees it.

use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::bug::Bug;
use super::error::Error;
use super::files::TEMPORARIES;
use super::options::Options;
use super::store::Store;
use crate::specimens::specimen::Specimen;

/// A specimen: the protocol in one mode, with some bugs mended.
pub type SurrealMx = Specimen<Options, Bug>;

impl Sut for SurrealMx {
    fn name(&self) -> &str {
        &self.name
    }

    fn contract(&self) -> Contract {
        Contract {
            temporaries: TEMPORARIES.map(str::to_owned).to_vec(),
            canonical: None,
            ..Contract::default()
        }
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let store = Store::open(host, self.options, self.mends).map_err(|e| OpenError {
            message: e.to_string(),
        })?;
        Ok(Box::new(Open {
            store,
            options: self.options,
        }))
    }
}

struct Open {
    store: Store,
    options: Options,
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let store = &mut self.store;
        let (result, level) = match command {
            Command::Write(_) | Command::Batch(_) => (
                store.commit(command.mutations()),
                self.options.commit_level(),
            ),
            Command::Snapshot => (store.snapshot(), self.options.snapshot_level()),
            Command::SnapshotBegin(slot) => (store.begin_snapshot(*slot), Level::Memory),
            Command::SnapshotFinish(slot) => {
                (store.finish_snapshot(*slot), self.options.snapshot_level())
            }
            Command::Sync => match self.options.sync_level() {
                Some(level) => (store.sync(), level),
                None => return Err(CommandError::unsupported()),
            },
            Command::Tick | Command::Advance(_) => {
                store.tick();
                (Ok(()), Level::Memory)
            }
            _ => return Err(CommandError::unsupported()),
        };
        result.map(|()| Ack::at(level)).map_err(command_error)
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.store.live().for_each(|(key, value)| visit(key, value));
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        let level = self.options.close_level();
        let result = self.store.close();
        result.map(|()| Ack::at(level)).map_err(command_error)
    }
}

fn command_error(error: Error) -> CommandError {
    match error {
        Error::Poisoned(_) | Error::NoSuchCut(_) => CommandError::absent(error.to_string()),
        Error::Io(_) | Error::Deserialization { .. } => CommandError::unknown(error.to_string()),
    }
}
