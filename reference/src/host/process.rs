//! The process as it sees itself.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use super::child::{Child, Program};
use super::handler::Handler;
use super::later::{Failed, Later};
use super::signal::{Disposition, Signal, Signals};
use super::stdio::{Input, Output};

/// What a process does besides files and time.
///
/// **Not covered**: sockets, shared memory, users and groups, threads that share nothing with the tasks.
pub trait ProcessOps: Send + Sync {
    /// Its number.
    fn id(&self) -> u32;

    /// Starts a task; [`Host::spawn`](super::Host::spawn) is the way to call this. The name is for people.
    fn spawn_task(
        &self,
        name: &'static str,
        task: Later<'static, ()>,
    ) -> Later<'static, Result<(), Failed>>;

    /// Runs code that may block; [`Host::blocking`](super::Host::blocking) is the way to call this. It begins at once, not when the future
    /// is first polled, and runs to its end also when the future is dropped.
    fn run_blocking(&self, job: Box<dyn FnOnce() + Send>) -> Later<'static, Result<(), Failed>>;

    /// Waits at least this long, of the time that the host's clock shows.
    fn sleep(&self, time: Duration) -> Later<'static, ()>;

    /// Time since 1970 by the wall clock, which may step forward and back. It is for people to read; whoever orders or ages anything by it
    /// gets it wrong.
    fn wall_time(&self) -> Duration;

    /// Catches a signal from now on: when this returns it no longer ends the process. Each call gives another stream of notices.
    ///
    /// # Errors
    /// As `sigaction(2)`: `EINVAL` for signals that cannot be caught.
    fn catch(&self, signal: Signal) -> io::Result<Box<dyn Signals>>;

    /// Runs a handler on top of whatever this signal interrupts, from now on; what was said of the signal before no longer counts.
    ///
    /// # Errors
    /// As `sigaction(2)`: `EINVAL` for signals that cannot be caught. `ENOTSUP` on the real operating system: what may come between any two
    /// instructions of a program cannot be written safely, so that only simulated processes can.
    fn handle(&self, _signal: Signal, _handler: Handler) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(
            nix::errno::Errno::ENOTSUP as i32,
        ))
    }

    /// Says what becomes of a signal from now on; [`Disposition::Catch`] only by [`catch`](Self::catch).
    ///
    /// # Errors
    /// As `sigaction(2)`: `EINVAL` for signals whose disposition cannot be changed, and for `Catch`.
    fn set_disposition(&self, signal: Signal, disposition: Disposition) -> io::Result<()>;

    /// Blocks a signal, or no longer: while it is blocked, one of its kind waits. Children inherit what is blocked.
    ///
    /// # Errors
    /// As `pthread_sigmask(3)`.
    fn set_blocked(&self, signal: Signal, blocked: bool) -> io::Result<()>;

    /// Standard input. There is one; it is meant to be taken once.
    fn stdin(&self) -> Box<dyn Input>;

    /// Standard output. Lines that are longer than a pipe takes at once may be mixed when several write.
    fn stdout(&self) -> Box<dyn Output>;

    /// Standard error.
    fn stderr(&self) -> Box<dyn Output>;

    /// Starts a program.
    ///
    /// # Errors
    /// As `fork(2)` and `execve(2)`.
    fn start(&self, program: &Program) -> io::Result<Box<dyn Child>>;

    /// Sends a signal to whatever process has this number now (`kill(2)`). Whoever has a [`Child`] uses that: a number is given to another
    /// process once its owner has ended and was waited for.
    ///
    /// # Errors
    /// As `kill(2)`: `ESRCH` when there is no such process, `EINVAL` for numbers that mean more than one process; `ENOTSUP` where there are
    /// no processes.
    fn signal(&self, _number: u32, _signal: Signal) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(
            nix::errno::Errno::ENOTSUP as i32,
        ))
    }

    /// Ends the process at once: no destructor runs, no task goes on, nothing is flushed.
    fn exit(&self, code: i32) -> Later<'static, Infallible>;
}
