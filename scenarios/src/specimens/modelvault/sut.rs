//! The store as the harness sees it.

use std::io;
use std::path::Path;

use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::bug::Bug;
use super::files::TEMPORARIES;
use super::image;
use super::options::Options;
use super::store::Store;
use crate::specimens::specimen::Specimen;

/// A specimen: the protocol with some bugs mended.
pub type ModelVault = Specimen<Options, Bug>;

impl Sut for ModelVault {
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
        match Store::open(host, self.options, self.mends) {
            Ok(store) => Ok(Box::new(Open { store })),
            Err(error) => Err(OpenError {
                message: error.to_string(),
            }),
        }
    }

    fn read_copy(&self, fs: &dyn FsOps, place: u8, visit: &mut Visit<'_>) -> Result<bool, String> {
        let path = Path::new(self.options.path).with_file_name(format!("copy-{place}.db"));
        let text = |error: io::Error| error.to_string();
        let file = match fs.open(&path, OpenOptions::read_only()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(text(error)),
        };
        let bytes = read_to_end(&*file).map_err(text)?;
        let pairs = image::read_copy(&bytes, self.mends).map_err(text)?;
        pairs.iter().for_each(|(key, value)| visit(key, value));
        Ok(true)
    }
}

struct Open {
    store: Store,
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let store = &mut self.store;
        match command {
            Command::Write(_) | Command::Batch(_) => store.commit(command.mutations()),
            Command::Checkpoint => store.checkpoint(),
            Command::Compact => store.compact(),
            Command::SnapshotBegin(slot) => store.begin_compaction(*slot),
            Command::SnapshotFinish(slot) => store.finish_compaction(*slot),
            Command::CompactTo(place) => store.compact_to(*place),
            Command::Export(place) => store.export(*place),
            Command::Restore(place) => store.restore(*place),
            _ => return Err(CommandError::unsupported()),
        }
        .map(|()| Ack::at(Level::Power))
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        let pairs = &self.store.pairs;
        pairs.iter().for_each(|(key, value)| visit(key, value));
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        self.store.close().map(|()| Ack::at(Level::Power))
    }
}
