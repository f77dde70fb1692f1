//! The parent at work.

mod ending;
mod events;
mod stage;

use std::time::Duration;

use crate::host::{Child, Host, Lines, Signal};
use crate::service::protocol::{Answer, Command, Request};

use super::caught::Caught;
use super::ledger::{Ledger, Whose};
use super::options::{StandaloneOptions, UNDONE};
use super::outbox::Outbox;
use super::refusal::Refusal;
use super::source::{Asked, Source};
use super::truth::Truth;
use stage::Stage;

pub(super) use ending::END_TIME;

/// The parent of a server. It does one thing at a time and waits for many.
pub(super) struct Parent {
    host: Host,
    options: StandaloneOptions,
    source: Source,
    signals: Caught,
    child: Box<dyn Child>,
    /// What the server says.
    words: Lines,
    /// Requests on their way to the server.
    orders: Outbox,
    /// Standard output.
    answers: Outbox,
    /// Standard error.
    notes: Outbox,
    ledger: Ledger,
    truth: Truth,
    stage: Stage,
    /// Why the end was asked for, if it was.
    end_reason: Option<String>,
    /// Whether a snapshot was asked for before the server was ready.
    wants_snapshot: bool,
    /// The client's own `close`, which is answered by the server's.
    close: Option<u64>,
    /// Since when the server owes a word: it said something last, or was first asked something after that. And when people were last told
    /// that it is silent.
    heard_at: Duration,
    told_at: Duration,
    /// Whether an answer could not be delivered.
    is_unheard: bool,
}

impl Parent {
    pub(super) fn new(
        host: Host,
        options: StandaloneOptions,
        source: Source,
        signals: Caught,
        mut child: Box<dyn Child>,
    ) -> Result<Self, Refusal> {
        let Some(words) = child.take_stdout() else {
            return Err(Refusal::new(UNDONE, "the server has no standard output"));
        };
        let now = host.clock.now();
        Ok(Self {
            orders: Outbox::new(child.take_stdin()),
            answers: Outbox::new(Some(host.process.stdout())),
            notes: Outbox::new(Some(host.process.stderr())),
            words: Lines::new(words),
            ledger: Ledger::default(),
            truth: Truth::default(),
            stage: Stage::Opening,
            end_reason: None,
            wants_snapshot: false,
            close: None,
            heard_at: now,
            told_at: now,
            is_unheard: false,
            host,
            options,
            source,
            signals,
            child,
        })
    }

    /// Tells people something.
    fn note(&mut self, text: &str) {
        self.notes
            .push(&format!("plimsoll-store: {}", text.replace('\n', " ")));
    }

    fn signalled(&mut self, signal: Signal) {
        if signal == Signal::Usr1 {
            self.wants_snapshot = true;
            self.pass_on_snapshot();
        } else if self.end_reason.is_some() {
            self.note(&format!(
                "{signal}: the end is under way, and is not broken off; {}",
                self.stage
            ));
        } else {
            self.end(signal.to_string());
        }
    }

    /// Asks the server for the snapshot that we were asked for, once it handles that signal.
    fn pass_on_snapshot(&mut self) {
        if self.wants_snapshot && matches!(self.stage, Stage::Serving | Stage::Saving(_)) {
            self.wants_snapshot = false;
            if let Err(error) = self.child.signal(Signal::Usr1) {
                self.note(&format!("cannot ask the server for a snapshot: {error}"));
            }
        }
    }

    fn asked(&mut self, asked: Asked) {
        let line = match asked {
            Asked::Line(line) => line,
            Asked::Unreadable(reason) => return self.refuse(0, &reason),
            Asked::End { is_cut } => {
                if is_cut {
                    self.note("the input ended within a line, which was not handed on");
                }
                return self.end("the end of the requests".to_owned());
            }
            Asked::Broken(reason) => {
                self.note(&format!("the input cannot be read to its end: {reason}"));
                self.ledger.refuse();
                return self.end("an input that cannot be read".to_owned());
            }
        };
        match line.parse::<Request>() {
            Err(error) => self.refuse(error.id, &error.reason),
            Ok(Request {
                id,
                command: Command::Close,
            }) => {
                self.close = Some(id);
                self.end("the request `close`".to_owned());
            }
            Ok(Request { id, .. }) => {
                if self.ledger.open() == 0 {
                    // Until now it had nothing to say.
                    self.heard_at = self.host.clock.now();
                }
                let own = self.ledger.enter(Whose::Client(id));
                self.orders.push(&renumbered(line.trim(), own));
            }
        }
    }

    /// Answers a request that is none.
    fn refuse(&mut self, id: u64, reason: &str) {
        self.ledger.refuse();
        self.answers.push(&format!("{id} failed absent {reason}"));
        self.end_commands();
    }

    /// After a request of a list that failed, the rest is not made.
    fn end_commands(&mut self) {
        if matches!(self.source, Source::Commands { .. }) && self.ledger.failed() > 0 {
            self.end("a request that failed".to_owned());
        }
    }

    fn said(&mut self, line: &str) {
        let Ok(answer) = line.parse::<Answer>() else {
            return self.note(&format!("[server] {line}"));
        };
        match &answer {
            Answer::Ready { sequence, .. } => self.ready(*sequence),
            Answer::End { sequence, level } => self.truth.last_line = Some(Ok((*sequence, *level))),
            Answer::EndFailed { message } => self.truth.last_line = Some(Err(message.clone())),
            Answer::Snapshot { sequence, path, .. } => {
                self.truth.newest = Some((*sequence, path.clone()));
                self.answers.push(line);
            }
            Answer::SnapshotFailed { .. } => self.answers.push(line),
            Answer::Lost { message, .. } => {
                self.truth.lost.get_or_insert_with(|| message.clone());
                self.answers.push(line);
            }
            _ => self.answered(&answer, line),
        }
    }

    fn ready(&mut self, sequence: u64) {
        if self.stage != Stage::Opening {
            return;
        }
        self.truth.was_ready = true;
        self.stage = Stage::Serving;
        let pid = self.host.process.id();
        self.answers
            .push(&Answer::Ready { pid, sequence }.to_string());
        self.pass_on_snapshot();
        if self.end_reason.is_some() {
            self.save();
        }
    }

    fn answered(&mut self, answer: &Answer, line: &str) {
        match self.ledger.note(answer) {
            None => self.note(&format!("[server] {line}")),
            Some(Whose::Client(id)) => {
                self.answers.push(&renumbered(line, id));
                self.truth.acknowledged = self.ledger.acknowledged();
                self.end_commands();
            }
            Some(Whose::Own) => self.saved(answer),
        }
    }
}

/// A line with another number in front. A request of a list may be of several lines, which mean what one of them would.
fn renumbered(line: &str, number: u64) -> String {
    match line.split_once(char::is_whitespace) {
        Some((_, rest)) => format!("{number} {}", rest.replace('\n', " ")),
        None => number.to_string(),
    }
}
