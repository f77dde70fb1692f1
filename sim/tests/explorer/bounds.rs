//! A store that keeps two snapshots and answers at once has no violation; one that removes the old ones first (C2) or that takes a
//! nap before it answers (B3) is found.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::profile::Profile;
use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::case::{Case, Disk};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

const TEMPORARY: &str = "new";

type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store in memory, whose newest snapshot has the highest number.
#[derive(Clone, Copy, Debug, Default)]
struct Keeper {
    /// Whether the old snapshots go before the new one is there.
    removes_first: bool,
    /// Whether a write takes two seconds.
    naps: bool,
}

struct Open {
    recipe: Keeper,
    host: Host,
    pairs: Pairs,
}

/// The numbers of the snapshots, the oldest first.
fn numbers(fs: &dyn FsOps) -> io::Result<Vec<u32>> {
    let entries = fs.read_dir(Path::new(""))?;
    let mut numbers: Vec<u32> = entries
        .iter()
        .filter_map(|entry| entry.name.parse().ok())
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

fn read(fs: &dyn FsOps, number: u32) -> io::Result<Pairs> {
    let file = fs.open(Path::new(&number.to_string()), OpenOptions::read_only())?;
    let text = String::from_utf8(read_to_end(&*file)?).map_err(io::Error::other)?;
    let command: Command = text.parse().map_err(io::Error::other)?;
    let mut pairs = Pairs::new();
    command
        .mutations()
        .iter()
        .for_each(|mutation| mutation.apply_to(&mut pairs));
    Ok(pairs)
}

impl Open {
    fn snapshot(&self) -> io::Result<()> {
        let fs = &*self.host.fs;
        let old = numbers(fs)?;
        if self.recipe.removes_first {
            remove(fs, &old)?;
        }
        let puts = self.pairs.iter().map(|(key, value)| Mutation::Put {
            key: key.clone(),
            value: value.clone(),
        });
        let text = Command::Batch(puts.collect()).to_string();
        let options = OpenOptions::read_write().create().truncate();
        let file = fs.open(Path::new(TEMPORARY), options)?;
        write_all_at(&*file, text.as_bytes(), 0)?;
        file.sync_all()?;
        let number = old.last().copied().unwrap_or(0) + 1;
        fs.rename(Path::new(TEMPORARY), Path::new(&number.to_string()))?;
        fs.sync_dir(Path::new(""))?;
        if !self.recipe.removes_first {
            remove(fs, &old[..old.len().saturating_sub(1)])?;
        }
        Ok(())
    }
}

fn remove(fs: &dyn FsOps, numbers: &[u32]) -> io::Result<()> {
    numbers
        .iter()
        .try_for_each(|number| fs.remove_file(Path::new(&number.to_string())))
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        match command {
            Command::Write(mutation) => {
                if self.recipe.naps {
                    self.host.clock.sleep(Duration::from_secs(2));
                }
                mutation.apply_to(&mut self.pairs);
                Ok(Ack::at(Level::Memory))
            }
            Command::Snapshot => match self.snapshot() {
                Ok(()) => Ok(Ack::at(Level::Power)),
                Err(error) => Err(CommandError::unknown(error.to_string())),
            },
            _ => Err(CommandError::unsupported()),
        }
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.pairs.iter().for_each(|(key, value)| visit(key, value));
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        Ok(Ack::at(Level::Memory))
    }
}

impl Sut for Keeper {
    fn name(&self) -> &str {
        "keeper"
    }

    fn contract(&self) -> Contract {
        Contract {
            snapshots_kept: 2,
            writes_within: Some(Duration::from_secs(1)),
            ..Contract::default()
        }
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let load = || match numbers(&*host.fs)?.last() {
            Some(&newest) => read(&*host.fs, newest),
            None => Ok(Pairs::new()),
        };
        let pairs = load().map_err(|error: io::Error| OpenError {
            message: error.to_string(),
        })?;
        Ok(Box::new(Open {
            recipe: *self,
            host: host.clone(),
            pairs,
        }))
    }

    fn count_snapshots(&self, fs: &dyn FsOps) -> Result<u32, String> {
        let count = || -> io::Result<u32> {
            let numbers = numbers(fs)?;
            numbers
                .iter()
                .try_for_each(|&number| read(fs, number).map(drop))?;
            Ok(u32::try_from(numbers.len()).unwrap_or(u32::MAX))
        };
        count().map_err(|error| error.to_string())
    }
}

/// The oracles that a store violates on a disk that keeps the order of what it is told.
fn violated(keeper: Keeper) -> Vec<Oracle> {
    let steps = [
        "put a 1", "snapshot", "put b 2", "snapshot", "put c 3", "snapshot",
    ];
    let workload = steps.iter().map(|step| step.parse().expect("a command"));
    let profile = Profile::named("ext4-ordered").expect("a profile");
    explore::violated(&Case::new(
        "bounds",
        Arc::new(keeper),
        workload.collect(),
        Disk::honest(profile),
    ))
}

#[test]
fn two_snapshots_and_a_quick_answer_are_as_promised() {
    assert_eq!(violated(Keeper::default()), []);
}

#[test]
fn an_old_snapshot_that_goes_first_is_missed() {
    let found = violated(Keeper {
        removes_first: true,
        naps: false,
    });
    assert!(found.contains(&Oracle::C2), "{found:?}");
}

#[test]
fn an_answer_that_takes_too_long_is_noticed() {
    let found = violated(Keeper {
        removes_first: false,
        naps: true,
    });
    assert_eq!(found, [Oracle::B3]);
}
