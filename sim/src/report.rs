//! What a case found: values, never text on a terminal.

use std::fmt;

use crate::class::Class;
use crate::command::Command;
use crate::fingerprint::Fingerprint;
use crate::oracle::Oracle;
use crate::sites::Sites;

pub use crate::counters::Counters;

/// How a case ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// What was expected was found, and nothing else.
    Passed,
    /// An oracle was violated that was not expected to be.
    Violated,
    /// An oracle was violated that was not expected to be, but on no disk that is a target.
    Portability,
    /// An expected violation did not appear.
    Missed,
    /// A limit ended the case early.
    Limit,
    /// A fault of the plan never fired, or nothing was explored.
    Vacuous,
    /// Two equal runs differed.
    Nondeterministic,
}

impl Verdict {
    /// The name in machine-readable output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Violated => "violated",
            Self::Portability => "portability",
            Self::Missed => "missed",
            Self::Limit => "limit",
            Self::Vacuous => "vacuous",
            Self::Nondeterministic => "nondeterministic",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The evidence of a violation: what was done, where it crashed, what was left, what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The steps, shrunk to those that matter.
    pub commands: Vec<Command>,
    /// Number of steps before shrinking.
    pub commands_before: usize,
    /// The fault plan in text form; empty when nothing went wrong but the crash.
    pub plan: String,
    /// The operations up to the crash with their results, one a line, each with the acknowledgement that followed it.
    pub trace: Vec<String>,
    /// What kind of crash it was, and where.
    pub crash: String,
    /// The operations by which it is told from others.
    pub sites: Sites,
    /// The micro-operations that had not reached the disk when it crashed, one a line.
    pub lost: Vec<String>,
    /// The files that the crash left, one a line.
    pub image: Vec<String>,
    /// What the oracle allows.
    pub expected: String,
    /// What recovery showed.
    pub found: String,
    /// The missing barrier, where one sync more would have prevented the violation.
    pub help: Option<String>,
}

/// An oracle that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The oracle.
    pub oracle: Oracle,
    /// Whether the case expects it.
    pub expected: bool,
    /// Whose it is.
    pub class: Class,
    /// The names of the disks on which the witness shows it, those that ship first.
    pub profiles: Vec<String>,
    /// The evidence.
    pub witness: Witness,
}

/// The result of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReport {
    /// How it ended.
    pub verdict: Verdict,
    /// What did not hold, one entry per oracle.
    pub violations: Vec<Violation>,
    /// Why the verdict is what it is, where the violations do not say.
    pub reason: Option<String>,
    /// How much was looked at.
    pub counters: Counters,
    /// Hash of everything that happened.
    pub fingerprint: Fingerprint,
}
