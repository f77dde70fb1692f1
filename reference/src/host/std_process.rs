//! The real process, on tokio.

mod child;
mod signals;
mod stream;

use std::convert::Infallible;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, kill};
use nix::unistd::Pid;
use tokio::task::JoinHandle;

use super::child::{Child, Program};
use super::later::{Failed, Later};
use super::process::ProcessOps;
use super::signal::{Disposition, Signal, Signals};
use super::stdio::{Input, Output};

use child::StdChild;
use signals::{StdSignals, is_fixed, number_of};
use stream::Stream;

/// The real process. All of it has to be called inside of a tokio runtime whose timers and I/O are on; one thread is enough.
///
/// * A blocked signal is blocked in the thread that asks, and in those it starts: ask before the runtime has others.
/// * A pipe, a socket or a terminal is asked whether it is ready, and is never made non-blocking, as others may have the same one. A regular
///   file is read and written where the task runs.
///
/// **Not covered**: [`set_disposition`](ProcessOps::set_disposition), which fails with `ENOTSUP`: no safe call changes it. Whoever starts
/// the process can have it ignore a signal.
#[derive(Clone, Copy, Debug, Default)]
pub struct StdProcess;

impl StdProcess {
    /// The process that runs this.
    pub const fn new() -> Self {
        Self
    }
}

impl ProcessOps for StdProcess {
    fn id(&self) -> u32 {
        std::process::id()
    }

    fn spawn_task(
        &self,
        _name: &'static str,
        task: Later<'static, ()>,
    ) -> Later<'static, Result<(), Failed>> {
        join(tokio::spawn(task))
    }

    fn run_blocking(&self, job: Box<dyn FnOnce() + Send>) -> Later<'static, Result<(), Failed>> {
        join(tokio::task::spawn_blocking(job))
    }

    fn sleep(&self, time: Duration) -> Later<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where the wall clock enters"
    )]
    fn wall_time(&self) -> Duration {
        // A clock that stands before 1970 reads zero.
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default()
    }

    fn catch(&self, signal: Signal) -> io::Result<Box<dyn Signals>> {
        Ok(Box::new(StdSignals::catch(signal)?))
    }

    fn set_disposition(&self, signal: Signal, disposition: Disposition) -> io::Result<()> {
        let errno = if is_fixed(signal) || disposition == Disposition::Catch {
            Errno::EINVAL
        } else {
            Errno::ENOTSUP
        };
        Err(errno.into())
    }

    fn set_blocked(&self, signal: Signal, blocked: bool) -> io::Result<()> {
        let mut set = SigSet::empty();
        set.add(number_of(signal));
        let done = if blocked {
            set.thread_block()
        } else {
            set.thread_unblock()
        };
        Ok(done?)
    }

    fn stdin(&self) -> Box<dyn Input> {
        Box::new(Stream::of(io::stdin().as_fd()))
    }

    fn stdout(&self) -> Box<dyn Output> {
        Box::new(Stream::of(io::stdout().as_fd()))
    }

    fn stderr(&self) -> Box<dyn Output> {
        Box::new(Stream::of(io::stderr().as_fd()))
    }

    fn start(&self, program: &Program) -> io::Result<Box<dyn Child>> {
        Ok(Box::new(StdChild::start(program)?))
    }

    fn signal(&self, number: u32, signal: Signal) -> io::Result<()> {
        // Zero and what is negative as a signed number stand for groups.
        let number = i32::try_from(number).map_err(|_| Errno::EINVAL)?;
        if number == 0 {
            return Err(Errno::EINVAL.into());
        }
        Ok(kill(Pid::from_raw(number), number_of(signal))?)
    }

    fn exit(&self, code: i32) -> Later<'static, Infallible> {
        Box::pin(async move { std::process::exit(code) })
    }
}

fn join(handle: JoinHandle<()>) -> Later<'static, Result<(), Failed>> {
    Box::pin(async move {
        handle.await.map_err(|error| {
            if error.is_panic() {
                Failed::panicked(&*error.into_panic())
            } else {
                Failed::new("the runtime ends")
            }
        })
    })
}
