//! Lines for standard output.

use std::io::ErrorKind;
use std::time::Duration;

use plimsoll_reference::host::{Host, Output, write_all};
use tokio::sync::{mpsc, oneshot};

/// How often a line is tried that could not be written, and how long apart.
const TRIES: u32 = 10;
const RETRY: Duration = Duration::from_millis(100);

enum Entry {
    Line(String),
    Announcement(String),
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
        let of = host.clone();
        drop(host.spawn("output", write(of, entries, output)));
        Self { queue }
    }

    pub(super) fn line(&self, line: impl std::fmt::Display) {
        // The task ends after us.
        let _ = self.queue.send(Entry::Line(format!("{line}\n")));
    }

    /// A line that is tried once: the real server prints announcements, and answers over a connection.
    pub(super) fn announce(&self, line: impl std::fmt::Display) {
        let _ = self.queue.send(Entry::Announcement(format!("{line}\n")));
    }

    /// Waits until everything so far is written, or dropped.
    pub(super) async fn flush(&self) {
        let (done, flushed) = oneshot::channel();
        if self.queue.send(Entry::Flush(done)).is_ok() {
            let _ = flushed.await;
        }
    }
}

async fn write(
    host: Host,
    mut entries: mpsc::UnboundedReceiver<Entry>,
    mut output: Box<dyn Output>,
) {
    let mut is_broken = false;
    while let Some(entry) = entries.recv().await {
        match entry {
            Entry::Line(line) if !is_broken => {
                is_broken = !write_line(&host, &mut *output, &line).await;
            }
            Entry::Announcement(line) if !is_broken => {
                let written = write_all(&mut *output, line.as_bytes()).await;
                is_broken = written.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe);
            }
            Entry::Line(_) | Entry::Announcement(_) => {}
            Entry::Flush(done) => {
                // Who asked may be gone.
                let _ = done.send(());
            }
        }
    }
}

/// Writes a line, again if that fails for a while, and says whether it was taken.
async fn write_line(host: &Host, output: &mut dyn Output, line: &str) -> bool {
    for _ in 0..TRIES {
        match write_all(output, line.as_bytes()).await {
            Ok(()) => return true,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return false,
            Err(_) => host.sleep(RETRY).await,
        }
    }
    false
}
