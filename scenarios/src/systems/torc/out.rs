//! Lines for standard output.

use plimsoll_reference::host::{Host, Output, write_all};
use tokio::sync::{mpsc, oneshot};

enum Entry {
    Line(String),
    Flush(oneshot::Sender<()>),
}

/// The way to an output. Lines are queued, and a task of the process writes them; once nobody reads they are dropped.
#[derive(Clone)]
pub(super) struct Out {
    queue: mpsc::UnboundedSender<Entry>,
}

impl Out {
    pub(super) fn start(host: &Host, output: Box<dyn Output>) -> Self {
        let (queue, entries) = mpsc::unbounded_channel();
        drop(host.spawn("output", write(entries, output)));
        Self { queue }
    }

    pub(super) fn line(&self, line: impl std::fmt::Display) {
        // The task ends after us.
        let _ = self.queue.send(Entry::Line(format!("{line}\n")));
    }

    /// Waits until everything so far is written, or dropped.
    pub(super) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.queue.send(Entry::Flush(done)).is_ok() {
            let _ = flushed.await;
        }
    }
}

async fn write(mut entries: mpsc::UnboundedReceiver<Entry>, mut output: Box<dyn Output>) {
    let mut is_broken = false;
    while let Some(entry) = entries.recv().await {
        match entry {
            Entry::Line(line) if !is_broken => {
                is_broken = write_all(&mut *output, line.as_bytes()).await.is_err();
            }
            Entry::Line(_) => {}
            Entry::Flush(done) => {
                // Who asked may be gone.
                let _ = done.send(());
            }
        }
    }
}
