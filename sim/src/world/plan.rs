//! What happens to the processes of a world, and when.

use std::time::Duration;

use plimsoll_faults::errno::Errno;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_reference::host::Signal;

use super::process::ProcessId;

/// When something happens. Operations and lines are counted over all processes of a program, so that a plan means the same after a
/// restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Before this step; they are counted from 0.
    Step(u64),
    /// Before an operation on the disk of a process of this program; they are counted from 1.
    Operation {
        /// Which one.
        number: u64,
        /// Of which program.
        program: String,
    },
    /// At a virtual time.
    Time(Duration),
    /// When a process of this program has written a whole line that begins so.
    Line {
        /// How it begins.
        prefix: String,
        /// Of which program.
        program: String,
        /// Which one, counted from 1.
        number: u32,
    },
}

/// What happens. A program stands for its process that was started last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A signal is sent; it arrives when the scheduler says so.
    Signal(Signal, String),
    /// The process is gone: no destructor has an effect any longer.
    Kill(String),
    /// All processes are gone, and the disk holds one of the states that the profile allows. On a network file system it is the client
    /// that loses its power, alone or with the whole site, by decision.
    PowerLoss,
    /// The servers of a network file system crash, or throw the client out, in one of the ways that the profile has, by decision. All
    /// processes are gone, and the disk holds what that leaves. On a local disk nothing happens.
    ///
    /// **Not modelled**: processes that go on once a server is back; a fault that [evicts](plimsoll_faults::plan::Effect::Evict) lets
    /// them.
    ServerCrash,
    /// Its standard input ends, in the middle of a line or not.
    CloseStdin(String),
    /// Nobody reads its standard output for now. Without effect once it has ended: what it has left there is read all the same.
    StopReading(String),
    /// Somebody reads it again.
    ResumeReading(String),
    /// Nobody reads its standard output any more.
    CloseStdout(String),
    /// Writes to its standard output fail with this error, the next so many or all: it is a file, and the disk is full or fails. Where all
    /// fail, the first of them may take the half of what it is given.
    FailStdout {
        /// Of which program.
        program: String,
        /// The error.
        error: Errno,
        /// How many writes fail; all where nothing is said.
        count: Option<u32>,
    },
    /// A program is started that nobody asks for anything, as others use the machine, too.
    Start(String),
    /// From now on there are only so many numbers for processes, and one is given again once its process was waited for.
    Numbers(u32),
    /// From now on a signal that is handled may interrupt a read or a write of standard input and output, or of a child's, with `EINTR`:
    /// handlers are installed without `SA_RESTART`.
    Interrupts,
    /// The wall clock steps.
    Clock {
        /// Forward, or else back.
        forward: bool,
        /// How far.
        by: Duration,
    },
    /// This goes wrong on the disk from now on, beside what did so far; occurrences count from now.
    Fault(FaultPlan),
    /// Operations of the process that hang return, with an error.
    Release(String),
}

/// When something of a plan happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happened {
    /// The step before which, or in which, it did.
    pub step: u64,
    /// The virtual time.
    pub time: Duration,
}

/// When a signal reached a process, whatever it did to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// The step in which it did, and the virtual time.
    pub at: Happened,
    /// The process.
    pub process: ProcessId,
    /// The signal.
    pub signal: Signal,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When it happens, once.
    pub when: When,
    /// What happens.
    pub action: Action,
}

/// Everything that happens, one line each in the text form, which prints back what it parses:
///
/// ```text
/// step 120: signal SIGTERM to server
/// operation 17 of server: kill server
/// time 5s: power-loss
/// step 9: server-crash
/// line "3 ok" of server #2: close-stdin server
/// step 0: stop-reading server
/// time 60s: resume-reading server
/// step 4: close-stdout server
/// step 9: fail-stdout server ENOSPC
/// step 9: fail-stdout server EIO #2
/// step 30: start stranger
/// step 0: numbers 8
/// step 0: interrupts
/// step 4: clock +5s
/// time 0ns: fault fsync *.log #2 stall 60s
/// time 90s: release server
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(pub Vec<Planned>);
