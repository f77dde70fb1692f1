//! The way to standard output.

use std::time::Duration;

use plimsoll_reference::host::{Failed, Host, Later, Output, timeout, write_all};
use plimsoll_reference::level::Level;
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

    /// Says that requests are taken, and the number of the last write.
    pub(in crate::systems) fn ready(&self, host: &Host, sequence: u64) {
        self.say(&Answer::Ready {
            pid: host.process.id(),
            sequence,
        });
    }

    /// Queues a line. Where nobody reads any more it is dropped.
    pub(in crate::systems) fn say(&self, answer: &Answer) {
        let _ = self.0.send(format!("{answer}\n"));
    }
}

impl Writing {
    /// Says as the last line what came of it all, with the number of the last write that is held at this level; waits until everything is
    /// written, and returns the exit code.
    pub(in crate::systems) async fn conclude(
        self,
        host: &Host,
        outlet: Outlet,
        level: Level,
        ended: Result<u64, String>,
    ) -> i32 {
        let code = i32::from(ended.is_err());
        outlet.say(&match ended {
            Ok(sequence) => Answer::End { sequence, level },
            Err(message) => Answer::EndFailed { message },
        });
        drop(outlet);
        self.end(host).await;
        code
    }

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
