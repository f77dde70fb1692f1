//! The way to standard output.

use std::time::Duration;

use plimsoll_reference::host::{Failed, Host, Later, Output, timeout, write_all};
use plimsoll_reference::service::protocol::Answer;
use tokio::sync::mpsc;

/// How long the end waits for the last lines to be taken.
const END_TIME: Duration = Duration::from_secs(5);

/// The way to standard output: lines are queued, and a task of the process writes them. Cloning shares it.
#[derive(Clone)]
pub(in crate::systems) struct Outlet(mpsc::UnboundedSender<String>);

/// An outlet of who is not waited for at the end.
pub(in crate::systems) struct WeakOutlet(mpsc::WeakUnboundedSender<String>);

impl WeakOutlet {
    /// Queues a line, where the way is still open.
    pub(in crate::systems) fn say(&self, answer: &Answer) {
        if let Some(queue) = self.0.upgrade() {
            Outlet(queue).say(answer);
        }
    }
}

/// The task that writes.
pub(in crate::systems) struct Writing(Later<'static, Result<(), Failed>>);

impl Outlet {
    pub(in crate::systems) fn start(host: &Host) -> (Self, Writing) {
        let (queue, lines) = mpsc::unbounded_channel();
        let writing = host.spawn("output", write(lines, host.process.stdout()));
        (Self(queue), Writing(writing))
    }

    pub(in crate::systems) fn downgrade(&self) -> WeakOutlet {
        WeakOutlet(self.0.downgrade())
    }

    /// Queues a line. Where nobody reads any more it is dropped.
    pub(in crate::systems) fn say(&self, answer: &Answer) {
        let _ = self.0.send(format!("{answer}\n"));
    }
}

impl Writing {
    /// Waits until everything is written, once the last outlet is dropped.
    pub(in crate::systems) async fn end(self, host: &Host) {
        timeout(host, END_TIME, self.0).await;
    }
}

async fn write(mut lines: mpsc::UnboundedReceiver<String>, mut output: Box<dyn Output>) {
    while let Some(line) = lines.recv().await {
        if write_all(&mut *output, line.as_bytes()).await.is_err() {
            return;
        }
    }
}
