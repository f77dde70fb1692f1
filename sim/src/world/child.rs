//! Child processes.

use std::io;
use std::sync::Arc;
use std::task::Poll;

use plimsoll_reference::host::{Child, ExitStatus, Input, Later, Output, Signal};

use super::pipe::{Holder, Reader, Writer};
use super::process::{PipeEnd, ProcessId};
use super::shared::Shared;

/// No such process (`errno(3)`).
pub(super) const ESRCH: i32 = 3;

/// A process that another one started.
pub(super) struct WorldChild {
    shared: Arc<Shared>,
    parent: ProcessId,
    id: ProcessId,
    has_stdin: bool,
    has_stdout: bool,
    number: u32,
    waited: Option<ExitStatus>,
}

impl WorldChild {
    pub(super) fn new(shared: Arc<Shared>, parent: ProcessId, id: ProcessId) -> Self {
        let number = shared.state().process(id).number;
        Self {
            number,
            shared,
            parent,
            id,
            has_stdin: true,
            has_stdout: true,
            waited: None,
        }
    }
}

impl Child for WorldChild {
    fn id(&self) -> u32 {
        self.number
    }

    fn take_stdin(&mut self) -> Option<Box<dyn Output>> {
        if !std::mem::take(&mut self.has_stdin) {
            return None;
        }
        let pipe = self.shared.state().process(self.id).stdin;
        let holder = Holder::Owned(self.parent);
        Some(Box::new(Writer::new(
            Arc::clone(&self.shared),
            pipe,
            holder,
        )))
    }

    fn take_stdout(&mut self) -> Option<Box<dyn Input>> {
        if !std::mem::take(&mut self.has_stdout) {
            return None;
        }
        let pipe = self.shared.state().process(self.id).stdout;
        let holder = Holder::Owned(self.parent);
        Some(Box::new(Reader::new(
            Arc::clone(&self.shared),
            pipe,
            holder,
        )))
    }

    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        if self.waited.is_some() {
            return Err(io::Error::from_raw_os_error(ESRCH));
        }
        let mut state = self.shared.state();
        if state.process(self.parent).has_effect() {
            state.send_signal(self.id, signal);
        }
        Ok(())
    }

    fn wait(&mut self) -> Later<'_, io::Result<ExitStatus>> {
        Box::pin(std::future::poll_fn(move |context| {
            let mut state = self.shared.state();
            let status = state.status(self.id, Some(context.waker()));
            match status {
                Some(status) => {
                    state.reap(self.id);
                    self.waited = Some(status);
                    Poll::Ready(Ok(status))
                }
                None => Poll::Pending,
            }
        }))
    }
}

impl Drop for WorldChild {
    /// Closes the ends of pipes that nobody took. The child goes on.
    fn drop(&mut self) {
        let mut state = self.shared.state();
        let (stdin, stdout) = {
            let child = state.process(self.id);
            (child.stdin, child.stdout)
        };
        if self.has_stdin {
            state.close_end_of(self.parent, PipeEnd::Write(stdin));
        }
        if self.has_stdout {
            state.close_end_of(self.parent, PipeEnd::Read(stdout));
        }
    }
}
