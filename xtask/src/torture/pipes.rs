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
    /// It is gone, with everything it started.
    Gone,
}

/// How often a reader looks whether it is still to read, in milliseconds.
const LOOK_MS: u8 = 5;

/// What a process says. Its output is read only while it is not [deaf](Self::set_deaf) and not closed.
pub(super) struct Ears {
    pub(super) heard: Receiver<Heard>,
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
        start(move || {
            // What is no UTF-8 ends the notes, and everything that comes behind it is of no use.
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(Heard::Note(line));
            }
            let _ = sender.send(Heard::Gone);
        });
        Self {
            heard,
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
    /// Cuts the output into lines. A last one without an end is none: who wrote it was cut off.
    fn run(mut self) {
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
fn start(work: impl FnOnce() + Send + 'static) {
    thread::spawn(work);
}
