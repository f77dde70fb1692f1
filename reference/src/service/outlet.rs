//! What waits to be written to an output.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::host::{Failed, Host, Later, Output, PIPE_BYTES, write_all};

/// Bytes of answers that may wait before no further request is read. One answer may be larger, and requests that were read before are
/// still answered.
pub const BACKLOG_BYTES_MAX: usize = 1 << 20;

/// What becomes of the output.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    /// Bytes that wait.
    backlog: usize,
    /// Whether nobody reads any longer, or the output failed.
    is_broken: bool,
}

/// The way to an output. Lines are queued and never waited for; a task of the process writes them. Cloning shares it, and when all are
/// dropped the task ends once everything is written.
#[derive(Clone, Debug)]
pub(super) struct Outlet {
    queue: mpsc::UnboundedSender<Vec<u8>>,
    flow: Arc<watch::Sender<Flow>>,
}

impl Outlet {
    /// Starts the task that writes; the future is ready when it has ended.
    pub(super) fn start(
        host: &Host,
        name: &'static str,
        output: Box<dyn Output>,
    ) -> (Self, Later<'static, Result<(), Failed>>) {
        let (queue, lines) = mpsc::unbounded_channel();
        let flow = Arc::new(watch::Sender::new(Flow::default()));
        let ended = host.spawn(name, write_lines(lines, output, Arc::clone(&flow)));
        (Self { queue, flow }, ended)
    }

    /// Queues a line, without its end. Once the output is broken it is dropped.
    pub(super) fn send(&self, line: String) {
        let mut bytes = line.into_bytes();
        bytes.push(b'\n');
        let len = bytes.len();
        if self.is_broken() {
            return;
        }
        self.flow.send_modify(|flow| flow.backlog += len);
        if self.queue.send(bytes).is_err() {
            // The task ends after the last of us, unless it panicked.
            self.flow.send_modify(|flow| flow.is_broken = true);
        }
    }

    /// Bytes that wait.
    pub(super) fn backlog(&self) -> usize {
        self.flow.borrow().backlog
    }

    pub(super) fn is_broken(&self) -> bool {
        self.flow.borrow().is_broken
    }

    /// Waits until there is room for more, or the output is broken.
    pub(super) async fn room(&self) {
        self.wait(|flow| flow.backlog < BACKLOG_BYTES_MAX || flow.is_broken)
            .await;
    }

    /// Waits until the output is broken.
    pub(super) async fn broken(&self) {
        self.wait(|flow| flow.is_broken).await;
    }

    async fn wait(&self, is_so: impl FnMut(&Flow) -> bool) {
        // It fails only when the sender is gone, and that is here.
        let _ = self.flow.subscribe().wait_for(is_so).await;
    }
}

async fn write_lines(
    mut lines: mpsc::UnboundedReceiver<Vec<u8>>,
    mut output: Box<dyn Output>,
    flow: Arc<watch::Sender<Flow>>,
) {
    while let Some(mut chunk) = lines.recv().await {
        while chunk.len() < PIPE_BYTES
            && let Ok(line) = lines.try_recv()
        {
            chunk.extend(line);
        }
        // What is queued for an output that is broken is dropped: nobody will ever read it.
        let is_broken = flow.borrow().is_broken;
        let failed = !is_broken && write_all(&mut *output, &chunk).await.is_err();
        flow.send_modify(|flow| {
            flow.backlog = flow.backlog.saturating_sub(chunk.len());
            flow.is_broken |= failed;
        });
    }
}
