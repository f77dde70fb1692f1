//! The parent at work.

mod ending;
mod events;
mod stage;

use std::time::Duration;

use crate::host::{Child, Host, LINE_MAX, Lines, Signal};
use crate::service::protocol::{Answer, Command, ParseRequestError, Request};

use super::caught::Caught;
use super::ledger::{Ledger, Whose};
use super::options::{StandaloneOptions, UNDONE};
use super::outbox::Outbox;
use super::refusal::Refusal;
use super::source::{Asked, Source, Unmade};
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
    /// Whether anything was handed on that may change the data.
    has_changes: bool,
    /// A snapshot that a client asked for behind everything that may change the data: first its number, then what it covers.
    asked_snapshot: Option<u64>,
    covering: Option<u64>,
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
            has_changes: false,
            asked_snapshot: None,
            covering: None,
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

    /// Does what a signal asks for, and says whether that is to wait no longer.
    fn signalled(&mut self, signal: Signal) -> bool {
        let is_opening = self.stage == Stage::Opening;
        let (pid, stage) = (self.child.id(), self.stage);
        match (signal, self.end_reason.is_some()) {
            (Signal::Usr1, _) => {
                self.wants_snapshot = true;
                self.pass_on_snapshot();
            }
            (_, false) => {
                if is_opening {
                    self.note(&format!(
                        "{signal}: still {stage}, and this ends when it has; a second signal leaves it to itself"
                    ));
                }
                self.end(signal.to_string());
            }
            // It comes together with others, as when a terminal goes away, and is no second thought.
            (Signal::Hup, true) => self.note_end_under_way(signal),
            (_, true) if is_opening => {
                self.note(&format!(
                    "{signal} again: this no longer waits; nothing was asked of the server (process {pid}), which ends by itself when it \
                     has opened the store"
                ));
                return true;
            }
            (_, true) => self.note_end_under_way(signal),
        }
        false
    }

    fn note_end_under_way(&mut self, signal: Signal) {
        self.note(&format!(
            "{signal}: the end is under way, and is not broken off; {}",
            self.stage
        ));
    }

    /// Takes note that the server is asked something: if it had nothing to say until now, its silence begins.
    pub(super) fn begin_silence(&mut self) {
        if self.ledger.open() == 0 {
            self.heard_at = self.host.clock.now();
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
                    self.ledger.refuse();
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
            Ok(Request { id, command }) => {
                let order = renumbered(line.trim(), self.ledger.next());
                if order.len() > LINE_MAX {
                    // The server would not know whose it is.
                    let reason = format!("with its number, a request has at most {LINE_MAX} bytes");
                    return self.refuse(id, &reason);
                }
                self.begin_silence();
                let number = self.ledger.enter(Whose::Client(id));
                match command {
                    Command::Write(_) | Command::Batch(_) => {
                        self.has_changes = true;
                        (self.asked_snapshot, self.covering) = (None, None);
                    }
                    Command::Snapshot => self.asked_snapshot = Some(number),
                    _ => {}
                }
                self.orders.push(&order);
            }
        }
    }

    /// Answers a request that is none.
    fn refuse(&mut self, id: u64, reason: &str) {
        self.ledger.refuse();
        self.answers.push(&format!("{id} failed absent {reason}"));
        self.end_commands();
    }

    /// Answers what was read and is not handed on any more.
    pub(super) fn refuse_rest(&mut self, reason: &str) {
        let Unmade { lines, is_cut } = self.source.unmade();
        for line in &lines {
            let id = match line.parse() {
                Ok(Request { id, .. }) | Err(ParseRequestError { id, .. }) => id,
            };
            self.answers.push(&format!(
                "{id} failed absent it was not handed on: {reason}"
            ));
        }
        let count = lines.len() + usize::from(is_cut);
        if count > 0 {
            self.ledger.refuse();
            self.note(&format!(
                "{count} requests that had been read were not handed on: {reason}"
            ));
        }
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
                if let Answer::Done { id, sequence, .. } = answer
                    && self.asked_snapshot == Some(*id)
                {
                    self.covering = Some(*sequence);
                }
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
