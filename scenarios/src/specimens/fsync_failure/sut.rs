//! The store as the harness sees it.

use std::sync::Arc;

use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::conduct::Conduct;
use super::store::Store;

/// A specimen: the log, with one conduct towards failed syncs.
#[derive(Clone, Debug)]
pub struct FailingLog {
    name: String,
    conduct: Conduct,
}

impl FailingLog {
    /// The specimen with this conduct.
    pub fn new(conduct: Conduct) -> Self {
        Self {
            name: format!("fsync-log-{}", conduct.name()),
            conduct,
        }
    }
}

impl Sut for FailingLog {
    fn name(&self) -> &str {
        &self.name
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let store = Store::open(Arc::clone(&host.fs), self.conduct).map_err(|error| OpenError {
            message: error.to_string(),
        })?;
        Ok(Box::new(Open { store }))
    }
}

struct Open {
    store: Store,
}

const STOPPED: &str = "stopped after an error";

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        match command {
            Command::Write(_) | Command::Batch(_) if self.store.has_stopped => {
                Err(CommandError::absent(STOPPED))
            }
            Command::Write(_) | Command::Batch(_) => self
                .store
                .commit(command.mutations())
                .map(|()| Ack::at(Level::Power))
                .map_err(|error| CommandError::unknown(error.to_string())),
            // Every commit was durable when it was acknowledged.
            Command::Sync | Command::Tick | Command::Advance(_) => Ok(Ack::at(Level::Memory)),
            _ => Err(CommandError::unsupported()),
        }
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        for (key, value) in &self.store.table {
            visit(key, value);
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        if self.store.has_stopped {
            return Err(CommandError::unknown(STOPPED));
        }
        self.store
            .close()
            .map(|()| Ack::at(Level::Power))
            .map_err(|error| CommandError::unknown(error.to_string()))
    }
}
