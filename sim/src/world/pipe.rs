//! Pipes between processes, and to the harness.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use plimsoll_faults::errno::Errno;
use plimsoll_faults::process::{Pipe, PipeError};
use plimsoll_reference::host::{Input, Later, Output};

use super::process::{PipeEnd, ProcessId};
use super::shared::Shared;
use super::state::State;
use super::trace::{Place, Sort, digest};

/// Index of a pipe.
pub(super) type PipeId = usize;

/// A pipe, and who waits at its ends.
#[derive(Debug, Default)]
pub(super) struct WorldPipe {
    pipe: Pipe,
    readers: Vec<Waker>,
    writers: Vec<Waker>,
    /// Whether whoever reads has stopped for now.
    is_read_stopped: bool,
    /// The process whose standard output it is.
    output_of: Option<ProcessId>,
    /// What that process has written since the last end of a line, where the plan asks for lines.
    line: Vec<u8>,
    /// Where the end of each of its lines was written.
    line_ends: Vec<Place>,
}

impl WorldPipe {
    /// The standard output of a process.
    pub(super) fn output_of(process: ProcessId) -> Self {
        Self {
            output_of: Some(process),
            ..Self::default()
        }
    }

    fn wake(&mut self) {
        self.readers.drain(..).for_each(Waker::wake);
        self.writers.drain(..).for_each(Waker::wake);
    }

    /// Whole lines since the last time.
    fn lines(&mut self, bytes: &[u8]) -> Vec<String> {
        self.line.extend_from_slice(bytes);
        let mut lines = Vec::new();
        while let Some(end) = self.line.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            lines.push(String::from_utf8_lossy(&line[..end]).into_owned());
        }
        lines
    }
}

/// Adds a waker to those that wait, unless it does.
pub(super) fn wait_in(waiting: &mut Vec<Waker>, waker: &Waker) {
    if !waiting.iter().any(|other| other.will_wake(waker)) {
        waiting.push(waker.clone());
    }
}

impl State {
    /// Makes a pipe.
    pub(super) fn add_pipe(&mut self, pipe: WorldPipe) -> PipeId {
        self.pipes.push(pipe);
        self.pipes.len() - 1
    }

    /// Closes an end of a pipe for one who has it.
    pub(super) fn close_end(&mut self, end: PipeEnd) {
        let (PipeEnd::Read(id) | PipeEnd::Write(id)) = end;
        let Some(pipe) = self.pipes.get_mut(id) else {
            return;
        };
        match end {
            PipeEnd::Read(_) => pipe.pipe.close_reader(),
            PipeEnd::Write(_) => pipe.pipe.close_writer(),
        }
        pipe.wake();
    }

    /// Closes an end that this process has, unless it did.
    pub(super) fn close_end_of(&mut self, process: ProcessId, end: PipeEnd) {
        let process = self.process_mut(process);
        if let Some(at) = process.ends.iter().position(|&other| other == end) {
            process.ends.swap_remove(at);
            self.close_end(end);
        }
    }

