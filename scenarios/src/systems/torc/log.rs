//! What a server writes for people, into a pipe to whoever keeps logs.

use plimsoll_reference::host::{Host, Output, Program, write_all};
use tokio::sync::{Mutex, mpsc};

use super::options::LOG;

/// Bytes of a line: requests come with headers, and the log has them.
const LINE_BYTES: usize = 1000;

/// Lines that may wait; what comes beyond is dropped.
const LINES_MAX: usize = 64;

/// The way to the log.
pub(super) enum Log {
    /// Whoever has something to say waits until there is room in the pipe.
    Waited(Mutex<Box<dyn Output>>),
    /// A task writes.
    Queued(mpsc::Sender<String>),
}

impl Log {
    /// Starts whoever keeps the log, as a shell does that is told to pass an output on.
    pub(super) fn start(host: &Host, is_waited_for: bool) -> std::io::Result<Self> {
        let mut child = host.process.start(&Program::new(LOG))?;
        let pipe = child.take_stdin().ok_or(std::io::ErrorKind::BrokenPipe)?;
        if is_waited_for {
            return Ok(Self::Waited(Mutex::new(pipe)));
        }
        let (queue, lines) = mpsc::channel(LINES_MAX);
        drop(host.spawn("log", write(lines, pipe)));
        Ok(Self::Queued(queue))
    }

    pub(super) async fn line(&self, text: &str) {
        let line = format!("{text:.<width$}\n", width = LINE_BYTES - 1);
        match self {
            Self::Waited(pipe) => {
                let mut pipe = pipe.lock().await;
                // Whoever keeps it may be gone.
                let _ = write_all(&mut **pipe, line.as_bytes()).await;
            }
            Self::Queued(queue) => {
                // It is for people, who miss a line rather than an answer.
                let _ = queue.try_send(line);
            }
        }
    }
}

async fn write(mut lines: mpsc::Receiver<String>, mut pipe: Box<dyn Output>) {
    while let Some(line) = lines.recv().await {
        if write_all(&mut *pipe, line.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Whoever keeps the log: reads all that there is.
pub(super) async fn main(host: Host) -> i32 {
    let mut stdin = host.process.stdin();
    let mut buf = vec![0; 4096];
    loop {
        match stdin.read(&mut buf).await {
            Ok(0) => return 0,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return 1,
        }
    }
}
