//! The end, which every way out goes through.

use std::io;
use std::time::Duration;

use crate::host::{ExitStatus, patience};
use crate::service::protocol::Answer;

use super::super::ledger::Whose;
use super::super::options::{UNDONE, UNSAFE};
use super::super::truth::Verdict;
use super::Parent;
use super::events::Event;
use super::stage::Stage;

/// How long the last answers wait for somebody to read them, once everything else is done.
pub(in super::super) const END_TIME: Duration = Duration::from_secs(10);

impl Parent {
    /// Works until the server has ended, or is given up, and returns the exit code.
    pub(in super::super) async fn attend(mut self) -> i32 {
        loop {
            match self.event().await {
                Event::Signal(signal) => {
                    if self.signalled(signal) {
                        return self.conclude(None).await;
                    }
                }
                Event::Said(line) => {
                    self.heard();
                    self.said(&line);
                }
                Event::Garbled(reason) => {
                    self.heard();
                    self.note(&format!(
                        "the server said something that cannot be read: {reason}"
                    ));
                }
                Event::Mute => {
                    self.heard();
                    self.stage = Stage::Reaping;
                    self.orders.finish();
                }
                Event::Ended(status) => return self.conclude(Some(status)).await,
                Event::Written => {}
                Event::Unheard => {
                    self.is_unheard = true;
                    self.end("nobody reads standard output any longer".to_owned());
                }
                Event::Asked(asked) => self.asked(asked),
                Event::Silence => {
                    if self.is_given_up() {
                        return self.conclude(None).await;
                    }
                }
            }
        }
    }

    fn heard(&mut self) {
        self.heard_at = self.host.clock.now();
    }

    /// Begins the end, once.
    pub(super) fn end(&mut self, reason: String) {
        if self.end_reason.is_some() {
            return;
        }
        self.refuse_rest(&reason);
        self.end_reason = Some(reason);
        if self.stage == Stage::Serving {
            self.save();
        }
    }

    /// Asks for a snapshot that covers everything, where one is wanted. It stands behind all requests that were made.
    ///
    /// Where nothing was to change a store in memory, the server knows better: it takes one at its end, unless the one that it began with
    /// is still the same. Another would cost the oldest of those that are kept, and so would one behind a client's that covers everything.
    pub(super) fn save(&mut self) {
        let setup = &self.options.setup;
        if let Some(sequence) = self.covering {
            self.truth.saved = Some(Ok(sequence));
            self.dismiss();
        } else if setup.wants_snapshots() && (self.has_changes || !setup.in_memory) {
            self.begin_silence();
            let id = self.ledger.enter(Whose::Own);
            self.orders.push(&format!("{id} snapshot"));
            self.stage = Stage::Saving(id);
        } else {
            self.dismiss();
        }
    }

    /// The answer to our own request.
    pub(super) fn saved(&mut self, answer: &Answer) {
        let saved = match answer {
            Answer::Done { sequence, path, .. } => {
                if let Some(path) = path {
                    self.truth.newest = Some((*sequence, path.clone()));
                }
                Ok(*sequence)
            }
            Answer::Failed { message, .. } => Err(message.clone()),
            _ => Err("the server gave another answer than that of a snapshot".to_owned()),
        };
        if let Err(message) = &saved {
            self.note(&format!("the last snapshot failed: {message}"));
        }
        self.truth.saved = Some(saved);
        self.dismiss();
    }

    /// Asks the server to end: it makes everything durable once more, and says what came of that.
    fn dismiss(&mut self) {
        self.begin_silence();
        if let Some(id) = self.close.take() {
            let own = self.ledger.enter(Whose::Client(id));
            self.orders.push(&format!("{own} close"));
        }
        self.orders.finish();
        self.stage = Stage::Ending;
    }

    /// Tells people that the server is silent, which is no death: who is dead has an exit status.
    fn is_given_up(&mut self) -> bool {
        let now = self.host.clock.now();
        let silent = now.saturating_sub(self.heard_at);
        let (stage, pid) = (self.stage, self.child.id());
        let is_given_up = self
            .options
            .give_up_after
            .is_some_and(|time| silent >= time);
        let consequence = if is_given_up {
            "this gives up waiting; the server goes on, and what it says is no longer heard"
        } else {
            "it still runs, and nothing is broken off"
        };
        self.note(&format!(
            "timed out after {} s {stage}: process {pid} has said nothing since; {consequence}",
            silent.as_secs()
        ));
        self.told_at = now;
        is_given_up
    }

    /// Says what became of the data.
    async fn conclude(mut self, status: Option<io::Result<ExitStatus>>) -> i32 {
        self.truth.status = match status {
            Some(Ok(status)) => Some(status),
            Some(Err(error)) => {
                self.note(&format!("cannot learn how the server ended: {error}"));
                None
            }
            None => None,
        };
        if self.end_reason.is_none() {
            self.note("the server ended by itself");
        }
        for id in self.ledger.abandon() {
            self.answers.push(&format!(
                "{id} failed unknown the server ended before it answered"
            ));
        }
        let reason = self.end_reason.as_deref().unwrap_or("the server ended");
        let reason = reason.to_owned();
        if let Some(id) = self.close.take() {
            self.answers.push(&format!(
                "{id} failed absent the server ended before it was handed on"
            ));
        }
        let left = self.source.left();
        if left > 0 {
            self.note(&format!("{left} requests were not made: {reason}"));
        }
        self.refuse_rest(&reason);
        let has_more = self.source.has_more(&self.host).await;
        if has_more {
            self.note(&format!("there are requests that were not read: {reason}"));
        }
        let is_held = self.give_verdict();
        self.is_unheard |= !self.deliver().await;
        if !is_held {
            UNSAFE
        } else if self.ledger.failed() > 0 || left > 0 || has_more || self.is_unheard {
            UNDONE
        } else {
            0
        }
    }

    /// The last line.
    fn give_verdict(&mut self) -> bool {
        match self.truth.verdict() {
            Verdict::Held {
                sequence,
                level,
                remark,
            } => {
                if let Some(remark) = remark {
                    self.note(&remark);
                }
                self.answers
                    .push(&Answer::End { sequence, level }.to_string());
                true
            }
            Verdict::InDoubt(message) => {
                self.note(&message);
                self.answers
                    .push(&Answer::EndFailed { message }.to_string());
                false
            }
        }
    }

    /// Writes what is left, for as long as somebody reads it but not for ever. Whether all answers were taken.
    async fn deliver(&mut self) -> bool {
        let Self {
            host,
            answers,
            notes,
            ..
        } = self;
        let write = async {
            let mut is_heard = true;
            while answers.len() > 0 || notes.len() > 0 {
                tokio::select! {
                    biased;
                    written = answers.pump() => is_heard &= written.is_ok(),
                    _ = notes.pump() => {}
                }
            }
            is_heard
        };
        patience(host, END_TIME, write).await.unwrap_or(false)
    }
}
