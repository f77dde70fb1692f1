//! Copies and restores on a store of one file: the careful one has no violation, and a copy that is written in place is found.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::profile::Profile;
use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::case::{Case, Disk, ErrorSweep};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::{CaseReport, Verdict};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};
use plimsoll_sim::workload::{Shape, generate};
use xxhash_rust::xxh3::xxh3_64;

const FILE: &str = "store";

type Pairs = BTreeMap<Vec<u8>, Vec<u8>>;

/// A store of one file, which every commit replaces.
#[derive(Clone, Copy, Debug, Default)]
struct OneFile {
    /// Whether copies are written over what was there.
    copies_in_place: bool,
    /// Whether restoring does nothing.
    restores_nothing: bool,
}

struct Open {
    recipe: OneFile,
    host: Host,
    pairs: Pairs,
    /// Whether something failed: what the file holds is open then.
    stopped: bool,
}

fn copy_name(place: u8) -> String {
    format!("copy-{place}")
}

fn encode(pairs: &Pairs) -> Vec<u8> {
    let puts = pairs.iter().map(|(key, value)| Mutation::Put {
        key: key.clone(),
        value: value.clone(),
    });
    let text = Command::Batch(puts.collect()).to_string().into_bytes();
    let mut bytes = xxh3_64(&text).to_le_bytes().to_vec();
    bytes.extend(text);
    bytes
}

fn decode(bytes: &[u8]) -> Option<Pairs> {
    let (sum, text) = bytes.split_first_chunk::<8>()?;
    if xxh3_64(text) != u64::from_le_bytes(*sum) {
        return None;
    }
    let command: Command = std::str::from_utf8(text).ok()?.parse().ok()?;
    let puts = command.mutations().iter().filter_map(|put| match put {
        Mutation::Put { key, value } => Some((key.clone(), value.clone())),
        Mutation::Delete { .. } => None,
    });
    Some(puts.collect())
}

fn read(fs: &dyn FsOps, name: &str) -> io::Result<Option<Pairs>> {
    let file = match fs.open(Path::new(name), OpenOptions::read_only()) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let pairs = decode(&read_to_end(&*file)?);
    pairs
        .map(Some)
        .ok_or_else(|| io::Error::other(format!("{name} is no store")))
}

/// Writes a new file and gives it the name.
fn replace(fs: &dyn FsOps, name: &str, pairs: &Pairs) -> io::Result<()> {
    let temporary = format!("{name}.tmp");
    overwrite(fs, &temporary, pairs)?;
    fs.rename(Path::new(&temporary), Path::new(name))?;
    fs.sync_dir(Path::new(""))
}

fn overwrite(fs: &dyn FsOps, name: &str, pairs: &Pairs) -> io::Result<()> {
    let options = OpenOptions::read_write().create().truncate();
    let file = fs.open(Path::new(name), options)?;
    write_all_at(&*file, &encode(pairs), 0)?;
    file.sync_all()
}

impl Open {
    fn perform(&mut self, command: &Command) -> io::Result<()> {
        let fs = &*self.host.fs;
        match command {
            Command::Compact => replace(fs, FILE, &self.pairs),
            Command::Export(place) | Command::CompactTo(place) => {
                let name = copy_name(*place);
                if self.recipe.copies_in_place {
                    overwrite(fs, &name, &self.pairs)?;
                    return fs.sync_dir(Path::new(""));
                }
                replace(fs, &name, &self.pairs)
            }
            Command::Restore(_) if self.recipe.restores_nothing => Ok(()),
            Command::Restore(place) => {
                let pairs = read(fs, &copy_name(*place))?.ok_or(io::ErrorKind::NotFound)?;
                replace(fs, FILE, &pairs)?;
                self.pairs = pairs;
                Ok(())
            }
            _ => {
                let mut pairs = self.pairs.clone();
                for mutation in command.mutations() {
                    mutation.apply_to(&mut pairs);
                }
                replace(fs, FILE, &pairs)?;
                self.pairs = pairs;
                Ok(())
            }
        }
    }
}

