//! A process that has nothing but files and time.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use super::child::{Child, Program};
use super::later::{Failed, Later};
use super::process::ProcessOps;
use super::signal::{Disposition, Signal, Signals};
use super::stdio::{Input, Output};

/// No process at all: what a store is given that needs none of it. What can fail fails with `ENOTSUP`; what cannot waits for ever.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detached;

fn unsupported<T>() -> io::Result<T> {
    Err(io::Error::from_raw_os_error(
        nix::errno::Errno::ENOTSUP as i32,
    ))
}

/// Standard input and output that are closed.
struct Closed;

impl Input for Closed {
    fn read<'a>(&'a mut self, _: &'a mut [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(std::future::ready(Ok(0)))
    }
}

impl Output for Closed {
    fn write<'a>(&'a mut self, _: &'a [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(std::future::ready(unsupported()))
    }
}

impl ProcessOps for Detached {
    fn id(&self) -> u32 {
        0
    }

    fn spawn_task(
        &self,
        name: &'static str,
        _: Later<'static, ()>,
    ) -> Later<'static, Result<(), Failed>> {
        let failed = Failed::new(format!("there is no process to run the task `{name}`"));
        Box::pin(std::future::ready(Err(failed)))
    }

    fn run_blocking(&self, _: Box<dyn FnOnce() + Send>) -> Later<'static, Result<(), Failed>> {
        let failed = Failed::new("there is no process to run a job");
        Box::pin(std::future::ready(Err(failed)))
    }

    fn sleep(&self, _: Duration) -> Later<'static, ()> {
        Box::pin(std::future::pending())
    }

    fn wall_time(&self) -> Duration {
        Duration::ZERO
    }

    fn catch(&self, _: Signal) -> io::Result<Box<dyn Signals>> {
        unsupported()
    }

    fn set_disposition(&self, _: Signal, _: Disposition) -> io::Result<()> {
        unsupported()
    }

    fn set_blocked(&self, _: Signal, _: bool) -> io::Result<()> {
        unsupported()
    }

    fn stdin(&self) -> Box<dyn Input> {
        Box::new(Closed)
    }

    fn stdout(&self) -> Box<dyn Output> {
        Box::new(Closed)
    }

    fn stderr(&self) -> Box<dyn Output> {
        Box::new(Closed)
    }

    fn start(&self, _: &Program) -> io::Result<Box<dyn Child>> {
        unsupported()
    }

    fn exit(&self, _: i32) -> Later<'static, Infallible> {
        Box::pin(std::future::pending())
    }
}
