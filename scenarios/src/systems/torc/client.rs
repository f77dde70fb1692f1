//! The client.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_reference::host::{Host, Lines, Output, Program, Signal, write_all};
use plimsoll_reference::level::Level;
use plimsoll_reference::service::protocol::{Answer, Command, Outcome, Request};
use plimsoll_sim::trial::history::{Found, Pairs};
use tokio::sync::watch;

use super::bug::Bug;
use super::inbox::Inbox;
use super::keeper::Keeper;
use super::lock::Lock;
use super::options::{EMPTY, Options, SERVER};
use super::out::Out;
use super::signals::Endings;
use super::snapshot;

/// A client with its server.
pub(super) struct Client {
    pub(super) host: Host,
    pub(super) options: Options,
    pub(super) out: Out,
    pub(super) inbox: Arc<Inbox>,
    pub(super) server: Keeper,
    pub(super) stdin: Box<dyn Output>,
    /// True when the periodic snapshots are to end.
    pub(super) stop: watch::Sender<bool>,
}

/// Runs a client to its end, and returns its exit code.
pub(super) async fn main(host: Host, options: Options) -> i32 {
    let out = Out::start(&host, host.process.stdout());
    let code = match command(&host, options, &out).await {
        Ok(code) => code,
        Err(error) => {
            let message = error.to_string();
            out.line(Answer::EndFailed { message });
            1
        }
    };
    out.flush().await;
    code
}

async fn command(host: &Host, options: Options, out: &Out) -> io::Result<i32> {
    let mut endings = if options.has_mended(Bug::R3) {
        Endings::catch(host)?
    } else {
        Endings::default()
    };
    let _lock = if options.has_mended(Bug::R6) {
        Some(Lock::of_clients(host).await?)
    } else {
        None
    };
    let mut lines = Lines::new(host.process.stdin());
    let mut first = None;
    let mut arguments = Vec::new();
    if options.by_command {
        ready(host, out);
        let Some(line) = next(&mut lines, &mut endings).await else {
            return Ok(0);
        };
        if only_reads(&line) {
            if options.has_mended(Bug::H14) {
                return read_only(host, out, line, lines, endings).await;
            }
            arguments.push(EMPTY.to_owned());
        }
        first = Some(line);
    }
    let mut client = Client::start(host, options, out, arguments).await?;
    if !options.by_command {
        ready(host, out);
    }
    client.listen(first, &mut lines, &mut endings).await;
    // Signals stay caught to the end: they ask for what is being done.
    Ok(client.finish().await)
}

fn ready(host: &Host, out: &Out) {
    out.line(Answer::Ready {
        pid: host.process.id(),
        sequence: 0,
    });
}

/// The next line of text; none when there is no more, or a signal asks for the end.
async fn next(lines: &mut Lines, endings: &mut Endings) -> Option<String> {
    loop {
        let line = tokio::select! {
            biased;
            () = endings.next() => return None,
            line = lines.next() => line,
        };
        match line {
            Ok(line) => return line,
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {}
            Err(_) => return None,
        }
    }
}

fn only_reads(line: &str) -> bool {
    let command = line.parse().map(|request: Request| request.command);
    matches!(command, Ok(Command::Get(_) | Command::Scan))
}

/// A command that only reads: it looks at what is on disk, and leaves it as it is.
async fn read_only(
    host: &Host,
    out: &Out,
    first: String,
    mut lines: Lines,
    mut endings: Endings,
) -> io::Result<i32> {
    let fs = Arc::clone(&host.fs);
    let found = host.blocking(move || snapshot::read(&*fs)).await;
    let pairs = match found.map_err(io::Error::other)? {
        Found::Store(pairs) => pairs,
        Found::Nothing => Pairs::new(),
        Found::Unreadable(message) => return Err(io::Error::other(message)),
    };
    let mut line = Some(first);
    while let Some(read) = line {
        match read.parse() {
            Ok(Request {
                command: Command::Close,
                ..
            }) => break,
            Ok(request) => look(out, &pairs, request),
            Err(_) => {}
        }
        line = next(&mut lines, &mut endings).await;
    }
    out.line(Answer::End {
        sequence: 0,
        level: Level::Power,
    });
    Ok(0)
}

