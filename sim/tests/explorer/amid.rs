//! A write that a kill ends part way.

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
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

const LOG: &str = "log";

/// A log of puts, one a line and each a single write, that is left to the operating system.
#[derive(Clone, Copy, Debug)]
struct Lines {
    /// Whether a last line without its end counts.
    takes_rest: bool,
}

struct Open {
    log: Box<dyn FsFile>,
    puts: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Lines {
    fn recover(self, fs: &dyn FsOps) -> io::Result<Open> {
        let options = OpenOptions::read_write().create().append();
        let log = fs.open(Path::new(LOG), options)?;
        let bytes = read_to_end(&*log)?;
        let whole = bytes.iter().rposition(|&byte| byte == b'\n');
        let whole = whole.map_or(0, |at| at + 1);
        let end = if self.takes_rest { bytes.len() } else { whole };
        log.set_len(end as u64)?;
        let text = String::from_utf8_lossy(&bytes[..end]);
        let puts = text.lines().filter_map(|line| {
            let (key, value) = line.split_once(' ')?;
            Some((key.as_bytes().to_vec(), value.as_bytes().to_vec()))
        });
        let puts = puts.collect();
        Ok(Open { log, puts })
    }
}

impl Sut for Lines {
    fn name(&self) -> &str {
        "lines"
    }

    fn contract(&self) -> Contract {
        Contract::default()
    }

    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError> {
        match self.recover(&*host.fs) {
            Ok(open) => Ok(Box::new(open)),
            Err(error) => Err(OpenError {
                message: error.to_string(),
            }),
        }
    }
}

impl Instance for Open {
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError> {
        let Command::Write(Mutation::Put { key, value }) = command else {
            return Err(CommandError::unsupported());
        };
        let line = [key.as_slice(), b" ", value, b"\n"].concat();
        append_all(&*self.log, &line).map_err(|error| CommandError::unknown(error.to_string()))?;
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

fn explore(takes_rest: bool, value: &str) -> CaseReport {
    let profile = Profile::named("ext4-ordered").expect("the profile ships");
    let mut disk = Disk::honest(profile);
    disk.kinds = vec![CrashKind::ProcessKill];
    let step = format!("put a {value}");
    explore::run(&Case::new(
        "lines@ext4-ordered",
        Arc::new(Lines { takes_rest }),
        vec![step.parse().expect("it is a command")],
        disk,
    ))
}

#[test]
fn a_kill_may_leave_the_first_pages_of_a_write() {
    let report = explore(true, "x*9000");
    let found: Vec<Oracle> = report.violations.iter().map(|v| v.oracle).collect();
    assert_eq!(found, [Oracle::D2], "{report:#?}");
    let witness = &report.violations[0].witness;
    let expected =
        "process-kill in #1, within operation 2: write log 0..9003, which came to byte 4096";
    assert_eq!(witness.crash, expected, "{witness:#?}");
    assert_eq!(witness.image, ["log  4096 bytes"]);
    // What knows where a line ends, or never writes more than a page, is not hurt.
    for (takes_rest, value) in [(false, "x*9000"), (true, "x*4000")] {
        let report = explore(takes_rest, value);
        assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    }
}
