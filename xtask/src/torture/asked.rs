//! What a program says that is asked once and is to end by itself.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::pipes::start;
use crate::stopwatch::Stopwatch;

/// Bytes of each output that are read, and no more: who says more is not waited for.
const SAID_MAX: u64 = 64 << 20;

/// How often somebody looks whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// Runs a program to its end, in a group of its own; nothing where that takes longer than `time`, and then it is killed.
///
/// # Errors
/// It cannot be started.
pub(super) fn asked(mut command: Command, time: Duration) -> io::Result<Option<Output>> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()?;
    // It is kept, so that waiting for what never comes takes its time.
    let (sender, heard) = mpsc::channel();
    let mut outputs = [None, None];
    let stdout = child.stdout.take().map(|output| Box::new(output) as _);
    let stderr = child.stderr.take().map(|output| Box::new(output) as _);
    let streams: [Option<Box<dyn Read + Send>>; 2] = [stdout, stderr];
    for (place, stream) in streams.into_iter().enumerate() {
        let (sender, stream) = (
            sender.clone(),
            stream.unwrap_or_else(|| Box::new(io::empty())),
        );
        start(move || {
            let mut bytes = Vec::new();
            // What was read before an error is all there is.
            let _ = stream.take(SAID_MAX).read_to_end(&mut bytes);
            let _ = sender.send((place, bytes));
        });
    }
    let stopwatch = Stopwatch::start();
    while stopwatch.elapsed() < time {
        if let Ok((place, bytes)) = heard.recv_timeout(LOOK) {
            outputs[place] = Some(bytes);
        }
        if let [Some(stdout), Some(stderr)] = &mut outputs
            && let Some(status) = child.try_wait()?
        {
            let (stdout, stderr) = (std::mem::take(stdout), std::mem::take(stderr));
            return Ok(Some(Output {
                status,
                stdout,
                stderr,
            }));
        }
    }
    if let Ok(id) = i32::try_from(child.id()) {
        // It may have ended just now, which is as good.
        let _ = kill(Pid::from_raw(-id), Signal::SIGKILL);
    }
    child.wait()?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn all_of_it_is_heard() {
        let output = asked(shell("seq 1 20000; echo no >&2; exit 3"), LONG);
        let output = output.expect("there is a shell").expect("it ends");
        assert_eq!(output.status.code(), Some(3));
        assert!(output.stdout.ends_with(b"\n20000\n"));
        assert_eq!(output.stderr, b"no\n");
    }

    #[test]
    fn who_does_not_end_is_killed() {
        let output = asked(shell("sleep 600"), Duration::ZERO);
        assert!(output.expect("there is a shell").is_none());
    }

    #[test]
    fn who_never_stops_talking_is_cut_off() {
        let output = asked(shell("yes"), LONG);
        let output = output.expect("there is a shell").expect("nobody listens");
        assert_eq!(output.stdout.len() as u64, SAID_MAX);
    }
}
