//! What the harness does in a trial, as data.

use std::fmt;
use std::time::Duration;

use plimsoll_faults::plan::{FaultPlan, show_duration};
use plimsoll_reference::service::protocol::Command;

use crate::world::{Pace, Plan};

/// Everything that is drawn from a seed, so that a trial can be repeated without it.
#[derive(Clone, Debug, PartialEq)]
pub struct Script {
    /// The lives, one after the other.
    pub lives: Vec<LifeScript>,
    /// What happens to the processes, and when.
    pub plan: Plan,
    /// What goes wrong on the disk from the beginning.
    pub faults: FaultPlan,
    /// How long operations take.
    pub pace: Pace,
}

/// What the harness does in one life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeScript {
    /// Whether requests are written before the system says that it is ready.
    pub early: bool,
    /// Most requests that are not yet answered.
    pub outstanding: usize,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// How it is asked to end.
    pub ending: Ending,
    /// Whether everybody is waited for before the next life begins, also children that outlive their parent.
    pub settles: bool,
}

/// A step of the harness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Asks for something.
    Ask(Command),
    /// Lets virtual time pass.
    Pause(Duration),
    /// Waits for all answers.
    Settle,
    /// Starts the system once more, beside the one that runs.
    StartAnother,
}

/// How a life is asked to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// By a request.
    Close,
    /// By the end of the input.
    Eof,
    /// By the end of the input in the middle of a line.
    MidLine,
    /// By `SIGTERM`.
    Term,
    /// By `SIGINT`.
    Int,
    /// By killing the process.
    Kill,
    /// By losing power.
    Power,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Close => "close",
            Self::Eof => "end of input",
            Self::MidLine => "end of input in the middle of a line",
            Self::Term => "SIGTERM",
            Self::Int => "SIGINT",
            Self::Kill => "kill",
            Self::Power => "power loss",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(command) => write!(f, "ask {command}"),
            Self::Pause(time) => write!(f, "pause {}", show_duration(*time)),
            Self::Settle => f.write_str("wait for all answers"),
            Self::StartAnother => f.write_str("start another"),
        }
    }
}

/// For people; there is no way back.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, life) in self.lives.iter().enumerate() {
            let early = if life.early {
                ", not waiting until it is ready"
            } else {
                ""
            };
            writeln!(f, "life {}: {} at once{early}", index + 1, life.outstanding)?;
            for step in &life.steps {
                writeln!(f, "  {step}")?;
            }
            writeln!(f, "  then {}", life.ending)?;
        }
        let pace = self.pace;
        writeln!(
            f,
            "disk: reads {}, writes {}, syncs {}, names {}; gives way {} times of {}",
            pace.read, pace.write, pace.sync, pace.metadata, pace.preempt.0, pace.preempt.1
        )?;
        for line in self.plan.to_string().lines() {
            writeln!(f, "plan: {line}")?;
        }
        Ok(())
    }
}
