//! The client of a system: it follows a script and takes notes.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_reference::host::{ExitStatus, Output, Signal, write_all};
use plimsoll_reference::service::protocol;

use super::heard::Heard;
use super::history::{Asked, End, Found, Life, Notice, Pairs, Request};
use super::log::Log;
use super::promise::Order;
use super::script::{Ending, LifeScript, Script, Step};
use super::system::System;
use crate::world::{Control, ProcessId};

/// How long the client waits for anything, in virtual time. Nothing that a correct system does takes as long.
const PATIENCE: Duration = Duration::from_secs(2 * 3600);

/// How long nothing is read because a plan says so while the client waits for something.
const UNREAD_MAX: Duration = Duration::from_secs(3600);

/// A life as the client saw it, and where its end is in the op log.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) life: Life,
    /// Number of the era that it ended.
    pub(super) era: usize,
    /// The process that was asked.
    pub(super) process: ProcessId,
    pub(super) heard: Heard,
}

/// Follows a script to its end.
pub(super) async fn follow(control: Control, system: Arc<dyn System>, script: Script) -> Vec<Seen> {
    let mut seen: Vec<Seen> = Vec::new();
    for life in &script.lives {
        let Some(one) = live(&control, &system, life).await else {
            break;
        };
        seen.push(one);
    }
    seen
}

/// What is on the disk, read on a copy.
fn inspect(control: &Control, system: &dyn System) -> Found {
    let copy = plimsoll_faults::disk::SimFs::new(control.disk().image());
    system.inspect(&copy)
}

/// One life; nothing when the system is not there.
async fn live(control: &Control, system: &Arc<dyn System>, script: &LifeScript) -> Option<Seen> {
    let base = match inspect(control, &**system) {
        Found::Store(pairs) => pairs,
        // Whatever is left of an unreadable store was judged when it was left.
        Found::Nothing | Found::Unreadable(_) => Pairs::new(),
    };
    let log = Arc::new(Log::new(control));
    let began = log.moment();
    let first = system.first();
    let name = first.path.to_string_lossy().into_owned();
    let arguments: Vec<&str> = first.arguments.iter().map(String::as_str).collect();
    let programs = system.programs();
    let has_orphans = programs.iter().any(|(name, _)| control.is_running(name));
    let process = control.start(&name, &arguments).ok()?;
    control.spawn(Arc::clone(&log).read(process, Arc::clone(system)));
    let era = control.era();
    let mut client = Client {
        control: control.clone(),
        system: Arc::clone(system),
        log: Arc::clone(&log),
        process,
        name,
        stdin: control.stdin(process),
        killed: false,
        asked: 0,
        others: Vec::new(),
    };
    let end = client.run(script).await;
    let now = control.now();
    client.hear_out().await;
    let end = match end {
        _ if control.era() > era => End::PowerLost,
        Some(_) if client.killed => End::Killed,
        Some(status) => End::Exited(status),
        None => {
            control.kill(process).await;
            End::Running
        }
    };
    let left = vec![inspect(control, &**system)];
    if script.settles {
        client.let_others_end().await;
    }
    let mut at = log.moment();
    at.now = now;
    let heard = log.take_heard();
    let mut notes = log.notes();
    Some(Seen {
        life: Life {
            has_orphans,
            requests: std::mem::take(&mut notes.ledger.requests),
            notices: std::mem::take(&mut notes.ledger.notices),
            end: (at, end),
            left,
            ..Life::new(base, began)
        },
        era,
        process,
        heard,
    })
}

struct Client {
    control: Control,
    system: Arc<dyn System>,
    log: Arc<Log>,
    process: ProcessId,
    name: String,
    stdin: Box<dyn Output>,
    /// Whether the client killed it.
    killed: bool,
    asked: u64,
    /// Further processes of the same store.
    others: Vec<ProcessId>,
}

impl Client {
    /// Follows the script until the process has ended, and says how; nothing when it does not end.
    async fn run(&mut self, script: &LifeScript) -> Option<ExitStatus> {
        if !script.early && !self.wait_for(|notes| notes.ledger.is_ready()).await {
            return self.ended().await;
        }
        for step in &script.steps {
            if self.control.status(self.process).is_some() {
                break;
            }
            self.step(step, script.outstanding).await;
        }
        self.end(script.ending).await;
        self.ended().await
    }

    /// Waits for something to be noted; false when the process has ended or patience has. Where the client itself does not read, it
    /// begins to after a while.
    async fn wait_for(&mut self, is_true: impl Fn(&super::log::Notes) -> bool) -> bool {
        for patience in [UNREAD_MAX, PATIENCE] {
            tokio::select! {
                biased;
                () = self.log.until(&is_true) => return true,
                _ = self.control.wait(self.process) => return false,
                () = self.control.sleep(patience) => {}
            }
            self.read_again();
        }
        false
    }

    /// By its number: to a plan the name means a process that was started later, if there is one.
    fn read_again(&self) {
        self.log.notice(Notice::ReadingAgain);
        self.control.resume_reading(self.process);
    }

    async fn ended(&mut self) -> Option<ExitStatus> {
        tokio::select! {
            biased;
            status = self.control.wait(self.process) => Some(status),
            () = self.control.sleep(PATIENCE) => None,
        }
    }

