//! Processes of the program.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A directory with a store in it, in one of the ways that there are.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    options: &'static [&'static str],
}

/// The ways to keep a store in memory.
pub(crate) const IN_MEMORY: [&[&str]; 2] = [
    &["--engine=native", "--in-memory"],
    &["--engine=sqlite", "--in-memory", "--snapshot-keep=2"],
];

/// The ways to keep it on disk.
pub(crate) const ON_DISK: [&[&str]; 2] = [&["--engine=native"], &["--engine=sqlite"]];

impl Place {
    pub(crate) fn new(options: &'static [&'static str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        Self { dir, options }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("sub/store")
    }

    /// A command on the store, with its options where it takes them.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let (name, rest) = words.split_first().expect("a command");
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll-store"));
        command
            .arg(name)
            .arg(format!("--path={}", self.path().display()));
        if !["get", "scan", "check"].contains(name) {
            command.args(self.options);
        }
        command.args(rest);
        command
    }

    /// Runs a command to its end, with this as its input.
    pub(crate) fn run_with(&self, input: &str, words: &[&str]) -> Done {
        let mut child = piped(&mut self.command(words));
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that reads no input may have ended.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        Done::of(child.wait_with_output().expect("it ends"))
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Done {
        self.run_with("", words)
    }

    /// Runs a command that reads, on another path than that of the store.
    pub(crate) fn run_at(&self, path: &Path, word: &str) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll-store"));
        command.arg(word).arg(format!("--path={}", path.display()));
        Done::of(command.output().expect("it ends"))
    }

    /// What another process reads: `key value` lines.
    pub(crate) fn scan(&self) -> String {
        let done = self.run(&["scan"]);
        assert_eq!(done.code, 0, "{done:?}");
        done.stdout
    }

    /// Starts a command in a group of its own.
    pub(crate) fn start(&self, words: &[&str]) -> Running {
        let mut child = piped(self.command(words).process_group(0));
        let stdout = child.stdout.take().expect("a pipe");
        Running {
            lines: BufReader::new(stdout),
            child,
        }
    }
}

fn piped(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self {
            code: output.status.code().expect("it ended by itself"),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

/// A command that runs.
pub(crate) struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Running {
    /// The next line that it says, if there is one.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("it can be read");
        line.trim_end().to_owned()
    }

    /// Says something.
    pub(crate) fn say(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().expect("a pipe");
        stdin.write_all(text.as_bytes()).expect("it listens");
    }

    /// Says something, and gives what comes back up to the line that begins with this.
    pub(crate) fn ask(&mut self, text: &str, until: &str) -> String {
        self.say(text);
        loop {
            let line = self.line();
            assert_ne!(line, "", "it ended before `{until}`");
            if line.starts_with(until) {
                return line;
            }
        }
    }

    /// Waits until it has told people this, in a line of its standard error, which is then not in what it said at its [end](Self::end).
    pub(crate) fn told(&mut self, text: &str) {
        let stderr = self.child.stderr.as_mut().expect("a pipe");
        let (mut line, mut byte) = (Vec::new(), [0]);
        while std::io::Read::read(stderr, &mut byte).expect("it can be read") == 1 {
            line.push(byte[0]);
            let said = String::from_utf8_lossy(&line);
            if byte == *b"\n" && said.contains(text) {
                return;
            }
            if byte == *b"\n" {
                line.clear();
            }
        }
        panic!("it never told `{text}`");
    }

    /// Sends a signal to it.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.id(), signal).expect("it runs");
    }

    /// Sends a signal to it and everything it started.
    pub(crate) fn signal_group(&self, signal: Signal) {
        kill(Pid::from_raw(-self.id().as_raw()), signal).expect("it runs");
    }

    /// Kills the server that it started.
    pub(crate) fn kill_server(&self) {
        let id = self.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"))
            .expect("the kernel lists children");
        let server = children.trim().parse().expect("it has one child");
        kill(Pid::from_raw(server), Signal::SIGKILL).expect("it runs");
    }

    fn id(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("numbers are small"))
    }

    pub(crate) fn close_input(&mut self) {
        self.child.stdin = None;
    }

    /// Waits for its end, with the rest of what it says.
    pub(crate) fn end(mut self) -> Done {
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut self.lines, &mut rest).expect("UTF-8");
        let mut output = self.child.wait_with_output().expect("it ends");
        output.stdout = rest.into_bytes();
        Done::of(output)
    }

    /// Ends it at once, and waits until everything it started is gone as well: its standard error is theirs.
    pub(crate) fn kill(mut self) {
        self.signal(Signal::SIGKILL);
        self.close_input();
        self.child.wait_with_output().expect("it ends");
    }
}
