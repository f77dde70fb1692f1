//! Either engine of the reference, restored while it is closed.

use std::sync::Arc;

use plimsoll_reference::fs::FsOps;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Ack;
use plimsoll_reference::native::restore_snapshot;
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

use super::reference::{Reference, command_error, copy_path, power};
use super::sqlite_engine;

/// Puts the copy with a number in place of what a closed store holds.
type Restore = dyn Fn(&Host, u8) -> Result<Ack, CommandError> + Send + Sync;

/// A store whose process ends before each restore: that is then done to the files, and the store opened again.
#[derive(Clone)]
pub struct ClosedRestore {
    sut: Arc<dyn Sut>,
    restore: Arc<Restore>,
}

impl ClosedRestore {
    /// One of each engine.
    pub fn modes() -> Vec<Arc<dyn Sut>> {
        vec![Arc::new(Self::native()), Arc::new(Self::sqlite())]
    }

    /// The power mode of the native engine.
    fn native() -> Self {
        let reference = Reference::new("closed-restore", power());
        let options = reference.options().clone();
        Self {
            sut: Arc::new(reference),
            restore: Arc::new(move |host, place| {
                restore_snapshot(host, &copy_path(place), &options)
                    .map_err(|error| command_error(&error))
            }),
        }
    }

    /// The engine on SQLite, which has to open the database to restore it, and closes it again.
    fn sqlite() -> Self {
        let sut = sqlite_engine::closed_restore();
        let engine = sut.clone();
        Self {
            sut: Arc::new(sut),
            restore: Arc::new(move |host, place| {
                let mut store = engine.open(host).map_err(not_open)?;
                store.apply(&Command::Restore(place))?;
                // What was acknowledged is there, whatever the last checkpoint comes to; who restores looks at the end alone.
                store
                    .close()
                    .map_err(|error| CommandError::unknown(error.message))
            }),
        }
    }
}

impl Sut for ClosedRestore {
    fn name(&self) -> &str {
        self.sut.name()
    }

    fn contract(&self) -> Contract {
        self.sut.contract()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        Ok(Box::new(Open {
            store: Some(self.sut.open(host)?),
            restored: self.clone(),
            host: host.clone(),
        }))
    }

    fn read_canonical(&self, fs: &dyn FsOps, visit: &mut Visit<'_>) -> Result<bool, String> {
        self.sut.read_canonical(fs, visit)
    }

    fn count_snapshots(&self, fs: &dyn FsOps) -> Result<u32, String> {
        self.sut.count_snapshots(fs)
    }

    fn has_maintenance(&self) -> bool {
        true
    }

    fn read_copy(&self, fs: &dyn FsOps, place: u8, visit: &mut Visit<'_>) -> Result<bool, String> {
        self.sut.read_copy(fs, place, visit)
    }
}

struct Open {
    /// None while it is restored, and when it could not be opened behind that.
    store: Option<Box<dyn Instance>>,
    restored: ClosedRestore,
    host: Host,
}

impl Open {
    fn store(&mut self) -> Result<&mut Box<dyn Instance>, OpenError> {
        let store = match self.store.take() {
            Some(store) => store,
            None => self.restored.sut.open(&self.host)?,
        };
        Ok(self.store.insert(store))
    }
}

fn not_open(error: OpenError) -> CommandError {
    CommandError::absent(error.message)
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        match command {
            Command::Restore(place) => {
                self.store = None;
                (self.restored.restore)(&self.host, *place)
            }
            _ => self.store().map_err(not_open)?.apply(command),
        }
    }

    fn is_open(&mut self) -> bool {
        self.store().is_ok()
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
        for mode in ClosedRestore::modes() {
            let disk = SimFs::new(Image::new());
            let host = Host::new(Arc::new(disk), Arc::new(SimClock::default()));
            let mut store = mode.open(&host).expect("it opens");
            for step in ["put a 1", "export 0", "put b 2", "restore 0", "put c 3"] {
                let command = step.parse().expect("a command");
                assert_eq!(store.apply(&command).expect(step).level, Level::Power);
            }
            let mut keys = Vec::new();
            let shown = store.dump(&mut |key, _| keys.push(key.to_vec()));
            shown.expect("it can be read");
            keys.sort();
            assert_eq!(keys, [b"a", b"c"], "{}", mode.name());
            let error = store.apply(&Command::Restore(7)).expect_err("no copy");
            // The engine on SQLite says of no error of a file that nothing came of it.
            if mode.name() == "closed-restore" {
                assert_eq!(error.outcome, plimsoll_sim::sut::Outcome::Absent);
            }
            store
                .apply(&"put d 4".parse().expect("a command"))
                .expect("it goes on");
            assert!(store.is_open());
        }
    }
}
