//! Worlds, and what comes of running one.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_reference::host::{ExitStatus, Host, Later, Signal};
use plimsoll_reference::sqlite::vfs::seed_thread;
use thiserror::Error;

use super::control::Control;
use super::crash::Era;
use super::engine;
use super::handlers::Handled;
use super::lifecycle::ProcessEnd;
use super::mishaps::Mishaps;
use super::numbers::SentToNumber;
use super::plan::{Arrived, Happened};
use super::promise::Promise;
use super::schedule::Schedule;
use super::scheduler::Scheduler;
use super::setup::Setup;
use super::shared::Shared;
use super::state::State;
use super::task::{Role, Work};
use super::trace::Event;
use crate::fingerprint::Fingerprint;

/// What SQLite draws in every world: the seed of a world is not to matter where its decisions are recorded.
const SQLITE_SEED: u64 = 0;

/// The main function of a program: what it gets from its operating system, its arguments, and the code it exits with.
pub type Main = Arc<dyn Fn(Host, Vec<String>) -> Later<'static, i32> + Send + Sync>;

/// Why a world was not run.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorldError {
    /// The build has no simulated runtime.
    #[error(
        "built without `--cfg madsim`, so that nothing can be simulated: run it through `cargo xtask`"
    )]
    NotSimulated,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The harness came to its end.
    Complete,
    /// Everybody waits for something that will never happen.
    Stuck,
    /// It took more steps than it may.
    StepLimit,
    /// It asked more of the disk than it may.
    OperationLimit,
    /// It took more virtual time than it may.
    TimeLimit,
}

/// What a run did.
#[derive(Debug)]
pub struct Run<T> {
    /// What the harness returned, if it came to its end.
    pub value: Option<T>,
    /// How it ended.
    pub ended: Ended,
    /// Hash over all that happened.
    pub fingerprint: Fingerprint,
    /// The decisions that were taken; a [`Setup`] with them does the same again.
    pub schedule: Schedule,
    /// How often a recorded schedule had no decision that fitted; the first alternative was taken then.
    pub diverged: u64,
    /// Which lines of the plan came up; a process they are about may have been gone by then.
    pub happened: Vec<Option<Happened>>,
    /// The same lines by their numbers, in the order in which they came up.
    pub order: Vec<usize>,
    /// What really went wrong on the disk.
    pub mishaps: Mishaps,
    /// Signals that reached a process, in order.
    pub arrived: Vec<Arrived>,
    /// Handlers of signals that were code, in the order in which they began.
    pub handled: Vec<Handled>,
    /// Steps taken.
    pub steps: u64,
    /// Virtual time that passed.
    pub time: Duration,
    /// The disk, from one loss of power to the next.
    pub eras: Vec<Era>,
    /// Processes that ended, in that order; those that were left at the end of the world are among them.
    pub ends: Vec<ProcessEnd>,
    /// Signals that processes sent to numbers.
    pub sent: Vec<SentToNumber>,
    /// Reads and writes that a signal interrupted.
    pub interrupted: u64,
    /// Jobs of dead processes that never ended, and whose stacks were given up.
    pub leaked: u64,
    /// What happened, where the setup asks for it.
    pub events: Option<Vec<Event>>,
}

impl<T> Run<T> {
    /// The same without its value.
    pub fn without_value(self) -> Run<()> {
        Run {
            value: self.value.map(|_| ()),
            ended: self.ended,
            fingerprint: self.fingerprint,
            schedule: self.schedule,
            diverged: self.diverged,
            happened: self.happened,
            order: self.order,
            mishaps: self.mishaps,
            arrived: self.arrived,
            handled: self.handled,
            steps: self.steps,
            time: self.time,
            eras: self.eras,
            ends: self.ends,
            sent: self.sent,
            interrupted: self.interrupted,
            leaked: self.leaked,
            events: self.events,
        }
    }
}

/// Programs, and the world that they run in.
pub struct World {
    setup: Setup,
    programs: BTreeMap<String, Main>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("setup", &self.setup)
            .field("programs", &self.programs.keys())
            .finish()
    }
}

impl World {
    /// A world without programs.
    pub const fn new(setup: Setup) -> Self {
        Self {
            setup,
            programs: BTreeMap::new(),
        }
    }

    /// Adds a program; the name is one word.
    ///
    /// A program is its main function. When that returns, its other tasks are dropped, and their destructors have effects; when the
    /// process is killed or [exits](plimsoll_reference::host::ProcessOps::exit), they have none.
    ///
    /// What it does must be a function of its host: `tokio::select!` without `biased`, for one, is not.
    pub fn program(
        &mut self,
        name: impl Into<String>,
        main: impl Fn(Host, Vec<String>) -> Later<'static, i32> + Send + Sync + 'static,
    ) {
        self.programs.insert(name.into(), Arc::new(main));
    }

    /// Runs a harness in the world, until it ends. Processes that are left are killed then.
    ///
    /// # Errors
    /// [`WorldError::NotSimulated`]: the build has no simulated runtime, and nothing was run.
    ///
    /// # Panics
    /// When the harness does. A program that panics ends with the code 101.
    pub fn run<T, F>(&self, harness: impl FnOnce(Control) -> F) -> Result<Run<T>, WorldError>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        engine::simulated(|| {
            // Processes draw one after the other from the one generator that this thread has.
            seed_thread(SQLITE_SEED);
            let state = State::new(self.setup.clone(), &self.programs);
            let shared = Arc::new(Shared::new(state));
            let value = Promise::default();
            let kept = value.clone();
            let harness = harness(Control::new(Arc::clone(&shared)));
            let body = async move { kept.keep(harness.await) };
            let work = Work::Future(Box::pin(body));
            shared.state().spawn(Role::Harness, "harness", work);
            let mut scheduler = Scheduler::new(shared);
            let ended = scheduler.run();
            finish(scheduler, ended, &value)
        })
    }
}

/// Ends what is left, and says what happened.
fn finish<T>(mut scheduler: Scheduler, ended: Ended, value: &Promise<T>) -> Run<T> {
    scheduler.end_all(ExitStatus::Signal(Signal::Kill.number()));
    if let Some(payload) = scheduler.panic.take() {
        resume_unwind(payload);
    }
    let leaked = scheduler.leaked;
    let shared = Arc::clone(&scheduler.shared);
    // Tasks of the harness are left, which have the world in their hands.
    drop(scheduler);
    let mut state = shared.state();
    // Tasks that were never begun hold the world, too.
    let spawned = std::mem::take(&mut state.spawned);
    drop(state);
    drop(spawned);
    let mut state = shared.state();
    state.unmount(None);
    let (fingerprint, events) = state.trace.finish();
    let (schedule, diverged) = state.chance.finish();
    Run {
        value: value.take(),
        ended,
        fingerprint,
        schedule,
        diverged,
        happened: state.triggers.happened(),
        order: state.triggers.order(),
        mishaps: std::mem::take(&mut state.mishaps),
        arrived: std::mem::take(&mut state.arrived),
        handled: std::mem::take(&mut state.handled),
        steps: state.step,
        time: state.now,
        eras: std::mem::take(&mut state.eras),
        ends: std::mem::take(&mut state.ends),
        sent: std::mem::take(&mut state.sent),
        interrupted: state.interrupted,
        leaked,
        events,
    }
}
