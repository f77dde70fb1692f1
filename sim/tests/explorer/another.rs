//! A second handle on a store that is open: one that is admitted and rewrites the store is found, one that is refused is not.

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::profile::Profile;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, append_all, read_to_end};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::case::{Case, Disk};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::{CaseReport, Verdict};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

const FILE: &str = "log";

/// A log of puts, one a line, which every open replaces by a copy of itself.
#[derive(Clone, Copy, Debug)]
struct CopiedLog {
    /// Whether a handle keeps others out.
    locks: bool,
}

struct Open {
    file: Box<dyn FsFile>,
    _lock: Option<Box<dyn FsFile>>,
    puts: Vec<(Vec<u8>, Vec<u8>)>,
}

fn append_to(fs: &dyn FsOps, path: &str) -> io::Result<Box<dyn FsFile>> {
    fs.open(Path::new(path), OpenOptions::read_write().create().append())
}

impl CopiedLog {
    fn open(self, fs: &dyn FsOps) -> io::Result<Open> {
        let lock = if self.locks {
            let file = append_to(fs, "lock")?;
            if !file.try_lock()? {
                return Err(io::Error::other("the store is open already"));
            }
            Some(file)
        } else {
            None
        };
        let bytes = read_to_end(&*append_to(fs, FILE)?)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n');
        let text = &bytes[..whole.map_or(0, |at| at + 1)];
        let options = OpenOptions::read_write().create().truncate().append();
        let file = fs.open(Path::new("copy"), options)?;
        append_all(&*file, text)?;
        file.sync_all()?;
        fs.rename(Path::new("copy"), Path::new(FILE))?;
        fs.sync_dir(Path::new(""))?;
        let lines = String::from_utf8_lossy(text);
        let put = |line: &str| match line.parse() {
            Ok(Mutation::Put { key, value }) => Some((key, value)),
            _ => None,
        };
        Ok(Open {
            file,
            _lock: lock,
            puts: lines.lines().filter_map(put).collect(),
        })
    }
}

impl Sut for CopiedLog {
    fn name(&self) -> &str {
        "copied-log"
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        match CopiedLog::open(*self, &*host.fs) {
            Ok(open) => Ok(Box::new(open)),
            Err(error) => Err(OpenError {
                message: error.to_string(),
            }),
        }
    }
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let Command::Write(put @ Mutation::Put { key, value }) = command else {
            return Err(CommandError::unsupported());
        };
        append_all(&*self.file, format!("{put}\n").as_bytes())
            .and_then(|()| self.file.sync_all())
            .map_err(|error| CommandError::unknown(error.to_string()))?;
        self.puts.push((key.clone(), value.clone()));
        Ok(Ack::at(Level::Power))
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        let last: std::collections::BTreeMap<_, _> = self.puts.iter().cloned().collect();
        last.iter().for_each(|(key, value)| visit(key, value));
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        Ok(Ack::at(Level::Power))
    }
}

fn explore(locks: bool, steps: &[&str]) -> CaseReport {
    let profile = Profile::named("ext4-ordered").expect("the profile ships");
    let parse = |text: &&str| text.parse().expect("it is a command");
    explore::run(&Case::new(
        "copied-log@ext4-ordered",
        Arc::new(CopiedLog { locks }),
        steps.iter().map(parse).collect(),
        Disk::honest(profile),
    ))
}

const STEPS: &[&str] = &["put a 1", "open-another", "put b 2", "reopen", "put c 3"];

#[test]
fn a_second_handle_that_takes_the_file_away_is_found() {
    let report = explore(false, STEPS);
    let oracles: Vec<Oracle> = report.violations.iter().map(|v| v.oracle).collect();
    assert_eq!(oracles, [Oracle::D1], "{report:#?}");
    let alone: Vec<&str> = STEPS
        .iter()
        .copied()
        .filter(|step| *step != "open-another")
        .collect();
    assert_eq!(explore(false, &alone).verdict, Verdict::Passed);
}

#[test]
fn a_second_handle_that_is_refused_changes_nothing() {
    let report = explore(true, STEPS);
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
}

#[test]
fn a_second_handle_ends_with_its_process() {
    for restart in ["kill", "reopen"] {
        let report = explore(true, &["put a 1", "open-another", restart, "put b 2"]);
        assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    }
}
