//! Code that blocks, on a stack of its own.
//!
//! A fiber runs on the thread of the scheduler and gives it back when it waits. A thread has the mutexes of C and of std to itself:
//! what holds one over an operation on the disk may find itself waiting for its own thread, for ever. So nothing that two jobs share
//! may be locked over such an operation, and no SQLite connection may be used by two jobs at once.
#![expect(
    unsafe_code,
    reason = "a fiber finds the stack that it came from through a pointer"
)]

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::task::{Context, Waker};
use std::time::Duration;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};
use plimsoll_reference::host::{Failed, Later};

/// Bytes of a stack. Only what is touched takes memory; SQLite and a debug build need a part of it.
const STACK_BYTES: usize = 1 << 20;

/// Stacks that a thread keeps for the next fibers.
const STACKS_MAX: usize = 64;

/// Times that a job of a dead process may ask for something before it is taken for one that never ends.
const DRAIN_MAX: u32 = 10_000;

/// A job of a process.
pub(crate) type Job = Box<dyn FnOnce() + Send>;

/// Why a fiber gives the thread back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// Others may run first.
    Yield,
    /// Time has to pass.
    Wait(Duration),
    /// Its operation does not return until somebody says so.
    Hang,
    /// Its waker has to be called.
    Park,
    /// It is never resumed again.
    Abandon,
}

/// What a resumed fiber did.
pub(crate) enum Resumed {
    /// It waits.
    Paused(Fiber, Pause),
    /// It came to its end, or panicked.
    Ended(Result<(), Failed>),
}

type Stacked = Coroutine<(), Pause, Result<(), Failed>, DefaultStack>;

/// A job with its stack. Dropping one that has not come to its end leaks the stack: it may hold frames of C, which cannot be unwound.
pub(crate) struct Fiber(ManuallyDrop<Stacked>);

thread_local! {
    /// The way back from the fiber that runs; null while none does.
    static CURRENT: Cell<*const Yielder<(), Pause>> = const { Cell::new(ptr::null()) };
    /// Requests that the fiber of a dead process has left; nothing while none is drained.
    static DRAINING: Cell<Option<u32>> = const { Cell::new(None) };
    static STACKS: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
}

impl Fiber {
    /// A job that is not begun.
    pub(crate) fn new(job: Job) -> Self {
        let pooled = STACKS.with(|stacks| stacks.borrow_mut().pop());
        let stack = pooled.unwrap_or_else(|| {
            DefaultStack::new(STACK_BYTES).expect("there is address space for a stack")
        });
        let body = move |yielder: &Yielder<(), Pause>, ()| {
            CURRENT.set(ptr::from_ref(yielder));
            // Nothing may unwind into the stack of the scheduler.
            let done = catch_unwind(AssertUnwindSafe(job));
            CURRENT.set(ptr::null());
            done.map_err(|payload| Failed::panicked(&*payload))
        };
        Self(ManuallyDrop::new(Coroutine::with_stack(stack, body)))
    }

    /// Lets it run until it waits or ends.
    pub(crate) fn resume(self) -> Resumed {
        let mut coroutine = ManuallyDrop::into_inner(self.0);
        match coroutine.resume(()) {
            CoroutineResult::Yield(pause) => {
                Resumed::Paused(Self(ManuallyDrop::new(coroutine)), pause)
            }
            CoroutineResult::Return(done) => {
                let stack = coroutine.into_stack();
                STACKS.with(|stacks| {
                    let mut stacks = stacks.borrow_mut();
                    if stacks.len() < STACKS_MAX {
                        stacks.push(stack);
                    }
                });
                Resumed::Ended(done)
            }
        }
    }

    /// Lets the fiber of a dead process run to its end: nothing waits any longer, and the disk has been fenced. Returns whether it ended.
    pub(crate) fn drain(self) -> bool {
        DRAINING.set(Some(DRAIN_MAX));
        let resumed = self.resume();
        DRAINING.set(None);
        matches!(resumed, Resumed::Ended(_))
    }
}

/// Whether this code runs on a fiber.
pub(super) fn is_active() -> bool {
    !CURRENT.get().is_null()
}

/// Runs a future to its end on this fiber, or until its process is dead. `waker` has to end a [`Pause::Park`].
pub(super) fn complete(mut future: Later<'static, ()>, waker: &Waker) {
    let mut context = Context::from_waker(waker);
    while future.as_mut().poll(&mut context).is_pending() {
        // What it waits for never comes.
        if DRAINING.get().is_some() {
            return;
        }
        pause(Pause::Park);
    }
}

/// Gives the thread back, if this code runs on a fiber; returns at once elsewhere, for a dead process, and while a panic unwinds.
pub(crate) fn pause(pause: Pause) {
    let yielder = CURRENT.get();
    // A suspended panic would look like one of whoever runs next.
    if yielder.is_null() || std::thread::panicking() {
        return;
    }
    let pause = match DRAINING.get() {
        None => pause,
        Some(0) => Pause::Abandon,
        Some(left) => {
            DRAINING.set(Some(left - 1));
            return;
        }
    };
    CURRENT.set(ptr::null());
    // SAFETY: `CURRENT` is not null only between the start of a fiber's body and its end, and while that fiber runs: it is cleared
    // before the thread is given back here, and set again by the same fiber when it is resumed. So this is the yielder of the fiber
    // whose stack this code is on, and it lives until the body ends.
    unsafe { (*yielder).suspend(pause) };
    CURRENT.set(yielder);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn two_fibers_take_turns() {
        let seen: Arc<Mutex<Vec<&str>>> = Arc::default();
        let job = |first: &'static str, second: &'static str| -> Job {
            let seen = Arc::clone(&seen);
            Box::new(move || {
                seen.lock().unwrap().push(first);
                pause(Pause::Yield);
                seen.lock().unwrap().push(second);
            })
        };
        let mut fibers = vec![Fiber::new(job("a1", "a2")), Fiber::new(job("b1", "b2"))];
        for _ in 0..2 {
            let mut paused = Vec::new();
            for fiber in fibers {
                if let Resumed::Paused(fiber, Pause::Yield) = fiber.resume() {
                    paused.push(fiber);
                }
                assert!(!is_active());
            }
            fibers = paused;
        }
        assert!(fibers.is_empty());
        assert_eq!(*seen.lock().unwrap(), ["a1", "b1", "a2", "b2"]);
    }

    #[test]
    fn a_panic_stays_on_its_fiber() {
        let fiber = Fiber::new(Box::new(|| panic!("as planned")));
        let Resumed::Ended(Err(failed)) = fiber.resume() else {
            panic!("the job does not return");
        };
        assert_eq!(failed.to_string(), "as planned");
        assert!(!is_active());
    }

    #[test]
    fn a_drained_fiber_ends_or_is_given_up() {
        let ends = Fiber::new(Box::new(|| pause(Pause::Wait(Duration::MAX))));
        assert!(ends.drain());
        let never = Fiber::new(Box::new(|| {
            loop {
                pause(Pause::Yield);
            }
        }));
        assert!(!never.drain());
        assert!(!is_active());
    }
}