fn look(out: &Out, pairs: &Pairs, Request { id, command }: Request) {
    match command {
        Command::Get(key) => out.line(match pairs.get(&key).cloned() {
            Some(value) => Answer::Value { id, value },
            None => Answer::Absent { id },
        }),
        Command::Scan => {
            for (key, value) in pairs.clone() {
                out.line(Answer::Key { id, key, value });
            }
            out.line(Answer::Scanned {
                id,
                count: pairs.len() as u64,
                sequence: 0,
            });
        }
        _ => out.line(Answer::Failed {
            id,
            outcome: Outcome::Unsupported,
            message: "this command only reads".to_owned(),
        }),
    }
}

impl Client {
    /// Starts the server, and waits until it is ready.
    async fn start(
        host: &Host,
        options: Options,
        out: &Out,
        arguments: Vec<String>,
    ) -> io::Result<Self> {
        let mut child = host.process.start(&Program {
            path: PathBuf::from(SERVER),
            arguments,
        })?;
        let (Some(stdin), Some(stdout)) = (child.take_stdin(), child.take_stdout()) else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        let inbox = Inbox::new(out, options);
        let number = child.id();
        drop(host.spawn("server output", Arc::clone(&inbox).read(stdout)));
        let client = Self {
            host: host.clone(),
            options,
            out: out.clone(),
            server: Keeper::start(host, child),
            stdin,
            stop: watch::Sender::new(false),
            inbox,
        };
        client.inbox.until(|heard| heard.is_ready).await;
        if !client.inbox.heard().is_ready {
            return Err(io::Error::other("the server did not start"));
        }
        client.start_periodic(number);
        Ok(client)
    }

    /// Starts the task that asks for periodic snapshots of the server, which had this number when it was started.
    fn start_periodic(&self, number: u32) {
        let Some(period) = self.options.period() else {
            return;
        };
        let (host, server) = (self.host.clone(), self.server.clone());
        let by_number = !self.options.has_mended(Bug::R21);
        let mut stop = self.stop.subscribe();
        let task = async move {
            loop {
                tokio::select! {
                    biased;
                    _ = stop.wait_for(|&is_told| is_told) => return,
                    () = host.sleep(period) => {
                        if !by_number {
                            server.signal(Signal::Usr1);
                        } else if host.process.signal(number, Signal::Usr1).is_err() {
                            // There is a warning, and no further snapshot.
                            return;
                        }
                    }
                }
            }
        };
        drop(self.host.spawn("periodic", task));
    }

    /// Passes requests on, until the command is done, or the server is gone and it does not linger.
    async fn listen(&mut self, first: Option<String>, lines: &mut Lines, endings: &mut Endings) {
        let inbox = Arc::clone(&self.inbox);
        let lingers = self.options.lingers;
        let mut line = first;
        loop {
            if let Some(line) = line {
                match line.parse() {
                    Ok(Request {
                        id,
                        command: Command::Close,
                    }) => return self.close(id),
                    Ok(Request {
                        id,
                        command: Command::Snapshot,
                    }) if !self.options.has_mended(Bug::R18) => {
                        self.inbox.wait(id);
                        self.server.signal(Signal::Usr1);
                    }
                    Ok(Request { id, .. }) if self.inbox.heard().is_gone => {
                        self.inbox.fail(id, Outcome::Absent);
                    }
                    request => {
                        let id = request.ok().map(|request| request.id);
                        self.forward(id, &line).await;
                    }
                }
            }
            line = tokio::select! {
                biased;
                () = inbox.until(|_| false), if !lingers => return,
                line = next(lines, endings) => line,
            };
            if line.is_none() {
                return;
            }
        }
    }

    fn close(&self, id: u64) {
        self.out.line(Answer::Done {
            id,
            level: Level::Memory,
            sequence: self.inbox.heard().acknowledged,
            path: None,
        });
    }

    async fn forward(&mut self, id: Option<u64>, line: &str) {
        self.inbox.forward(id);
        let line = format!("{line}\n");
        // It fails when the server is gone, which is seen next.
        let _ = write_all(&mut *self.stdin, line.as_bytes()).await;
    }
}
