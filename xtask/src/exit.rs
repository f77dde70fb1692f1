//! How a run ends, and the exit code that says so.

use plimsoll_sim::report::Verdict;

/// The last lines of every `--help`.
pub(crate) const HELP: &str = "Exit codes:
    0  everything held
    1  wrong usage or configuration
    2  a property was violated, or an expected violation did not appear
    3  a limit ended a case early
    4  nothing was selected
    5  a case was vacuous: a fault never fired, or nothing was explored
    6  two equal runs differed
   70  a bug of the harness itself
  130  interrupted
When several apply: 130, else 70, 6, 2, 3, 5, in this order.
A finding of portability, which no target reaches, is 0, and 2 with --deny=portability.";

/// An exit code. The numbers are a promise to scripts and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything held.
    Held = 0,
    /// Wrong usage or configuration.
    Usage = 1,
    /// A property was violated, or an expected violation did not appear.
    Violated = 2,
    /// A limit ended a case early.
    Limit = 3,
    /// Nothing was selected.
    NothingSelected = 4,
    /// A case was vacuous.
    Vacuous = 5,
    /// Two equal runs differed.
    Nondeterminism = 6,
    /// A panic in our own code.
    HarnessBug = 70,
    /// Ctrl-C.
    Interrupted = 130,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How a case, or a whole run, ended. The order is that of precedence: the worst of several is their maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// What was expected was found, and nothing else.
    Passed,
    /// An oracle was violated that was not expected to be, on no disk that is a target.
    Portability,
    /// A fault never fired, or nothing was explored.
    Vacuous,
    /// A limit ended it early.
    Limit,
    /// An expected violation did not appear.
    Missed,
    /// An oracle was violated that was not expected to be.
    Violated,
    /// Two equal runs differed.
    Nondeterministic,
    /// The harness panicked.
    HarnessBug,
    /// Ctrl-C; only a whole run ends so.
    Interrupted,
}

impl Ending {
    /// The name in machine-readable output.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Portability => "portability",
            Self::Vacuous => "vacuous",
            Self::Limit => "limit",
            Self::Missed => "missed",
            Self::Violated => "violated",
            Self::Nondeterministic => "nondeterministic",
            Self::HarnessBug => "harness-bug",
            Self::Interrupted => "interrupted",
        }
    }

    /// The exit code of a run that ended so.
    pub(crate) const fn exit(self) -> Exit {
        match self {
            Self::Passed | Self::Portability => Exit::Held,
            Self::Vacuous => Exit::Vacuous,
            Self::Limit => Exit::Limit,
            Self::Missed | Self::Violated => Exit::Violated,
            Self::Nondeterministic => Exit::Nondeterminism,
            Self::HarnessBug => Exit::HarnessBug,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}

impl From<Verdict> for Ending {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Violated => Self::Violated,
            Verdict::Portability => Self::Portability,
            Verdict::Missed => Self::Missed,
            Verdict::Limit => Self::Limit,
            Verdict::Vacuous => Self::Vacuous,
            Verdict::Nondeterministic => Self::Nondeterministic,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_ending_decides() {
        // From best to worst; each must win against all before it.
        let ordered = [
            Ending::Passed,
            Ending::Portability,
            Ending::Vacuous,
            Ending::Limit,
            Ending::Missed,
            Ending::Violated,
            Ending::Nondeterministic,
            Ending::HarnessBug,
            Ending::Interrupted,
        ];
        for (index, &worst) in ordered.iter().enumerate() {
            let all = &ordered[..=index];
            assert_eq!(all.iter().copied().max(), Some(worst), "{}", worst.name());
        }
        let codes = ordered.map(|ending| ending.exit() as u8);
        assert_eq!(codes, [0, 0, 5, 3, 2, 2, 6, 70, 130]);
    }

    #[test]
    fn verdicts_keep_their_names() {
        for verdict in [
            Verdict::Passed,
            Verdict::Violated,
            Verdict::Portability,
            Verdict::Missed,
            Verdict::Limit,
            Verdict::Vacuous,
            Verdict::Nondeterministic,
        ] {
            assert_eq!(Ending::from(verdict).name(), verdict.name());
        }
    }
}
