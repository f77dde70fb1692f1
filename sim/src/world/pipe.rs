//! Pipes between processes, and to the harness.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use plimsoll_faults::errno::Errno;
use plimsoll_faults::process::{Pipe, PipeError};
use plimsoll_reference::host::{Disposition, Input, Later, Output, Signal};

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
    /// Whether a signal interrupts whoever waits to read, or to write.
    is_read_interrupted: bool,
    is_write_interrupted: bool,
    /// The error of writes, and how many more fail where not all do.
    failing: Option<(Errno, Option<u32>)>,
    /// Whether the first write that fails has come, of those that all fail.
    is_cut: bool,
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

    /// Whether somebody waits at this end.
    const fn has_waiting(&self, end: PipeEnd) -> bool {
        match end {
            PipeEnd::Read(_) => !self.readers.is_empty(),
            PipeEnd::Write(_) => !self.writers.is_empty(),
        }
    }

    /// The error of a write, if it is to fail.
    fn failure(&mut self) -> Option<Errno> {
        let (error, left) = self.failing?;
        self.failing = match left {
            None => Some((error, None)),
            Some(left) if left > 1 => Some((error, Some(left - 1))),
            Some(_) => None,
        };
        Some(error)
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

    /// Lets writes to a pipe fail, all or so many.
    pub(super) fn fail_writes(&mut self, id: PipeId, error: Errno, count: Option<u32>) {
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.failing = Some((error, count));
            pipe.wake();
        }
    }

    /// A signal is handled: by decision one of the reads and writes of the process that wait is interrupted, or none, as whichever thread
    /// handles it may wait or not.
    pub(super) fn interrupt(&mut self, id: ProcessId) {
        if !self.interrupts {
            return;
        }
        let waits = |end: &PipeEnd| {
            let (PipeEnd::Read(pipe) | PipeEnd::Write(pipe)) = *end;
            self.pipes
                .get(pipe)
                .is_some_and(|pipe| pipe.has_waiting(*end))
        };
        let ends = self.process(id).ends.iter().copied();
        let waiting: Vec<PipeEnd> = ends.filter(waits).collect();
        let chosen = self.chance.choose(waiting.len() + 1);
        let Some(&end) = waiting.get(chosen) else {
            return;
        };
        let (PipeEnd::Read(pipe) | PipeEnd::Write(pipe)) = end;
        let pipe = &mut self.pipes[pipe];
        match end {
            PipeEnd::Read(_) => pipe.is_read_interrupted = true,
            PipeEnd::Write(_) => pipe.is_write_interrupted = true,
        }
        pipe.wake();
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
        if std::mem::take(&mut pipe.is_read_interrupted) {
            self.interrupted += 1;
            return Poll::Ready(Err(Errno::EINTR.into()));
        }
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

    /// Sends `SIGPIPE` to a process that writes and nobody reads, unless it ignores that, and says whether it ends by it.
    fn breaks_pipe(&mut self, writer: ProcessId) -> bool {
        let disposition = self.process(writer).signals.disposition(Signal::Pipe);
        if disposition == Disposition::Ignore {
            return false;
        }
        self.send_signal(writer, Signal::Pipe);
        let deliverable = self.process(writer).signals.deliverable();
        disposition == Disposition::Default && deliverable.contains(&Signal::Pipe)
    }

    fn write_pipe(
        &mut self,
        (id, writer): (PipeId, Option<ProcessId>),
        bytes: &[u8],
        waker: &Waker,
    ) -> Poll<io::Result<usize>> {
        if writer.is_some_and(|writer| !self.process(writer).has_effect()) {
            return Poll::Pending;
        }
        let has_lines = self.triggers.wants_lines();
        let place = self.date_log();
        let Some(pipe) = self.pipes.get_mut(id) else {
            return Poll::Ready(Err(Errno::EBADF.into()));
        };
        if std::mem::take(&mut pipe.is_write_interrupted) {
            self.interrupted += 1;
            return Poll::Ready(Err(Errno::EINTR.into()));
        }
        let is_for_ever = matches!(pipe.failing, Some((_, None)));
        let mut bytes = bytes;
        if let Some(error) = pipe.failure() {
            let process = pipe.output_of;
            let may_be_cut = is_for_ever && !std::mem::replace(&mut pipe.is_cut, true);
            let half = bytes.len() / 2;
            // A file takes what there is room for, and the rest of the line never comes.
            if !may_be_cut || half == 0 || self.chance.choose(2) == 0 {
                self.event(Sort::Output, process, [id as u64, error as u64], || {
                    format!("cannot write to pipe {id}: {error}")
                });
                return Poll::Ready(Err(error.into()));
            }
            bytes = &bytes[..half];
        }
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
            Err(PipeError::Broken) => {
                // pipe(7): a signal comes with the error, and who is ended by it never sees that.
                if writer.is_some_and(|writer| self.breaks_pipe(writer)) {
                    return Poll::Pending;
                }
                Poll::Ready(Err(Errno::EPIPE.into()))
            }
        }
    }
}

/// Who has an end, and whether it closes when it is dropped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holder {
    /// The harness: it closes when that says so.
    Harness,
    /// A process that has it as its own input or output: it closes with it.
    Own(ProcessId),
    /// A process that has it from a child it started.
    Owned(ProcessId),
}

impl Holder {
    const fn process(self) -> Option<ProcessId> {
        match self {
            Self::Harness => None,
            Self::Own(process) | Self::Owned(process) => Some(process),
        }
    }
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
            let end = (self.id, self.holder.process());
            self.shared.state().write_pipe(end, bytes, context.waker())
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