    /// Lets whoever reads a pipe stop, or go on.
    pub(super) fn stop_reading(&mut self, id: PipeId, is_stopped: bool) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.is_read_stopped = is_stopped;
            pipe.wake();
        }
    }

    /// Where the end of a line of a process's output was written; they are counted from 0.
    pub(super) fn line_end(&self, process: ProcessId, number: usize) -> Option<Place> {
        let pipe = self.pipes.get(self.process(process).stdout)?;
        pipe.line_ends.get(number).copied()
    }

    fn read_pipe(&mut self, id: PipeId, buf: &mut [u8], waker: &Waker) -> Poll<io::Result<usize>> {
        let Some(pipe) = self.pipes.get_mut(id) else {
            return Poll::Ready(Err(Errno::EBADF.into()));
        };
        if pipe.is_read_stopped {
            wait_in(&mut pipe.readers, waker);
            return Poll::Pending;
        }
        match pipe.pipe.read(buf) {
            Ok(count) => {
                pipe.writers.drain(..).for_each(Waker::wake);
                let bytes = &buf[..count];
                self.event(Sort::Input, None, [id as u64, digest(bytes)], || {
                    format!("read {:?} from pipe {id}", String::from_utf8_lossy(bytes))
                });
                Poll::Ready(Ok(count))
            }
            Err(_) => {
                wait_in(&mut pipe.readers, waker);
                Poll::Pending
            }
        }
    }

    fn write_pipe(&mut self, id: PipeId, bytes: &[u8], waker: &Waker) -> Poll<io::Result<usize>> {
        let has_lines = self.triggers.wants_lines();
        let place = self.date_log();
        let Some(pipe) = self.pipes.get_mut(id) else {
            return Poll::Ready(Err(Errno::EBADF.into()));
        };
        match pipe.pipe.write(bytes) {
            Ok(count) => {
                pipe.readers.drain(..).for_each(Waker::wake);
                let bytes = &bytes[..count];
                let process = pipe.output_of;
                if process.is_some() {
                    let ends = bytes.iter().filter(|&&byte| byte == b'\n').count();
                    pipe.line_ends.resize(pipe.line_ends.len() + ends, place);
                }
                let lines = match process {
                    Some(_) if has_lines => pipe.lines(bytes),
                    _ => Vec::new(),
                };
                self.event(Sort::Output, process, [id as u64, digest(bytes)], || {
                    format!("wrote {:?} to pipe {id}", String::from_utf8_lossy(bytes))
                });
                for line in lines {
                    self.line_written(process, &line);
                }
                Poll::Ready(Ok(count))
            }
            Err(PipeError::WouldBlock) => {
                wait_in(&mut pipe.writers, waker);
                Poll::Pending
            }
            Err(PipeError::Broken) => Poll::Ready(Err(Errno::EPIPE.into())),
        }
    }
}

/// Who has an end, and whether it closes when it is dropped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holder {
    /// The harness, or a process that has it as its own input or output: it closes when they say so, or end.
    Kept,
    /// A process that has it from a child it started.
    Owned(ProcessId),
}

/// The end to read from.
pub(super) struct Reader {
    shared: Arc<Shared>,
    id: PipeId,
    holder: Holder,
}

/// The end to write to.
pub(super) struct Writer {
    shared: Arc<Shared>,
    id: PipeId,
    holder: Holder,
}

impl Reader {
    pub(super) const fn new(shared: Arc<Shared>, id: PipeId, holder: Holder) -> Self {
        Self { shared, id, holder }
    }
}

impl Writer {
    pub(super) const fn new(shared: Arc<Shared>, id: PipeId, holder: Holder) -> Self {
        Self { shared, id, holder }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Holder::Owned(process) = self.holder {
            let mut state = self.shared.state();
            state.close_end_of(process, PipeEnd::Read(self.id));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Holder::Owned(process) = self.holder {
            let mut state = self.shared.state();
            state.close_end_of(process, PipeEnd::Write(self.id));
        }
    }
}

impl Input for Reader {
    fn read<'a>(&'a mut self, buf: &'a mut [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(std::future::poll_fn(move |context: &mut Context<'_>| {
            self.shared.state().read_pipe(self.id, buf, context.waker())
        }))
    }
}

impl Output for Writer {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Later<'a, io::Result<usize>> {
        Box::pin(std::future::poll_fn(move |context: &mut Context<'_>| {
            self.shared
                .state()
                .write_pipe(self.id, bytes, context.waker())
        }))
    }
}

/// Standard error: it takes everything, and the trace has it.
pub(super) struct ErrorOutput {
    pub(super) shared: Arc<Shared>,
    pub(super) process: ProcessId,
}

impl Output for ErrorOutput {
    fn write<'a>(&'a mut self, bytes: &'a [u8]) -> Later<'a, io::Result<usize>> {
        let details = [u64::MAX, digest(bytes)];
        self.shared
            .state()
            .event(Sort::Output, Some(self.process), details, || {
                format!("wrote {:?} to stderr", String::from_utf8_lossy(bytes))
            });
        Box::pin(std::future::ready(Ok(bytes.len())))
    }
}
