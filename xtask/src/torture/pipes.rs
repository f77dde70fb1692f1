//! The standard streams of a process, each with a thread of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Something that came from a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A whole line of its output.
    Line(String),
    /// A line for people.
    Note(String),
    /// One of its two outputs is over: whoever had it is gone, or let go of it, or it is not read any longer.
    Over,
}

/// How many outputs a process has.
pub(super) const OUTPUTS: u8 = 2;

/// How often a reader looks whether it is still to read, in milliseconds.
const LOOK_MS: u8 = 5;

/// What a process says. Its output is read only while it is not [deaf](Self::set_deaf) and not closed.
pub(super) struct Ears {
    pub(super) heard: Receiver<Heard>,
    /// Whoever waits for more than there will ever be waits all of its time, as for anything else.
    _sender: Sender<Heard>,
    is_deaf: Arc<AtomicBool>,
    is_closed: Arc<AtomicBool>,
}

impl Ears {
    pub(super) fn of(stdout: ChildStdout, stderr: ChildStderr) -> Self {
        let (sender, heard) = channel();
        let (is_deaf, is_closed) = (Arc::default(), Arc::default());
        let reader = Reader {
            stdout,
            is_deaf: Arc::clone(&is_deaf),
            is_closed: Arc::clone(&is_closed),
            heard: sender.clone(),
        };
        start(move || reader.run());
        let notes = sender.clone();
        start(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                let _ = notes.send(Heard::Note(line));
            }
            let _ = notes.send(Heard::Over);
        });
        Self {
            heard,
            _sender: sender,
            is_deaf,
            is_closed,
        }
    }

    pub(super) fn set_deaf(&self, is_deaf: bool) {
        self.is_deaf.store(is_deaf, Ordering::Relaxed);
    }

    /// Closes the output.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }
}

struct Reader {
    stdout: ChildStdout,
    is_deaf: Arc<AtomicBool>,
    is_closed: Arc<AtomicBool>,
    heard: Sender<Heard>,
}

impl Reader {
    fn run(mut self) {
        self.read();
        // The output is closed first.
        let heard = self.heard;
        drop(self.stdout);
        let _ = heard.send(Heard::Over);
    }

    /// Cuts the output into lines. A last one without an end is none: who wrote it was cut off.
    fn read(&mut self) {
        let mut taken: Vec<u8> = Vec::new();
        let mut buf = [0; 4096];
        while !self.is_closed.load(Ordering::Relaxed) {
            if !self.is_ready() {
                continue;
            }
            let count = match self.stdout.read(&mut buf) {
                Ok(0) | Err(_) => return,
                Ok(count) => count,
            };
            taken.extend_from_slice(&buf[..count]);
            while let Some(end) = taken.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = taken.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line[..end]).into_owned();
                let _ = self.heard.send(Heard::Line(line));
            }
        }
    }

    /// Waits a little, and says whether there is something to read.
    fn is_ready(&self) -> bool {
        let mut fds = [PollFd::new(self.stdout.as_fd(), PollFlags::POLLIN)];
        let fds = match self.is_deaf.load(Ordering::Relaxed) {
            true => &mut fds[..0],
            false => &mut fds[..],
        };
        matches!(poll(fds, PollTimeout::from(LOOK_MS)), Ok(count) if count > 0)
    }
}

/// What a process is told. Nothing here waits for it to listen.
pub(super) struct Mouth(Option<Sender<Vec<u8>>>);

impl Mouth {
    pub(super) fn of(mut stdin: ChildStdin) -> Self {
        let (sender, receiver) = channel::<Vec<u8>>();
        start(move || {
            for bytes in receiver {
                // A process that has ended does not listen.
                if stdin.write_all(&bytes).is_err() {
                    return;
                }
            }
        });
        Self(Some(sender))
    }

    pub(super) fn say(&self, bytes: Vec<u8>) {
        if let Some(sender) = &self.0 {
            let _ = sender.send(bytes);
        }
    }

    /// Ends the input, behind everything that was said.
    pub(super) fn close(&mut self) {
        self.0 = None;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "only xtask starts threads: a process is real, and waits for nobody"
)]
pub(super) fn start(work: impl FnOnce() + Send + 'static) {
    thread::spawn(work);
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_no_text_ends_nothing_and_everything_is_heard_before_the_end() {
        let script = "printf 'a\\377\\n' >&2; exec 2>&-; seq 1 20000";
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let stdout = child.stdout.take().expect("a pipe");
        let ears = Ears::of(stdout, child.stderr.take().expect("a pipe"));
        let (mut open, mut lines, mut notes) = (OUTPUTS, 0, Vec::new());
        while open > 0 {
            let heard = ears.heard.recv_timeout(Duration::from_secs(60));
            match heard.expect("it is over soon") {
                Heard::Line(_) => lines += 1,
                Heard::Note(text) => notes.push(text),
                Heard::Over => open -= 1,
            }
        }
        assert_eq!(lines, 20_000);
        assert_eq!(notes, ["a\u{fffd}"]);
        child.wait().expect("it ends");
    }
}
