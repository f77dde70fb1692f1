//! The end of a client: a last snapshot, and the end of its server.

use std::time::Duration;

use plimsoll_reference::host::{Signal, timeout, write_all};
use plimsoll_reference::level::Level;
use plimsoll_reference::service::protocol::{Answer, Command, Request};

use super::bug::Bug;
use super::client::Client;
use super::inbox::LAST;
use super::options::UNDONE;
use super::snapshots::Ended;

/// How long the last snapshot may take, and then the end of the server, where time is limited.
pub(super) const SNAPSHOT_MAX: Duration = Duration::from_secs(5);
const END_MAX: Duration = Duration::from_secs(2);

/// Why there is no last snapshot, as the last line says it.
pub(super) const TIMED_OUT: &str = "timed out waiting for the last snapshot";
pub(super) const GONE: &str = "the server has ended";

/// What came of the last snapshot.
enum Last {
    /// It is in place.
    InPlace,
    /// There is none.
    Failed(String),
    /// Nobody knows.
    TimedOut,
}

impl Client {
    /// Ends everything, and returns the exit code of the command.
    pub(super) async fn finish(mut self) -> i32 {
        self.stop.send_replace(true);
        self.inbox
            .until(|heard| heard.answered >= heard.forwarded)
            .await;
        let has_failed_job = self.inbox.heard().has_failed_job;
        if has_failed_job && !self.options.has_mended(Bug::R2) {
            self.out.flush().await;
            match self.host.process.exit(UNDONE).await {}
        }
        let last = self.last_snapshot().await;
        self.inbox.hush();
        let (sequence, level) = (self.inbox.heard().acknowledged, Level::Power);
        let code = match last {
            Last::InPlace => {
                self.out.line(Answer::End { sequence, level });
                if has_failed_job { UNDONE } else { 0 }
            }
            Last::Failed(message) if self.options.has_mended(Bug::R8) => {
                self.out.line(Answer::EndFailed { message });
                1
            }
            Last::TimedOut if self.options.has_mended(Bug::R7) => {
                let message = TIMED_OUT.to_owned();
                self.out.line(Answer::EndFailed { message });
                1
            }
            // There is a warning, and the command has succeeded.
            Last::Failed(_) | Last::TimedOut => 0,
        };
        self.end_server().await;
        code
    }

    async fn last_snapshot(&mut self) -> Last {
        let host = self.host.clone();
        let is_limited = !self.options.has_mended(Bug::R7);
        let ended = if is_limited {
            timeout(&host, SNAPSHOT_MAX, self.wait_for_last())
                .await
                .flatten()
        } else {
            self.wait_for_last().await
        };
        match ended {
            Some(Ok(_)) => Last::InPlace,
            Some(Err(message)) => Last::Failed(message),
            None => Last::TimedOut,
        }
    }

    /// Asks for the last snapshot and waits for it; nothing when it gives up.
    async fn wait_for_last(&mut self) -> Option<Ended> {
        if self.options.has_mended(Bug::R1) {
            return self.wait_for_request().await;
        }
        if self.options.has_mended(Bug::H2) {
            while self.inbox.announcements.try_take().is_some() {}
        }
        self.server.signal(Signal::Usr1);
        tokio::select! {
            biased;
            ended = self.inbox.announcements.take() => Some(ended),
            () = self.inbox.until(|_| false) => Some(self.gone()),
        }
    }

    /// Asks by a numbered request. Whoever hears nothing for a while asks again, as the answer may not have been written; the real client
    /// could as well look at the file.
    async fn wait_for_request(&mut self) -> Option<Ended> {
        let host = self.host.clone();
        loop {
            let request = Request {
                id: LAST,
                command: Command::Snapshot,
            };
            let line = format!("{request}\n");
            // It fails when the server is gone, which is seen next.
            let _ = write_all(&mut *self.stdin, line.as_bytes()).await;
            let answered = self.inbox.until(|heard| heard.last.is_some());
            if timeout(&host, SNAPSHOT_MAX, answered).await.is_some() {
                let last = self.inbox.heard().last;
                return Some(last.unwrap_or_else(|| self.gone()));
            }
            if !self.options.has_mended(Bug::R22) {
                return None;
            }
        }
    }

    /// What is said when the server has ended.
    fn gone(&self) -> Ended {
        let is_told = self.options.has_mended(Bug::H8);
        Err(if is_told { GONE } else { TIMED_OUT }.to_owned())
    }

    /// Lets the server end, by closing its input.
    async fn end_server(mut self) {
        drop(self.stdin);
        if self.options.has_mended(Bug::R7) {
            return self.server.ended().await;
        }
        if timeout(&self.host, END_MAX, self.server.ended())
            .await
            .is_none()
        {
            self.server.signal(Signal::Kill);
            self.server.ended().await;
        }
    }
}