    async fn step(&mut self, step: &Step, outstanding: usize) {
        match step {
            Step::Pause(time) => {
                tokio::select! {
                    biased;
                    _ = self.control.wait(self.process) => {}
                    () = self.control.sleep(*time) => {}
                }
            }
            Step::Settle => {
                self.wait_for(|notes| open(notes) == 0).await;
            }
            Step::StartAnother => self.start_another(),
            Step::Ask(command) => {
                let request = request(command);
                let by_key = self.system.promise().order == Order::ByKey;
                let is_free = |notes: &super::log::Notes| {
                    open(notes) < outstanding
                        && !(by_key && is_taken(&notes.ledger.requests, &request))
                };
                if self.wait_for(is_free).await {
                    self.ask(command, request).await;
                }
            }
        }
    }

    async fn ask(&mut self, command: &protocol::Command, request: Request) {
        self.asked += 1;
        let id = self.asked;
        self.log.ask(id, request);
        let line = format!("{id} {command}\n");
        self.write(line.as_bytes()).await;
    }

    /// Writes to its input, unless it ends or takes nothing more.
    async fn write(&mut self, bytes: &[u8]) {
        tokio::select! {
            biased;
            _ = write_all(&mut *self.stdin, bytes) => {}
            _ = self.control.wait(self.process) => {}
            () = self.control.sleep(PATIENCE) => {}
        }
    }

    /// Starts the same once more. That it becomes ready while the first one runs is noted.
    fn start_another(&mut self) {
        let first = self.system.first();
        let arguments: Vec<&str> = first.arguments.iter().map(String::as_str).collect();
        let Ok(other) = self.control.start(&self.name, &arguments) else {
            return;
        };
        self.log.notice(Notice::OtherStarted);
        self.others.push(other);
        let (control, log, process) = (self.control.clone(), Arc::clone(&self.log), self.process);
        self.control.spawn(async move {
            let mut lines = plimsoll_reference::host::Lines::new(control.stdout(other));
            let mut number = 0;
            while let Ok(Some(line)) = lines.next().await {
                // It was ready when it said so, which may be read when it has long ended.
                let said = control.line_end(other, number);
                number += 1;
                if line.starts_with("ready ") && control.status(process).is_none() {
                    log.notice_said(said, Notice::OtherReady);
                }
            }
        });
        let (control, log) = (self.control.clone(), Arc::clone(&self.log));
        self.control.spawn(async move {
            control.wait(other).await;
            log.notice(Notice::OtherEnded);
        });
    }

    async fn end(&mut self, ending: Ending) {
        match ending {
            Ending::Close => self.ask(&protocol::Command::Close, Request::Close).await,
            Ending::Eof => {
                self.log.notice(Notice::InputClosed);
                self.control.close_stdin(self.process);
            }
            Ending::MidLine => {
                self.log.notice(Notice::InputCut);
                self.write(b"77777 put b0/k0 cut-off").await;
                self.log.notice(Notice::InputClosed);
                self.control.close_stdin(self.process);
            }
            Ending::Term => self.signal(Signal::Term),
            Ending::Int => self.signal(Signal::Int),
            Ending::Kill => {
                self.killed = self.control.status(self.process).is_none();
                self.control.kill(self.process).await;
            }
            Ending::Power => self.control.power_loss().await,
        }
    }

    fn signal(&self, signal: Signal) {
        if self.control.signal(self.process, signal).is_ok() {
            self.log.notice(Notice::Signalled(signal));
        }
    }

    /// Reads what is left of its output.
    async fn hear_out(&mut self) {
        for other in std::mem::take(&mut self.others) {
            self.control.close_stdin(other);
            self.let_end(other).await;
        }
        self.read_again();
        tokio::select! {
            biased;
            () = self.log.until(|notes| notes.is_over) => {}
            () = self.control.sleep(PATIENCE) => {}
        }
    }

    /// Waits for processes that outlive the one that was asked.
    async fn let_others_end(&mut self) {
        for (name, _) in self.system.programs() {
            if let Some(process) = self.control.latest(name) {
                self.let_end(process).await;
            }
        }
    }

    async fn let_end(&mut self, process: ProcessId) {
        tokio::select! {
            biased;
            _ = self.control.wait(process) => {}
            () = self.control.sleep(PATIENCE) => {}
        }
    }
}

/// Requests that are not answered as yet.
fn open(notes: &super::log::Notes) -> usize {
    notes.ledger.requests.len() - notes.ledger.answered()
}

/// Whether a request would overtake another of the same key.
fn is_taken(requests: &[Asked], request: &Request) -> bool {
    let Request::Write(mutations) = request else {
        return false;
    };
    requests
        .iter()
        .filter(|asked| asked.answer.is_none())
        .flat_map(Asked::mutations)
        .any(|open| {
            mutations
                .iter()
                .any(|mutation| mutation.key() == open.key())
        })
}

/// What the judge knows of a command.
pub(super) fn request(command: &protocol::Command) -> Request {
    use protocol::Command;
    match command {
        Command::Write(mutation) => Request::Write(vec![mutation.clone()]),
        Command::Batch(mutations) => Request::Write(mutations.clone()),
        Command::Get(key) => Request::Get(key.clone()),
        Command::Scan => Request::Scan,
        Command::Sync => Request::Sync,
        Command::Snapshot => Request::Snapshot,
        Command::Checkpoint | Command::Compact => Request::Maintain,
        Command::Close => Request::Close,
    }
}
