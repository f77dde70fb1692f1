//! Real children.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal as Number, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout, Command};

use crate::host::{Child, ExitStatus, Input, Later, Output, Program, Signal};

use super::signals::number_of;

/// A child process.
pub(super) struct StdChild {
    child: tokio::process::Child,
    id: u32,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
}

impl StdChild {
    pub(super) fn start(program: &Program) -> io::Result<Self> {
        let mut command = Command::new(&program.path);
        command
            .args(&program.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A signal to the group of its parent would end it before it has come to handle any (signal(7): the default action). The parent
            // has handlers, and passes on what concerns it.
            .process_group(0);
        let mut child = without_stops(|| command.spawn())?;
        Ok(Self {
            id: child.id().ok_or(Errno::ECHILD)?,
            // Waiting would close it otherwise.
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            child,
        })
    }
}

/// Starts a child that a terminal does not stop for writing to it: being in a group of its own it is in the background there, and a terminal
/// may be set to stop who writes from the background (`tostop` of termios(3)). It inherits that the signal is blocked; so it may write.
fn without_stops<T>(start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let mut stops = SigSet::empty();
    stops.add(Number::SIGTTOU);
    let before = stops.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let started = start();
    before.thread_set_mask()?;
    started
}

impl Child for StdChild {
    fn id(&self) -> u32 {
        self.id
    }

    fn take_stdin(&mut self) -> Option<Box<dyn Output>> {
        let pipe = self.stdin.take()?;
        Some(Box::new(ToChild(pipe)))
    }

    fn take_stdout(&mut self) -> Option<Box<dyn Input>> {
        let pipe = self.stdout.take()?;
        Some(Box::new(FromChild(pipe)))
    }

    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // The number is the child's until somebody waits for it, and nobody can but through this handle.
        let id = self.child.id().ok_or(Errno::ESRCH)?;
        let id = i32::try_from(id).map_err(|_| Errno::ESRCH)?;
        Ok(kill(Pid::from_raw(id), number_of(signal))?)
    }

    fn wait(&mut self) -> Later<'_, io::Result<ExitStatus>> {
        Box::pin(async {
            let status = self.child.wait().await?;
            match (status.code(), status.signal()) {
                (Some(code), _) => Ok(ExitStatus::Code(code)),
                (None, Some(number)) => Ok(ExitStatus::Signal(number)),
                (None, None) => Err(Errno::ECHILD.into()),
            }
        })
    }
}

struct ToChild(ChildStdin);

impl Output for ToChild {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(self.0.write(bytes))
    }
}

struct FromChild(ChildStdout);

impl Input for FromChild {
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(self.0.read(buf))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_in_a_group_of_its_own_and_may_write_to_the_terminal() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut child = StdChild::start(&Program::new("cat")).expect("it starts");
            let id = i32::try_from(child.id()).expect("numbers are small");
            // kill(2): signal 0 only looks whether there is such a group, and there is none of a process that is in another.
            kill(Pid::from_raw(-id), None).expect("a group of this number");
            // proc(5): the mask of blocked signals, in hexadecimal.
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux");
            let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
            let blocked = blocked.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
            let stop = 1 << (Number::SIGTTOU as u64 - 1);
            assert_eq!(blocked, Some(stop), "a terminal does not stop it");
            let own = SigSet::thread_get_mask().expect("it can be asked for");
            assert!(!own.contains(Number::SIGTTOU), "only of the child");
            drop(child.take_stdin());
            let status = child.wait().await.expect("it ends");
            assert_eq!(status, ExitStatus::Code(0));
        });
    }
}
