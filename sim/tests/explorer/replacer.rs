//! A store that replaces its one file with every write.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use plimsoll_reference::fs::{FsOps, OpenOptions, append_all, read_to_end};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

/// How a file gets its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recipe {
    /// Written, synced, renamed, and the directory synced.
    Plain,
    /// The same, with a second sync of the file behind the rename.
    SyncedTwice,
    /// All of the first, twice: as the store was, and then as it is to be.
    PlacedTwice,
}

#[derive(Debug)]
pub(crate) struct Replacer {
    pub(crate) recipe: Recipe,
}

struct Open {
    recipe: Recipe,
    host: Host,
    pairs: Pairs,
}

type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

const STORE: &str = "store";
const TEMP: &str = "store.tmp";

impl Sut for Replacer {
    fn name(&self) -> &str {
        "replacer"
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let pairs = load(&*host.fs).map_err(|error| OpenError {
            message: error.to_string(),
        })?;
        Ok(Box::new(Open {
            recipe: self.recipe,
            host: host.clone(),
            pairs,
        }))
    }
}

/// Reads the store and makes it durable. Its last byte says that it is whole.
fn load(fs: &dyn FsOps) -> io::Result<Pairs> {
    let file = match fs.open(Path::new(STORE), OpenOptions::read_only()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        file => file?,
    };
    let bytes = read_to_end(&*file)?;
    // A life that was killed may have renamed and not synced. What is shown has to stay.
    file.sync_all()?;
    fs.sync_dir(Path::new(""))?;
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "the store is not whole");
    let text = std::str::from_utf8(&bytes).map_err(|_| broken())?;
    let text = text.strip_suffix('.').ok_or_else(broken)?;
    let command: Command = text.parse().map_err(|_| broken())?;
    let mut pairs = BTreeMap::new();
    publish(command.mutations(), &mut pairs);
    Ok(pairs)
}

fn publish(mutations: &[Mutation], pairs: &mut Pairs) {
    for mutation in mutations {
        mutation.apply_to(pairs);
    }
}

impl Open {
    fn save(&self, old: &Pairs) -> io::Result<()> {
        if self.recipe == Recipe::PlacedTwice {
            self.place(old)?;
        }
        self.place(&self.pairs)
    }

    fn place(&self, pairs: &Pairs) -> io::Result<()> {
        let fs = &*self.host.fs;
        let mutations = pairs.iter().map(|(key, value)| Mutation::Put {
            key: key.clone(),
            value: value.clone(),
        });
        let text = format!("{}.", Command::Batch(mutations.collect()));
        // What a crash has left of an earlier attempt.
        match fs.remove_file(Path::new(TEMP)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let options = OpenOptions::read_write().create_new().append();
        let file = fs.open(Path::new(TEMP), options)?;
        append_all(&*file, text.as_bytes())?;
        file.sync_all()?;
        fs.rename(Path::new(TEMP), Path::new(STORE))?;
        if self.recipe == Recipe::SyncedTwice {
            file.sync_all()?;
        }
        fs.sync_dir(Path::new(""))
    }
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let (Command::Write(_) | Command::Batch(_)) = command else {
            return Err(CommandError::unsupported());
        };
        let old = self.pairs.clone();
        publish(command.mutations(), &mut self.pairs);
        self.save(&old)
            .map_err(|error| CommandError::unknown(error.to_string()))?;
        Ok(Ack::at(Level::Power))
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        for (key, value) in &self.pairs {
            visit(key, value);
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        Ok(Ack::at(Level::Power))
    }
}
