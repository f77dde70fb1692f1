//! The reference store, restored while it is closed.

use std::path::Path;
use std::sync::Arc;

use plimsoll_reference::fs::FsOps;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Ack;
use plimsoll_reference::native::restore_snapshot;
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::reference::{Reference, command_error, copy_path, power};

/// The power mode of the reference, whose process ends before each restore: that is then done to the files, and the store opened again.
#[derive(Clone, Debug)]
pub struct ClosedRestore(Reference);

impl ClosedRestore {
    /// The only mode that there is.
    pub fn mode() -> Arc<dyn Sut> {
        Arc::new(Self(Reference::new("closed-restore", power())))
    }
}

impl Sut for ClosedRestore {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn contract(&self) -> Contract {
        self.0.contract()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        Ok(Box::new(Open {
            store: Some(self.0.open(host)?),
            reference: self.0.clone(),
            host: host.clone(),
        }))
    }

    fn read_canonical(&self, fs: &dyn FsOps, visit: &mut Visit<'_>) -> Result<bool, String> {
        self.0.read_canonical(fs, visit)
    }

    fn has_maintenance(&self) -> bool {
        true
    }

    fn read_copy(&self, fs: &dyn FsOps, place: u8, visit: &mut Visit<'_>) -> Result<bool, String> {
        self.0.read_copy(fs, place, visit)
    }
}

struct Open {
    /// None while it is restored, and when it could not be opened behind that.
    store: Option<Box<dyn Instance>>,
    reference: Reference,
    host: Host,
}

impl Open {
    fn store(&mut self) -> Result<&mut Box<dyn Instance>, OpenError> {
        let store = match self.store.take() {
            Some(store) => store,
            None => self.reference.open(&self.host)?,
        };
        Ok(self.store.insert(store))
    }

    fn restore(&mut self, copy: &Path) -> Result<Ack, CommandError> {
        self.store = None;
        let restored = restore_snapshot(&self.host, copy, self.reference.options());
        restored.map_err(|error| command_error(&error))
    }
}

fn not_open(error: OpenError) -> CommandError {
    CommandError::absent(error.message)
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        match command {
            Command::Restore(place) => self.restore(&copy_path(*place)),
            _ => self.store().map_err(not_open)?.apply(command),
        }
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.store().map_err(|error| error.message)?.dump(visit)
    }

    fn close(mut self: Box<Self>) -> Result<Ack, CommandError> {
        self.store().map_err(not_open)?;
        match self.store {
            Some(store) => store.close(),
            None => Err(CommandError::absent("the store is not open")),
        }
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_faults::disk::{SimClock, SimFs};
    use plimsoll_faults::image::Image;
    use plimsoll_reference::level::Level;

    use super::*;

    #[test]
    fn what_was_copied_is_there_again() {
        let disk = SimFs::new(Image::new());
        let host = Host::new(Arc::new(disk), Arc::new(SimClock::default()));
        let mut store = ClosedRestore::mode().open(&host).expect("it opens");
        for step in ["put a 1", "export 0", "put b 2", "restore 0", "put c 3"] {
            let command = step.parse().expect("a command");
            assert_eq!(store.apply(&command).expect(step).level, Level::Power);
        }
        let mut keys = Vec::new();
        let shown = store.dump(&mut |key, _| keys.push(key.to_vec()));
        shown.expect("it can be read");
        keys.sort();
        assert_eq!(keys, [b"a", b"c"]);
        let error = store.apply(&Command::Restore(7)).expect_err("no copy");
        assert_eq!(error.outcome, plimsoll_sim::sut::Outcome::Absent);
        store
            .apply(&"put d 4".parse().expect("a command"))
            .expect("it goes on");
    }
}
