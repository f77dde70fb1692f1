//! A recovery that is killed, too.

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::profile::Profile;
use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, append_all, read_to_end, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::{Ack, Level};
use plimsoll_sim::case::{Case, Disk};
use plimsoll_sim::command::{Command, Mutation};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::{CaseReport, Verdict};
use plimsoll_sim::sut::{CommandError, Contract, Instance, OpenError, Sut, Visit};

const LOG: &str = "log";
const MARK: &str = "busy";
const COPY: &str = "copy";

/// A log of puts, one a line, that is left to the operating system. A mark is there while a line is written; who finds it writes the
/// log anew.
#[derive(Clone, Copy, Debug)]
struct Marked(Anew);

/// How the log is written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anew {
    /// As a copy that replaces it.
    Copied,
    /// It is emptied first.
    Emptied,
    /// In its place, the last line first.
    Reversed,
}

struct Open {
    host: Host,
    log: Box<dyn FsFile>,
    puts: Vec<(Vec<u8>, Vec<u8>)>,
}

fn append_to(fs: &dyn FsOps, path: &str) -> io::Result<Box<dyn FsFile>> {
    fs.open(Path::new(path), OpenOptions::read_write().create().append())
}

impl Marked {
    fn recover(self, fs: &dyn FsOps) -> io::Result<Vec<(Vec<u8>, Vec<u8>)>> {
        let bytes = read_to_end(&*append_to(fs, LOG)?)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n');
        let text = &bytes[..whole.map_or(0, |at| at + 1)];
        if text.len() < bytes.len() {
            let file = fs.open(Path::new(LOG), OpenOptions::read_write())?;
            file.set_len(text.len() as u64)?;
        }
        if fs.metadata(Path::new(MARK))?.is_some() {
            let options = OpenOptions::read_write().create();
            let (path, options) = match self.0 {
                Anew::Copied => (COPY, options.truncate()),
                Anew::Emptied => (LOG, options.truncate()),
                Anew::Reversed => (LOG, options),
            };
            let mut lines: Vec<&[u8]> = text.split_inclusive(|&byte| byte == b'\n').collect();
            if self.0 == Anew::Reversed {
                lines.reverse();
            }
            let file = fs.open(Path::new(path), options)?;
            write_all_at(&*file, &lines.concat(), 0)?;
            if path == COPY {
                fs.rename(Path::new(path), Path::new(LOG))?;
            }
            fs.remove_file(Path::new(MARK))?;
        }
        let lines = String::from_utf8_lossy(text);
        let put = |line: &str| match line.parse() {
            Ok(Mutation::Put { key, value }) => Some((key, value)),
            _ => None,
        };
        Ok(lines.lines().filter_map(put).collect())
    }
}

impl Sut for Marked {
    fn name(&self) -> &str {
        "marked"
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        let opened = self.recover(&*host.fs).and_then(|puts| {
            let log = append_to(&*host.fs, LOG)?;
            Ok(Open {
                host: host.clone(),
                log,
                puts,
            })
        });
        match opened {
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
        let fs = &*self.host.fs;
        append_to(fs, MARK)
            .and_then(|_| append_all(&*self.log, format!("{put}\n").as_bytes()))
            .and_then(|()| fs.remove_file(Path::new(MARK)))
            .map_err(|error| CommandError::unknown(error.to_string()))?;
        self.puts.push((key.clone(), value.clone()));
        Ok(Ack::at(Level::Process))
    }

    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String> {
        self.puts.iter().for_each(|(key, value)| visit(key, value));
        Ok(())
    }

    fn close(self: Box<Self>) -> Result<Ack, CommandError> {
        Ok(Ack::at(Level::Process))
    }
}

fn explore(anew: Anew, value: &str, kinds: &[CrashKind]) -> CaseReport {
    let profile = Profile::named("ext4-ordered").expect("the profile ships");
    let steps = ["a", "b"].map(|key| format!("put {key} {value}"));
    let mut disk = Disk::honest(profile);
    disk.kinds = kinds.to_vec();
    explore::run(&Case::new(
        "marked@ext4-ordered",
        Arc::new(Marked(anew)),
        Vec::from(steps.map(|step| step.parse().expect("it is a command"))),
        disk,
    ))
}

#[test]
fn what_survives_a_kill_survives_a_kill_of_the_recovery_after_it() {
    // No recovery of the run itself finds the mark, so that no crash of the run is one of such a recovery.
    for kinds in [CrashKind::HONEST, &[CrashKind::ProcessKill]] {
        let report = explore(Anew::Emptied, "1", kinds);
        let found: Vec<Oracle> = report.violations.iter().map(|v| v.oracle).collect();
        assert_eq!(found, [Oracle::R2], "{report:#?}");
        let witness = &report.violations[0].witness;
        assert!(witness.expected.contains("#1"), "{witness:#?}");
        assert!(witness.crash.starts_with("process-kill"), "{witness:#?}");
        let report = explore(Anew::Copied, "1", kinds);
        assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    }
}

#[test]
fn a_kill_within_a_write_of_the_recovery_leaves_its_first_pages() {
    let kinds = [CrashKind::ProcessKill];
    // The text form has no shorter one for it.
    let long = "ab".repeat(4500);
    let report = explore(Anew::Reversed, &long, &kinds);
    let found: Vec<Oracle> = report.violations.iter().map(|v| v.oracle).collect();
    assert_eq!(found, [Oracle::R2], "{report:#?}");
    for (anew, value) in [(Anew::Reversed, "x"), (Anew::Copied, &long)] {
        let report = explore(anew, value, &kinds);
        assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    }
}
