//! What the harness does in a trial, as data.

use std::time::Duration;

use plimsoll_faults::plan::FaultPlan;
use plimsoll_reference::service::protocol::Command;

use crate::world::{Pace, Plan, Policy};

/// Everything that is drawn from a seed, so that a trial can be repeated without it.
///
/// The text form prints back what it parses:
///
/// ```text
/// life 1: 4 at once
///   ask put b0/k0 v1
///   pause 5ms
///   wait for all answers
///   start another
///   then end of input
/// life 2: 1 at once, not waiting until it is ready, leaving others behind
///   then power loss
/// disk: reads 0s, writes 0s, syncs lognormal(200us,5ms), names 0s; gives way 1 times of 4
/// schedule: priorities, lowered at 7 120
/// faults: fsync #2 EIO
/// plan: step 120: signal SIGTERM to server
/// ```
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
    /// How the next of the ready tasks is chosen.
    pub policy: Policy,
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