impl Sut for OneFile {
    fn name(&self) -> &str {
        "one-file"
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let open = || -> io::Result<Open> {
            let pairs = read(&*host.fs, FILE)?.unwrap_or_default();
            // What is shown from here on stays.
            host.fs.sync_dir(Path::new(""))?;
            Ok(Open {
                recipe: *self,
                host: host.clone(),
                pairs,
                stopped: false,
            })
        };
        match open() {
            Ok(open) => Ok(Box::new(open)),
            Err(error) => Err(OpenError {
                message: error.to_string(),
            }),
        }
    }

    fn read_copy(&self, fs: &dyn FsOps, place: u8, visit: &mut Visit<'_>) -> Result<bool, String> {
        let pairs = read(fs, &copy_name(place)).map_err(|error| error.to_string())?;
        for (key, value) in pairs.iter().flatten() {
            visit(key, value);
        }
        Ok(pairs.is_some())
    }
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        if self.stopped {
            return Err(CommandError::absent("stopped"));
        }
        let done = self.perform(command);
        self.stopped = done.is_err();
        done.map(|()| Ack::at(Level::Power))
            .map_err(|error| CommandError::unknown(error.to_string()))
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

fn explore(sut: OneFile, workload: Vec<Command>, disk: &str, errors: ErrorSweep) -> CaseReport {
    let profile = Profile::named(disk).expect("the profile ships");
    let id = format!("one-file@{disk}");
    explore::run(&Case {
        errors,
        ..Case::new(id, Arc::new(sut), workload, Disk::honest(profile))
    })
}

fn steps(texts: &[&str]) -> Vec<Command> {
    let parse = |text: &&str| text.parse().expect("it is a command");
    texts.iter().map(parse).collect()
}

fn found(report: &CaseReport) -> Vec<Oracle> {
    let oracles = report.violations.iter().map(|violation| violation.oracle);
    oracles.collect()
}

const SECOND_COPY: &[&str] = &["put a 1", "export 0", "put a 2", "export 0"];

#[test]
fn a_careful_store_has_no_violation_with_copies_and_restores() {
    for seed in 0..6 {
        let shape = Shape {
            commands: 12,
            keys: 3,
            snapshots: 0,
            overlapping_snapshots: 0,
            compactions: 8,
            copies: 20,
            restores: 20,
            ..Shape::default()
        };
        let workload = generate(seed, &shape);
        for disk in ["posix-minimal", "xfs"] {
            let sut = OneFile::default();
            let report = explore(sut, workload.clone(), disk, ErrorSweep::None);
            assert_eq!(report.verdict, Verdict::Passed, "{workload:?} {report:#?}");
        }
    }
}

#[test]
fn errors_while_copying_and_restoring_leave_the_old_or_the_new() {
    let workload = steps(&[
        "put a 1",
        "export 0",
        "put a 2",
        "put b 1",
        "restore 0",
        "put c 1",
    ]);
    let report = explore(
        OneFile::default(),
        workload,
        "posix-minimal",
        ErrorSweep::Every,
    );
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    assert!(report.counters.faults_fired > 30, "{report:#?}");
}

#[test]
fn a_copy_that_is_written_in_place_is_found_once_there_was_one() {
    let sut = OneFile {
        copies_in_place: true,
        ..OneFile::default()
    };
    let report = explore(sut, steps(SECOND_COPY), "ext4-ordered", ErrorSweep::None);
    assert_eq!(found(&report), [Oracle::C1], "{report:#?}");
    let first = &SECOND_COPY[..2];
    let report = explore(sut, steps(first), "ext4-ordered", ErrorSweep::None);
    assert_eq!(found(&report), [], "nothing was promised yet");
}

#[test]
fn a_restore_that_does_nothing_is_found() {
    let sut = OneFile {
        restores_nothing: true,
        ..OneFile::default()
    };
    let workload = steps(&["put a 1", "compact-to 3", "put a 2", "restore 3"]);
    let report = explore(sut, workload, "ext4-ordered", ErrorSweep::None);
    assert!(!found(&report).is_empty(), "{report:#?}");
}
