//! One life of a process, from its start until it is gone.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::{self, kill};
use nix::unistd::Pid;
use plimsoll_reference::host::{ExitStatus, Signal};
use plimsoll_sim::trial::history::{End, Moment, Notice, Pairs};

use super::deed::{Deed, Target, Words};
use super::mode::Mode;
use super::pipes::{Ears, Heard, Mouth};
use super::plan::Plan;
use super::program::Program;
use super::record::{Ended, Record};
use crate::stopwatch::Stopwatch;

/// How long a process that was asked to end may take before it is killed, and said to hang.
const HANG: Duration = Duration::from_secs(60);

/// How long to wait for the readiness line, where that is waited for.
const READY: Duration = Duration::from_secs(10);

/// A process that runs.
pub(super) struct Living<'a> {
    program: &'a Program,
    mode: &'a Mode,
    dir: &'a Path,
    child: Child,
    ears: Ears,
    mouth: Mouth,
    record: Record,
    is_ready: bool,
    is_gone: bool,
    /// When it was killed at once.
    killed_at: Option<Moment>,
}

impl<'a> Living<'a> {
    /// Starts it in a group of its own.
    pub(super) fn start(
        program: &'a Program,
        mode: &'a Mode,
        dir: &'a Path,
        plan: &Plan,
        base: Pairs,
    ) -> anyhow::Result<Self> {
        let arguments = mode.arguments(dir, plan.with_interval);
        let mut record = Record::new(base);
        record.log(&arguments.join(" "));
        let mut child = program
            .command(&arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start the program with `{}`", arguments.join(" ")))?;
        let streams = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = streams else {
            anyhow::bail!("a process was started without its streams");
        };
        Ok(Self {
            program,
            mode,
            dir,
            child,
            ears: Ears::of(stdout, stderr),
            mouth: Mouth::of(stdin),
            record,
            is_ready: false,
            is_gone: false,
            killed_at: None,
        })
    }

    /// Does everything, waits until it is gone, and tells what happened.
    pub(super) fn live(mut self, plan: &Plan) -> anyhow::Result<Ended> {
        if plan.waits_until_ready {
            let stopwatch = Stopwatch::start();
            while !self.is_ready && !self.is_gone && stopwatch.elapsed() < READY {
                self.listen(Duration::from_millis(20));
            }
        }
        for deed in &plan.deeds {
            self.listen(Duration::ZERO);
            self.do_one(deed)?;
        }
        self.wait_for_end()
    }

    fn do_one(&mut self, deed: &Deed) -> anyhow::Result<()> {
        match deed {
            Deed::Ask(request) => {
                let id = self.record.ask(request.clone());
                let line = format!("{id} {}\n", Words(request));
                self.record
                    .log(line.trim_end().get(..100).unwrap_or(line.trim_end()));
                self.mouth.say(line.into_bytes());
            }
            Deed::Wait(time) => self.listen(*time),
            Deed::Signal(signal, target) => self.signal(*signal, *target),
            Deed::Stop(time) => {
                self.record.disturbed.delayed_by += *time;
                // The server of a parent is in a group of its own.
                for target in [Target::Group, Target::Server] {
                    self.send(Signal::Stop, target);
                }
                self.listen(*time);
                for target in [Target::Server, Target::Group] {
                    self.send(Signal::Cont, target);
                }
            }
            Deed::Deafen(time) => {
                self.record.notice(Notice::ReadingStopped);
                self.ears.set_deaf(true);
                self.listen(*time);
                self.ears.set_deaf(false);
                self.record.notice(Notice::ReadingAgain);
            }
            Deed::Inspect => {
                if let Some(path) = self.mode.canonical(self.dir) {
                    // Everything in it was asked for before, and nothing that comes now has to be.
                    let at = self.record.now();
                    let found = self.program.scan(&path)?;
                    self.record.ledger.notice(at, Notice::Inspected(found));
                }
            }
            Deed::CloseInput => {
                self.record.notice(Notice::InputClosed);
                self.mouth.close();
            }
            Deed::CutInput => {
                self.record.notice(Notice::InputCut);
                self.record.notice(Notice::InputClosed);
                self.mouth.say(b"999999 put a/k0 cut-off".to_vec());
                self.mouth.close();
            }
            Deed::CloseOutput => {
                self.record.notice(Notice::OutputClosed);
                self.ears.close();
            }
        }
        Ok(())
    }

    fn signal(&mut self, signal: Signal, target: Target) {
        match (signal, target) {
            (_, Target::Server) => {
                // What it does now is no end that it chose.
                self.record.err();
                self.record.log(&format!("{signal} to the server"));
            }
            (Signal::Kill, _) => self.killed_at = Some(self.record.now()),
            _ => self.record.notice(Notice::Signalled(signal)),
        }
        self.send(signal, target);
    }

    fn send(&self, signal: Signal, target: Target) {
        let Ok(id) = i32::try_from(self.child.id()) else {
            return;
        };
        let pid = match target {
            Target::Process => Some(id),
            Target::Group => Some(-id),
            Target::Server => server_of(id),
        };
        let number = signal::Signal::try_from(signal.number());
        if let (Some(pid), Ok(signal)) = (pid, number) {
            // Nobody has waited for it yet, so that its number is nobody else's. It may have ended.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// Takes note of everything that comes within this time.
    fn listen(&mut self, time: Duration) {
        let stopwatch = Stopwatch::start();
        while !self.is_gone {
            let left = time.saturating_sub(stopwatch.elapsed());
            match self.ears.heard.recv_timeout(left) {
                Ok(Heard::Line(line)) => {
                    self.is_ready = true;
                    self.record.hear(&line);
                }
                Ok(Heard::Note(text)) => self.record.log(&format!("! {text}")),
                Ok(Heard::Gone) => self.is_gone = true,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn wait_for_end(mut self) -> anyhow::Result<Ended> {
        let stopwatch = Stopwatch::start();
        while !self.is_gone && stopwatch.elapsed() < HANG {
            self.listen(Duration::from_millis(50));
        }
        let hangs = !self.is_gone;
        let mut at = self.record.now();
        if hangs {
            self.record.log("it does not end, and is killed");
            self.send(Signal::Kill, Target::Group);
        }
        let status = self
            .child
            .wait()
            .context("cannot learn how a process ended")?;
        // What it said before is still in the pipe.
        while let Ok(heard) = self.ears.heard.recv_timeout(Duration::from_millis(20)) {
            if let Heard::Line(line) = heard {
                self.record.hear(&line);
                at = Moment {
                    event: self.record.now().event,
                    now: at.now,
                };
            }
        }
        self.record.log(&format!("{status}"));
        let end = match (hangs, self.killed_at, status.code(), status.signal()) {
            (true, ..) => End::Running,
            (_, Some(killed), None, Some(9)) => {
                at.now = killed.now;
                End::Killed
            }
            (_, _, Some(code), _) => End::Exited(ExitStatus::Code(code)),
            (_, _, None, number) => End::Exited(ExitStatus::Signal(number.unwrap_or_default())),
        };
        Ok(self.record.end((at, end)))
    }
}

/// The child of a process, if it has one.
fn server_of(id: i32) -> Option<i32> {
    let children = format!("/proc/{id}/task/{id}/children");
    let children = std::fs::read_to_string(children).ok()?;
    children.split_whitespace().next()?.parse().ok()
}
