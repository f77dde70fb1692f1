//! The operating system as a process of the world sees it.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::errno::Errno;
use plimsoll_reference::host::{
    Child, Disposition, ExitStatus, Failed, Handler, Host, Input, Later, Output, ProcessOps,
    Program as Executable, Signal, Signals,
};

use super::child::WorldChild;
use super::clock::WorldClock;
use super::due::Due;
use super::paced_fs::PacedFs;
use super::pipe::{ErrorOutput, Holder, Reader, Writer};
use super::process::{Life, ProcessId};
use super::shared::Shared;
use super::signals::Caught;
use super::task::{Role, Work};
use super::timers::Sleep;

/// A process of the world.
pub(super) struct WorldProcess {
    shared: Arc<Shared>,
    id: ProcessId,
}

/// Makes a process and its first task.
///
/// # Errors
/// `ENOENT`: there is no such program. `EAGAIN`: there is no number for it.
pub(super) fn start(
    shared: &Arc<Shared>,
    program: &str,
    arguments: Vec<String>,
    parent: Option<ProcessId>,
) -> io::Result<ProcessId> {
    let mut state = shared.state();
    let id = state.add_process(program, parent)?;
    let process = state.process(id);
    let main = Arc::clone(&state.programs[process.program].main);
    let fs = PacedFs::new(
        Arc::clone(shared),
        id,
        process.fs.clone(),
        process.disk_clock.clone(),
    );
    let clock = WorldClock(Arc::clone(shared));
    let ops = WorldProcess {
        shared: Arc::clone(shared),
        id,
    };
    let host = Host::new(Arc::new(fs), Arc::new(clock)).with_process(Arc::new(ops));
    let of = Arc::clone(shared);
    let body = async move {
        let code = main(host, arguments).await;
        of.state().returned(id, code);
    };
    state.spawn(Role::Main(id), "main", Work::Future(Box::pin(body)));
    Ok(id)
}

impl WorldProcess {
    /// Whether what its code does still has an effect.
    fn has_effect(&self) -> bool {
        self.shared.state().process(self.id).has_effect()
    }

    fn begin(&self, name: &'static str, work: Work) -> Later<'static, Result<(), Failed>> {
        let mut state = self.shared.state();
        if state.process(self.id).life != Life::Running {
            // Before what the task holds is dropped, which may ask for the state.
            drop(state);
            let failed = Failed::new("the process has ended");
            return Box::pin(std::future::ready(Err(failed)));
        }
        let (_, done) = state.spawn(Role::Part(self.id), name, work);
        Box::pin(done)
    }

    /// Has a signal handled by this code from now on, or noted.
    fn set_handler(&self, signal: Signal, handler: Option<Handler>) -> io::Result<()> {
        let mut state = self.shared.state();
        let process = state.process_mut(self.id);
        if !process.signals.set_disposition(signal, Disposition::Catch) {
            return Err(Errno::EINVAL.into());
        }
        process.set_handler(signal, handler);
        Ok(())
    }
}

impl ProcessOps for WorldProcess {
    fn id(&self) -> u32 {
        self.shared.state().process(self.id).number
    }

    fn spawn_task(
        &self,
        name: &'static str,
        task: Later<'static, ()>,
    ) -> Later<'static, Result<(), Failed>> {
        self.begin(name, Work::Future(task))
    }

    fn run_blocking(&self, job: Box<dyn FnOnce() + Send>) -> Later<'static, Result<(), Failed>> {
        self.begin("job", Work::Job(job))
    }

    fn sleep(&self, time: Duration) -> Later<'static, ()> {
        Box::pin(Sleep::new(Arc::clone(&self.shared), time))
    }

    fn wall_time(&self) -> Duration {
        self.shared.state().wall_time()
    }

    fn catch(&self, signal: Signal) -> io::Result<Box<dyn Signals>> {
        self.set_handler(signal, None)?;
        let shared = Arc::clone(&self.shared);
        Ok(Box::new(Caught::new(shared, self.id, signal)))
    }

    fn handle(&self, signal: Signal, handler: Handler) -> io::Result<()> {
        self.set_handler(signal, Some(handler))
    }

    fn set_disposition(&self, signal: Signal, disposition: Disposition) -> io::Result<()> {
        let mut state = self.shared.state();
        let process = state.process_mut(self.id);
        if disposition == Disposition::Catch
            || !process.signals.set_disposition(signal, disposition)
        {
            return Err(Errno::EINVAL.into());
        }
        process.set_handler(signal, None);
        Ok(())
    }

    fn set_blocked(&self, signal: Signal, blocked: bool) -> io::Result<()> {
        let mut state = self.shared.state();
        state
            .process_mut(self.id)
            .signals
            .set_blocked(signal, blocked);
        state.rouse(self.id);
        Ok(())
    }

    fn stdin(&self) -> Box<dyn Input> {
        let id = self.shared.state().process(self.id).stdin;
        Box::new(Reader::new(
            Arc::clone(&self.shared),
            id,
            Holder::Own(self.id),
        ))
    }

    fn stdout(&self) -> Box<dyn Output> {
        let id = self.shared.state().process(self.id).stdout;
        Box::new(Writer::new(
            Arc::clone(&self.shared),
            id,
            Holder::Own(self.id),
        ))
    }

    fn stderr(&self) -> Box<dyn Output> {
        Box::new(ErrorOutput {
            shared: Arc::clone(&self.shared),
            process: self.id,
        })
    }

    /// Programs are found by the last part of their path.
    fn start(&self, program: &Executable) -> io::Result<Box<dyn Child>> {
        if !self.has_effect() {
            return Err(Errno::EIO.into());
        }
        let name = program.path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or(Errno::ENOENT)?;
        let arguments = program.arguments.clone();
        let id = start(&self.shared, name, arguments, Some(self.id))?;
        let child = WorldChild::new(Arc::clone(&self.shared), self.id, id);
        Ok(Box::new(child))
    }

    fn signal(&self, number: u32, signal: Signal) -> io::Result<()> {
        if !self.has_effect() {
            return Err(Errno::EIO.into());
        }
        let mut state = self.shared.state();
        state
            .signal_number(self.id, number, signal)
            .map_err(io::Error::from_raw_os_error)
    }

    fn exit(&self, code: i32) -> Later<'static, Infallible> {
        let shared = Arc::clone(&self.shared);
        let id = self.id;
        Box::pin(async move {
            {
                let mut state = shared.state();
                // From here on nothing of it has an effect, although the poll goes on to its end.
                state.process(id).fs.halt();
                state.due.push_back(Due::End(id, ExitStatus::Code(code)));
            }
            std::future::pending().await
        })
    }
}
