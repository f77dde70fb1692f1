//! A store of a hundred lines to try the explorer on: one checksummed log, replayed at open. Each step that makes it correct can
//! be left out.

use std::collections::BTreeMap;
use std::path::Path;

use plimsoll_reference::fs::{FsFile, OpenOptions, append_all, read_to_end, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};
use xxhash_rust::xxh3::xxh3_64;

/// Which steps are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Omit {
    pub(crate) sync: bool,
    pub(crate) dir_sync: bool,
    pub(crate) checksum: bool,
    pub(crate) cutting_the_torn_tail: bool,
    pub(crate) stopping_after_a_failed_sync: bool,
    pub(crate) syncing_what_was_found: bool,
    pub(crate) the_order_in_a_group: bool,
    pub(crate) keeping_what_is_before_a_gap: bool,
}

/// The recipe.
#[derive(Debug)]
pub(crate) struct MiniLog {
    pub(crate) omit: Omit,
}

struct Open {
    omit: Omit,
    log: Box<dyn FsFile>,
    pairs: BTreeMap<Vec<u8>, Vec<u8>>,
    stopped: bool,
}

impl Sut for MiniLog {
    fn name(&self) -> &str {
        "mini-log"
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        self.try_open(host)
            .map(|open| Box::new(open) as Box<dyn Instance>)
            .map_err(|error| OpenError {
                message: error.to_string(),
            })
    }
}

impl MiniLog {
    fn try_open(&self, host: &Host) -> std::io::Result<Open> {
        let path = Path::new("log");
        let log = host
            .fs
            .open(path, OpenOptions::read_write().create().append())?;
        let bytes = read_to_end(&*log)?;
        let mut pairs = BTreeMap::new();
        let mut rest = &bytes[..];
        while let Some((payload, tail)) = self.frame(rest) {
            replay(payload, &mut pairs);
            rest = tail;
        }
        if self.omit.keeping_what_is_before_a_gap
            && (1..rest.len()).any(|start| self.frame(&rest[start..]).is_some())
        {
            pairs.clear();
            rest = &bytes;
        }
        let valid = bytes.len() - rest.len();
        drop(log);
        if !rest.is_empty() && !self.omit.cutting_the_torn_tail {
            let file = host.fs.open(path, OpenOptions::read_write())?;
            file.set_len(valid as u64)?;
            file.sync_all()?;
        }
        if valid > 0 && !self.omit.syncing_what_was_found {
            // A failed sync of an earlier life may have left this unwritten although it can be read.
            let file = host.fs.open(path, OpenOptions::read_write())?;
            write_all_at(&*file, &bytes[..valid], 0)?;
            file.sync_all()?;
        }
        if !self.omit.dir_sync {
            host.fs.sync_dir(Path::new(""))?;
        }
        let log = host.fs.open(path, OpenOptions::read_write().append())?;
        Ok(Open {
            omit: self.omit,
            log,
            pairs,
            stopped: false,
        })
    }

    fn frame<'a>(&self, bytes: &'a [u8]) -> Option<(&'a [u8], &'a [u8])> {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let (sum, rest) = rest.split_first_chunk::<8>()?;
        let len = u32::from_le_bytes(*len) as usize;
        if len == 0 || len > rest.len() {
            return None;
        }
        let (payload, rest) = rest.split_at(len);
        let intact = xxh3_64(payload) == u64::from_le_bytes(*sum);
        (intact || self.omit.checksum).then_some((payload, rest))
    }
}

fn text(mutations: &[Mutation]) -> Vec<u8> {
    Command::Batch(mutations.to_vec()).to_string().into_bytes()
}

fn replay(payload: &[u8], pairs: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
    let Ok(text) = std::str::from_utf8(payload) else {
        return;
    };
    let Ok(command) = text.parse::<Command>() else {
        return;
    };
    publish(command.mutations(), pairs);
}

fn publish(mutations: &[Mutation], pairs: &mut BTreeMap<Vec<u8>, Vec<u8>>) {
    for mutation in mutations {
        mutation.apply_to(pairs);
    }
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        match command {
            Command::Write(_) | Command::Batch(_) | Command::Together(_) => {}
            Command::Sync | Command::Tick | Command::Advance(_) => {
                return Ok(Ack::at(Level::Memory));
            }
            _ => return Err(CommandError::unsupported()),
        }
        if self.stopped {
            return Err(CommandError::absent("stopped after a failed write"));
        }
        let size = match command {
            Command::Together(_) => 1,
            _ => command.mutations().len().max(1),
        };
        let mut commits: Vec<&[Mutation]> = command.mutations().chunks(size).collect();
        if self.omit.the_order_in_a_group {
            commits.reverse();
        }
        let mut frames = Vec::new();
        for commit in commits {
            let payload = text(commit);
            frames.extend((payload.len() as u32).to_le_bytes());
            frames.extend(xxh3_64(&payload).to_le_bytes());
            frames.extend(payload);
        }
        let written = append_all(&*self.log, &frames).and_then(|()| {
            if self.omit.sync {
                Ok(())
            } else {
                self.log.sync_data()
            }
        });
        if let Err(error) = written {
            self.stopped = !self.omit.stopping_after_a_failed_sync;
            return Err(CommandError::unknown(error.to_string()));
        }
        publish(command.mutations(), &mut self.pairs);
        Ok(Ack::at(Level::Power))
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
        self.log
            .close()
            .map_err(|error| CommandError::unknown(error.to_string()))?;
        Ok(Ack::at(Level::Power))
    }
}
