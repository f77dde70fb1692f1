//! What a harness can do in a world.

use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::errno::Errno;
use plimsoll_reference::host::{ExitStatus, Input, Later, Output, Signal};

use super::due::Due;
use super::host;
use super::pipe::{Holder, Reader, Writer};
use super::plan::Action;
use super::process::{PipeEnd, ProcessId};
use super::promise::Promise;
use super::shared::Shared;
use super::task::{Role, Work};
use super::timers::Sleep;
use super::trace::{Place, Sort, digest};

/// The hands of a harness. Clones are the same.
///
/// The harness is scheduled like everybody else: between what it does and what it sees, others run.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").finish_non_exhaustive()
    }
}

impl Control {
    pub(super) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Starts a program.
    ///
    /// # Errors
    /// `ENOENT`: there is no program of this name. `EAGAIN`: there is no number for it.
    pub fn start(&self, program: &str, arguments: &[&str]) -> io::Result<ProcessId> {
        let arguments = arguments.iter().map(|&word| word.to_owned()).collect();
        host::start(&self.shared, program, arguments, None)
    }

    /// Starts another task of the harness.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let work = Work::Future(Box::pin(task));
        self.shared.state().spawn(Role::Beside, "harness", work);
    }

    /// The process of a program that was started last, by the harness or by another process.
    pub fn latest(&self, program: &str) -> Option<ProcessId> {
        self.shared.state().latest(program)
    }

    /// Whether a process of this program has not ended.
    pub fn is_running(&self, program: &str) -> bool {
        self.shared.state().is_running(program)
    }

    /// The pipe to the standard input of a process. It stays open until [`close_stdin`](Self::close_stdin).
    pub fn stdin(&self, process: ProcessId) -> Box<dyn Output> {
        let pipe = self.shared.state().process(process).stdin;
        Box::new(Writer::new(Arc::clone(&self.shared), pipe, Holder::Harness))
    }

    /// The pipe from the standard output of a process. It stays open until [`close_stdout`](Self::close_stdout).
    pub fn stdout(&self, process: ProcessId) -> Box<dyn Input> {
        let pipe = self.shared.state().process(process).stdout;
        Box::new(Reader::new(Arc::clone(&self.shared), pipe, Holder::Harness))
    }

    /// Ends the standard input of a process.
    pub fn close_stdin(&self, process: ProcessId) {
        let mut state = self.shared.state();
        let pipe = state.process(process).stdin;
        state.close_end(PipeEnd::Write(pipe));
    }

    /// Closes the standard output of a process: from now on it gets `EPIPE`.
    pub fn close_stdout(&self, process: ProcessId) {
        let mut state = self.shared.state();
        let pipe = state.process(process).stdout;
        state.close_end(PipeEnd::Read(pipe));
    }

    /// Reads the standard output of a process again, if a plan had stopped that.
    pub fn resume_reading(&self, process: ProcessId) {
        let mut state = self.shared.state();
        let pipe = state.process(process).stdout;
        state.stop_reading(pipe, false);
    }

    /// Sends a signal, which arrives when the scheduler says so.
    ///
    /// # Errors
    /// `ESRCH`: the process has ended.
    pub fn signal(&self, process: ProcessId, signal: Signal) -> io::Result<()> {
        let mut state = self.shared.state();
        if state.status(process, None).is_some() {
            return Err(io::Error::from_raw_os_error(super::child::ESRCH));
        }
        state.send_signal(process, signal);
        Ok(())
    }

    /// Kills a process. When this returns, it is gone, unless one of its operations hangs.
    pub async fn kill(&self, process: ProcessId) {
        let done = Promise::default();
        self.due(Due::Kill(process, done.clone()));
        done.await;
    }

    /// Lets operations of a process that hang return, with `EIO`.
    pub async fn release(&self, process: ProcessId) {
        let done = Promise::default();
        self.due(Due::Release(process, done.clone()));
        done.await;
    }

    /// Ends all processes, and puts one of the images that the profile allows in the place of the disk. What failed on the old disk
    /// fails on the new one, counted anew.
    pub async fn power_loss(&self) {
        self.act(Action::PowerLoss).await;
    }

    /// Does what a plan can do, between two steps.
    pub async fn act(&self, action: Action) {
        let done = Promise::default();
        self.due(Due::Act(action, Some(done.clone())));
        done.await;
    }

    fn due(&self, due: Due) {
        self.shared.state().due.push_back(due);
    }

    /// Waits for the end of a process.
    pub async fn wait(&self, process: ProcessId) -> ExitStatus {
        std::future::poll_fn(|context| {
            let status = self.shared.state().status(process, Some(context.waker()));
            status.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }

    /// How a process ended, if it did.
    pub fn status(&self, process: ProcessId) -> Option<ExitStatus> {
        self.shared.state().status(process, None)
    }

    /// Waits in virtual time.
    pub fn sleep(&self, time: Duration) -> Later<'static, ()> {
        Box::pin(Sleep::new(Arc::clone(&self.shared), time))
    }

    /// The virtual time since the beginning.
    pub fn now(&self) -> Duration {
        self.shared.now()
    }

    /// Steps taken so far.
    pub fn step(&self) -> u64 {
        self.shared.state().step
    }

    /// Number of entries in the op log: the position of whatever happens next.
    pub fn log_len(&self) -> usize {
        self.shared.state().disk.log_len()
    }

    /// Where a process wrote the end of this line of its standard output, counted from 0.
    pub fn line_end(&self, process: ProcessId, number: usize) -> Option<Place> {
        self.shared.state().line_end(process, number)
    }

    /// Losses of power so far: the number of the [era](super::Era) that the position belongs to.
    pub fn era(&self) -> usize {
        self.shared.state().eras.len()
    }

    /// The disk of this [era](super::Era) as an independent reader sees it: a process of its own that takes no time, and that no loss of
    /// power ends.
    pub fn disk(&self) -> SimFs {
        self.shared.state().disk.process()
    }

    /// One of so many alternatives, as one of the decisions of the run; there must be one.
    ///
    /// # Errors
    /// `EINVAL`: there is none.
    pub fn choose(&self, count: usize) -> io::Result<usize> {
        if count == 0 {
            return Err(Errno::EINVAL.into());
        }
        Ok(self.shared.state().chance.choose(count))
    }

    /// Puts an event into the trace.
    pub fn note(&self, text: &str) {
        let details = [digest(text.as_bytes()), 0];
        self.shared
            .state()
            .event(Sort::Note, None, details, || text.to_owned());
    }
}
