//! What the bodies share: the stage, and short forms of the operations.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;
use plimsoll_reference::host::{
    Child, ExitStatus, Host, Input, Output, Program, Signal, timeout, write_all,
};

/// Long enough for anything that happens at all to have happened.
pub(crate) const SOON: Duration = Duration::from_millis(100);

/// What a child does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    /// Ends at once, with this code.
    Exit(i32),
    /// Writes what it reads, to the end.
    Echo,
    /// Neither reads nor ends.
    Stall,
    /// Writes this many bytes and ends.
    Flood(usize),
    /// Says `ready`, ignores `SIGTERM`, and ends with code 7 at the end of its input.
    Shield,
}

/// What a body has.
pub(crate) struct Stage {
    pub(crate) host: Host,
    program: fn(Role) -> Program,
    raise: fn(Signal),
}

impl Stage {
    pub(crate) fn start(&self, role: Role) -> Box<dyn Child> {
        let program = (self.program)(role);
        self.host
            .process
            .start(&program)
            .expect("it can be started")
    }

    /// Starts it and takes its pipes.
    pub(crate) fn piped(&self, role: Role) -> (Box<dyn Child>, Box<dyn Output>, Box<dyn Input>) {
        let mut child = self.start(role);
        let stdin = child.take_stdin().expect("the first time");
        let stdout = child.take_stdout().expect("the first time");
        (child, stdin, stdout)
    }

    /// Sends a signal to this process. It has arrived, or waits because it is blocked, when this returns.
    pub(crate) fn raise(&self, signal: Signal) {
        (self.raise)(signal);
    }

    /// What a future gives soon, if it does.
    pub(crate) async fn soon<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        timeout(&self.host, SOON, future).await
    }
}

/// Runs a body on the process of this test.
pub(crate) fn on_real<F: Future<Output = ()>>(body: impl FnOnce(Stage) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let stage = Stage {
        host: Host::real_process(),
        program: with_shell,
        raise: raise_here,
    };
    runtime.block_on(body(stage));
}

fn with_shell(role: Role) -> Program {
    let script = match role {
        Role::Exit(code) => format!("exit {code}"),
        Role::Echo => "exec cat".to_owned(),
        Role::Stall => "exec sleep 60".to_owned(),
        Role::Flood(bytes) => format!("exec head -c {bytes} /dev/zero"),
        Role::Shield => "trap '' TERM; echo ready; cat >/dev/null; exit 7".to_owned(),
    };
    Program {
        path: PathBuf::from("/bin/sh"),
        arguments: vec!["-c".to_owned(), script],
    }
}

/// To this thread, so that it waits where this thread has it blocked: test runners have others.
fn raise_here(signal: Signal) {
    let signal = nix::sys::signal::Signal::try_from(signal.number()).expect("it is one");
    nix::sys::signal::raise(signal).expect("it can be sent");
}

/// Fails unless the result is this error.
#[track_caller]
pub(crate) fn fails<T>(result: io::Result<T>, errno: Errno) {
    let error = result.err().map(|error| error.raw_os_error());
    assert_eq!(error, Some(Some(errno as i32)), "{errno} is expected");
}

/// Writes all of a text.
pub(crate) async fn send(output: &mut dyn Output, text: &str) {
    write_all(output, text.as_bytes())
        .await
        .expect("it is read");
}

/// Reads this many bytes, or to the end.
pub(crate) async fn receive(input: &mut dyn Input, len: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buf = [0; 1000];
    while bytes.len() < len {
        let want = buf.len().min(len - bytes.len());
        match input.read(&mut buf[..want]).await.expect("it can be read") {
            0 => break,
            count => bytes.extend_from_slice(&buf[..count]),
        }
    }
    bytes
}

/// Waits for the end of a child.
pub(crate) async fn wait(child: &mut dyn Child) -> ExitStatus {
    child.wait().await.expect("it is a child")
}
