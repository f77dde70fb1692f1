//! Handlers that are code: they run on top of what a signal interrupts, and inside each other.
//!
//! A handler is a task with a stack of its own, so that its operations on the disk are points at which others run, signals among them. What
//! it interrupts is not ready until it has returned. It begins when its task is picked: another signal may come before its first step, and
//! then its handler runs first.
//!
//! **Not modelled**: that a handler waits until an operation on the disk returns that its thread is in. It may run before the effect of that
//! operation, which is as if it had run before the operation began.

use plimsoll_reference::host::{Handler, Signal};

use super::plan::Happened;
use super::process::{Process, ProcessId};
use super::state::State;
use super::task::{Role, Work};
use super::trace::Sort;

/// A thread of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thread {
    /// The one of all tasks that are no jobs.
    Tasks,
    /// The one of a job, by the number of its task.
    Job(u32),
}

/// A handler that runs.
#[derive(Debug)]
pub(super) struct Frame {
    task: u32,
    signal: Signal,
    handler: Handler,
    /// What it runs on top of; nothing where that is all of the process.
    thread: Option<Thread>,
    /// Its place among the handlers of the world.
    number: usize,
}

/// A handler that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handled {
    /// The process.
    pub process: ProcessId,
    /// Its signal.
    pub signal: Signal,
    /// The signal of the handler that it ran inside of.
    pub inside: Option<Signal>,
    /// When the signal arrived.
    pub began: Happened,
    /// When it returned; nothing if it never did.
    pub returned: Option<Happened>,
}

impl Process {
    /// The handler of a signal, where that is code.
    pub(super) fn handler(&self, signal: Signal) -> Option<&Handler> {
        let mut handlers = self.handlers.iter();
        handlers
            .find(|(of, _)| *of == signal)
            .map(|(_, handler)| handler)
    }

    /// Says what handles a signal from now on; nothing for a note or less.
    pub(super) fn set_handler(&mut self, signal: Signal, handler: Option<Handler>) {
        self.handlers.retain(|(of, _)| *of != signal);
        self.handlers
            .extend(handler.map(|handler| (signal, handler)));
    }

    /// Whether a handler runs on top of this task, which is of this thread unless it is a handler's.
    pub(super) fn is_interrupted(&self, task: u32, thread: Thread) -> bool {
        let own = self.frames.iter().position(|frame| frame.task == task);
        let (thread, above) = match own {
            Some(own) => (self.frames[own].thread, own + 1),
            None => (Some(thread), 0),
        };
        self.frames
            .iter()
            .skip(above)
            .any(|frame| frame.thread.is_none() || thread.is_none() || frame.thread == thread)
    }

    /// Blocks what the handlers that run want blocked.
    fn hold_signals(&mut self) {
        let Self {
            frames, signals, ..
        } = self;
        signals.hold(|signal| {
            let mut frames = frames.iter();
            frames.any(|frame| frame.handler.blocks(frame.signal, signal))
        });
    }
}

impl State {
    /// Lets the handler of a signal begin, on top of everything or of one of these threads.
    pub(super) fn begin_handler(
        &mut self,
        id: ProcessId,
        signal: Signal,
        handler: Handler,
        jobs: &[u32],
    ) {
        let process = self.process(id);
        let all_stand = process.frames.iter().any(|frame| frame.thread.is_none());
        let thread = (handler.takes_any_thread() && !all_stand).then(|| {
            let process = &self.processes[id.0 as usize];
            let mut threads = vec![Thread::Tasks];
            // What hangs in the kernel takes no signal.
            let able = jobs.iter().filter(|job| !process.hung.contains(job));
            threads.extend(able.map(|&job| Thread::Job(job)));
            threads[self.chance.choose(threads.len())]
        });
        let (task, _) = self.spawn(Role::Handler(id), "handler", Work::Handler(handler.clone()));
        let inside = self
            .process(id)
            .frames
            .iter()
            .rev()
            .find(|frame| frame.thread.is_none() || thread.is_none() || frame.thread == thread);
        let inside = inside.map(|frame| frame.signal);
        let number = self.handled.len();
        self.handled.push(Handled {
            process: id,
            signal,
            inside,
            began: self.happens(),
            returned: None,
        });
        let process = self.process_mut(id);
        process.frames.push(Frame {
            task,
            signal,
            handler,
            thread,
            number,
        });
        process.hold_signals();
        let under = inside.map_or(0, |signal| signal.number() as u64);
        let details = [signal.number() as u64 | under << 8, u64::from(task)];
        self.event(Sort::Handler, Some(id), details, || match inside {
            None => format!("the handler of {signal} is task {task}"),
            Some(other) => {
                format!("the handler of {signal} is task {task}, inside that of {other}")
            }
        });
    }

    /// A handler has returned: what it interrupted goes on.
    pub(super) fn end_handler(&mut self, id: ProcessId, task: u32) {
        let frames = &mut self.process_mut(id).frames;
        let Some(at) = frames.iter().position(|frame| frame.task == task) else {
            return;
        };
        let frame = frames.remove(at);
        self.process_mut(id).hold_signals();
        let now = self.happens();
        if let Some(handled) = self.handled.get_mut(frame.number) {
            handled.returned = Some(now);
        }
        let signal = frame.signal;
        let details = [signal.number() as u64, u64::from(task) | 1 << 32];
        self.event(Sort::Handler, Some(id), details, || {
            format!("the handler of {signal} returns")
        });
        self.rouse(id);
    }
}
