//! A store that tries a failed rename again.
//!
//! Everything it holds is in one file, replaced by rename at each write. A rename that fails is tried once more: file servers under
//! load return errors that pass. But a rename can fail after it took effect (a lost reply of a file server), and then the second
//! attempt finds nothing to rename. The bug is to take that for "there is no store yet" and to start afresh; the mended store
//! looks at what the name holds by now. Errors that come before their effect never show it.
//!
//! **Left out**: anything that makes a store fast.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::errno::Errno;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

const DIR: &str = "store";
const CURRENT: &str = "store/current";
const NEXT: &str = "store/next";

/// The recipe.
#[derive(Clone, Copy, Debug)]
pub struct RetriedRename {
    /// Whether the second attempt looks at what the name holds.
    pub mended: bool,
}

type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

struct Open {
    fs: Arc<dyn FsOps>,
    mended: bool,
    pairs: Pairs,
    /// Whether a write has failed: what the disk holds is known again only when the store is opened again.
    stopped: bool,
}

impl Sut for RetriedRename {
    fn name(&self) -> &str {
        if self.mended {
            "retried-rename-fixed"
        } else {
            "retried-rename"
        }
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let pairs = load(&*host.fs).map_err(|error| OpenError {
            message: error.to_string(),
        })?;
        Ok(Box::new(Open {
            fs: Arc::clone(&host.fs),
            mended: self.mended,
            pairs,
            stopped: false,
        }))
    }
}

/// Reads the store, and makes durable what an earlier life may have left in memory only.
fn load(fs: &dyn FsOps) -> io::Result<Pairs> {
    if fs.metadata(Path::new(DIR))?.is_none() {
        fs.create_dir(Path::new(DIR))?;
    }
    fs.sync_dir(Path::new(""))?;
    fs.sync_dir(Path::new(DIR))?;
    if fs.metadata(Path::new(CURRENT))?.is_none() {
        return Ok(Pairs::new());
    }
    let file = fs.open(Path::new(CURRENT), OpenOptions::read_only())?;
    parse(&read_to_end(&*file)?)
}

fn parse(bytes: &[u8]) -> io::Result<Pairs> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let text = std::str::from_utf8(bytes).map_err(|_| invalid())?;
    let command: Command = text.parse().map_err(|_| invalid())?;
    let mut pairs = Pairs::new();
    apply(command.mutations(), &mut pairs);
    Ok(pairs)
}

fn render(pairs: &Pairs) -> Vec<u8> {
    let puts = pairs.iter().map(|(key, value)| Mutation::Put {
        key: key.clone(),
        value: value.clone(),
    });
    Command::Batch(puts.collect()).to_string().into_bytes()
}

fn apply(mutations: &[Mutation], pairs: &mut Pairs) {
    for mutation in mutations {
        mutation.apply_to(pairs);
    }
}

impl Open {
    /// Writes everything to a file beside the current one and gives it that one's name.
    fn save(&mut self, pairs: &Pairs) -> io::Result<()> {
        let options = OpenOptions::read_write().create().truncate();
        let next: Box<dyn FsFile> = self.fs.open(Path::new(NEXT), options)?;
        let bytes = render(pairs);
        write_all_at(&*next, &bytes, 0)?;
        next.sync_all()?;
        next.close()?;
        self.publish(&bytes)?;
        self.fs.sync_dir(Path::new(DIR))
    }

    fn publish(&mut self, bytes: &[u8]) -> io::Result<()> {
        let rename = || self.fs.rename(Path::new(NEXT), Path::new(CURRENT));
        if rename().is_ok() {
            return Ok(());
        }
        match rename() {
            Err(error) if error.raw_os_error() == Some(Errno::ENOENT.code()) => {
                if self.mended {
                    self.was_published(bytes)
                } else {
                    self.start_afresh()
                }
            }
            second => second,
        }
    }

    /// Whether the first attempt took effect after all.
    fn was_published(&self, bytes: &[u8]) -> io::Result<()> {
        let current = self.fs.open(Path::new(CURRENT), OpenOptions::read_only())?;
        if read_to_end(&*current)? == bytes {
            Ok(())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    /// The bug: a file that is not there is taken for a store that was never written.
    fn start_afresh(&mut self) -> io::Result<()> {
        let options = OpenOptions::read_write().create().truncate();
        let current = self.fs.open(Path::new(CURRENT), options)?;
        write_all_at(&*current, &render(&Pairs::new()), 0)?;
        current.sync_all()?;
        self.pairs.clear();
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        match command {
            Command::Write(_) | Command::Batch(_) => {}
            Command::Sync | Command::Tick | Command::Advance(_) => {
                return Ok(Ack::at(Level::Memory));
            }
            _ => return Err(CommandError::unsupported()),
        }
        if self.stopped {
            return Err(CommandError::absent("stopped after a failed write"));
        }
        let mut pairs = self.pairs.clone();
        apply(command.mutations(), &mut pairs);
        match self.save(&pairs) {
            Ok(()) => {
                self.pairs = pairs;
                Ok(Ack::at(Level::Power))
            }
            Err(error) => {
                self.stopped = true;
                Err(CommandError::unknown(error.to_string()))
            }
        }
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        for (key, value) in &self.pairs {
            visit(key, value);
        }
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        if self.stopped {
            return Err(CommandError::unknown("stopped after a failed write"));
        }
        Ok(Ack::at(Level::Power))
    }
}
