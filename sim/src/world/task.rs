//! What the scheduler runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

use plimsoll_reference::host::{Failed, Handler, Later};

use super::fiber::{Fiber, Job};
use super::process::ProcessId;
use super::promise::Promise;

/// What a task is given to do.
pub(super) enum Work {
    Future(Later<'static, ()>),
    Job(Job),
    /// Runs on top of others.
    Handler(Handler),
    /// Delivers signals.
    Kernel,
}

/// What a task does when it is its turn.
pub(super) enum Body {
    Work(Work),
    /// A job or a handler that was begun.
    Fiber(Fiber),
}

/// Whose task it is, and what its end means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The harness's first: with it the world ends.
    Harness,
    /// Another of the harness.
    Beside,
    /// The first of a process.
    Main(ProcessId),
    /// Another of a process.
    Part(ProcessId),
    /// One that runs on top of others of a process.
    Handler(ProcessId),
    /// The one of a process that delivers its signals.
    Kernel(ProcessId),
}

impl Role {
    /// Its process, if it is one's.
    pub(super) const fn process(self) -> Option<ProcessId> {
        match self {
            Self::Harness | Self::Beside => None,
            Self::Main(id) | Self::Part(id) | Self::Handler(id) | Self::Kernel(id) => Some(id),
        }
    }
}

/// A task that the scheduler has not seen yet.
pub(super) struct NewTask {
    pub(super) number: u32,
    pub(super) role: Role,
    /// For people.
    pub(super) name: &'static str,
    pub(super) work: Work,
    pub(super) done: Option<Promise<Result<(), Failed>>>,
}

/// Marks wakers of what a fiber waits for that is no operation of its own: they are not to cut an operation short.
pub(super) const PARKED: u32 = 1 << 31;

/// Tasks that were woken since the scheduler last looked.
#[derive(Debug, Default)]
pub(super) struct Wakes(Mutex<Vec<u32>>);

impl Wakes {
    pub(super) fn push(&self, task: u32) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(task);
    }

    /// Moves them to the end of `into`.
    pub(super) fn take(&self, into: &mut Vec<u32>) {
        into.append(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Makes a task ready.
struct TaskWaker {
    number: u32,
    wakes: Arc<Wakes>,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wakes.push(self.number);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.wakes.push(self.number);
    }
}

/// A waker of a task.
pub(super) fn waker(number: u32, wakes: &Arc<Wakes>) -> Waker {
    let wakes = Arc::clone(wakes);
    Waker::from(Arc::new(TaskWaker { number, wakes }))
}
