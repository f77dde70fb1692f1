//! One life of a process, from its start until it is gone.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, ExitStatus as Status, Stdio};
use std::time::Duration;

use anyhow::Context;
use nix::sys::signal::{self, kill};
use nix::unistd::Pid;
use plimsoll_reference::host::{ExitStatus, Signal};
use plimsoll_sim::trial::history::{End, Moment, Notice, Pairs};

use super::deed::{Deed, Target, Words};
use super::mode::Mode;
use super::pipes::{Ears, Heard, Mouth, OUTPUTS};
use super::plan::Plan;
use super::program::Program;
use super::record::{Ended, Record};
use crate::stopwatch::Stopwatch;

/// How long a process that was asked to end may take before it is killed, and said to hang.
const HANG: Duration = Duration::from_secs(60);

/// How long what a process said is waited for once it was killed for that.
const REST: Duration = Duration::from_secs(1);

/// How often somebody looks whether a process has ended that says nothing any more.
const LOOK: Duration = Duration::from_millis(20);

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
    /// Of its outputs, those that are not over. It and its children have the same ones.
    outputs: u8,
    hang: Duration,
    /// When it was killed at once, and the server that it had then.
    killed_at: Option<Moment>,
    server: Option<i32>,
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
            outputs: OUTPUTS,
            hang: HANG,
            killed_at: None,
            server: None,
        })
    }

    /// Does everything, waits until it is gone, and tells what happened.
    pub(super) fn live(mut self, plan: &Plan) -> anyhow::Result<Ended> {
        if plan.waits_until_ready {
            let stopwatch = Stopwatch::start();
            while !self.is_ready && self.outputs > 0 && stopwatch.elapsed() < READY {
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
            (Signal::Kill, _) => {
                self.server = self.server();
                self.killed_at = Some(self.record.now());
            }
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
            Target::Server => self.server(),
        };
        let number = signal::Signal::try_from(signal.number());
        if let (Some(pid), Ok(signal)) = (pid, number) {
            // Nobody has waited for it yet, so that its number is nobody else's. It may have ended.
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }

    /// The server that it started, if it runs.
    fn server(&self) -> Option<i32> {
        let last = self.server.filter(|&id| works_in(id, self.dir));
        let id = i32::try_from(self.child.id()).ok()?;
        server_of(id).or(last)
    }

    /// Takes note of everything that comes within this time.
    fn listen(&mut self, time: Duration) {
        let stopwatch = Stopwatch::start();
        while self.outputs > 0 {
            let left = time.saturating_sub(stopwatch.elapsed());
            match self.ears.heard.recv_timeout(left) {
                Ok(Heard::Line(line)) => {
                    self.is_ready = true;
                    self.record.hear(&line);
                }
                Ok(Heard::Note(text)) => self.record.log(&format!("! {text}")),
                Ok(Heard::Over) => self.outputs -= 1,
                Err(_) => return,
            }
        }
    }

    /// Waits until it has ended and all that it said was heard; or for too long. Its number is its own until then.
    fn wait_until_gone(&mut self) -> anyhow::Result<Option<Status>> {
        let stopwatch = Stopwatch::start();
        while stopwatch.elapsed() < self.hang {
            self.listen(Duration::from_millis(50));
            if self.outputs == 0 {
                if let Some(status) = self.child.try_wait().context(UNKNOWN_END)? {
                    return Ok(Some(status));
                }
                // Nothing comes any more; this only lets time pass.
                let _ = self.ears.heard.recv_timeout(LOOK);
            }
        }
        Ok(None)
    }

    /// Ends it at once, with its server, and hears what they said before.
    fn end_at_once(&mut self) -> anyhow::Result<Status> {
        for target in [Target::Server, Target::Group] {
            self.send(Signal::Kill, target);
        }
        let status = self.child.wait().context(UNKNOWN_END)?;
        self.listen(REST);
        Ok(status)
    }

    fn wait_for_end(mut self) -> anyhow::Result<Ended> {
        let gone = self.wait_until_gone()?;
        let (hangs, now) = (gone.is_none(), self.record.now().now);
        let status = match gone {
            Some(status) => status,
            None => {
                self.record.log("it does not end, and is killed");
                self.end_at_once()?
            }
        };
        let mut at = Moment {
            now,
            ..self.record.now()
        };
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

/// What is wrong where the operating system does not say how a child ended.
const UNKNOWN_END: &str = "cannot learn how a process ended";

/// Whether a process was started for a directory: its number may be another's by now.
fn works_in(id: i32, dir: &Path) -> bool {
    let dir = dir.as_os_str().as_encoded_bytes();
    let words = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    words.windows(dir.len()).any(|part| part == dir)
}

/// The child of a process, if it has one.
fn server_of(id: i32) -> Option<i32> {
    let children = format!("/proc/{id}/task/{id}/children");
    let children = std::fs::read_to_string(children).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// The life of a program in the words of a shell to which nothing is done but that its input ends.
    fn live(text: &str, hang: Duration) -> Ended {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("program.sh");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("it is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is made one");
        let program = Program::at(&path).expect("it is there");
        let mode = Mode::other(false, false);
        let plan = Plan {
            with_interval: false,
            waits_until_ready: true,
            deeds: vec![Deed::CloseInput],
        };
        let mut living = Living::start(&program, &mode, dir.path(), &plan, Pairs::new())
            .expect("it can be started");
        living.hang = hang;
        living.live(&plan).expect("it ends")
    }

    fn was_ready(ended: &Ended) -> bool {
        let mut notices = ended.life.notices.iter();
        notices.any(|(_, notice)| *notice == Notice::Ready)
    }

    #[test]
    fn who_says_nothing_any_more_is_waited_for_and_not_for_ever() {
        let second = Duration::from_secs(1);
        let mute = "exec 2>&- ; echo ready 1 0; exec >&-";
        let ended = live(&format!("{mute}; read line; exit 4"), 60 * second);
        assert_eq!(ended.life.end.1, End::Exited(ExitStatus::Code(4)));
        assert!(was_ready(&ended));
        let ended = live(&format!("{mute}; exec sleep 600"), Duration::ZERO);
        assert_eq!(ended.life.end.1, End::Running);
        assert!(was_ready(&ended));
    }

    #[test]
    fn only_who_works_in_a_directory_is_taken_for_its_server() {
        let id = i32::try_from(std::process::id()).expect("numbers are small");
        assert!(!works_in(id, Path::new("/no/such/directory")));
        let own = std::env::args().next().expect("a name");
        assert!(works_in(id, Path::new(&own)));
    }
}
