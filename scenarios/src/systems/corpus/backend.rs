//! Greenplum: a backend with one thread, whose handlers do what is to be done, and a sender that keeps a standby up to date.
//!
//! A commit is in the log of the backend first, and then waits until the standby has it. The sender says so in memory that both see, which
//! is a file here, and by `SIGUSR1`, whose handler sets the latch that the backend waits for. Who is asked to end while it waits for requests
//! ends right there, in the handler of that signal: it commits the removal of its temporary tables first. When that handler runs inside the
//! other one, the wake-up that it waits for is blocked until the other one returns. Where that one has come to say that it runs, the wait
//! is left out; where it was only just entered, it is not, and never ends.
//!
//! Other backends tell what they have to tell by `SIGUSR1`, too; the sender does so for them.
//!
//! **Not modelled**: a standby that falls behind, sessions, temporary tables. `SIGINT` does what `SIGTERM` does.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_reference::host::{Handler, Host, Lines, Output, Program, Signal, write_all};
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{Answer, Command, Outcome, Request};
use plimsoll_sim::trial::history::Pairs;
use tokio::sync::Notify;

use super::bug::Bug;
use super::dictionary::apply;
use super::record::{self, Found};
use crate::specimens::mends::Mends;
use crate::systems::edge::take;

/// Names of the programs.
pub(super) const BACKEND: &str = "gpdb";
pub(super) const SENDER: &str = "gpdb-sender";

/// The log.
const FILE: &str = "pg_wal";

/// When other backends have something to tell about a commit.
const CATCH_UP: Duration = Duration::from_millis(1);

/// What the end removes.
const TEMPORARY: &[u8] = b"temporary";

/// What the log holds; nothing when there is none.
pub(super) fn read(fs: &dyn FsOps) -> io::Result<Option<Pairs>> {
    record::replay(fs, FILE)
}

/// The log, open for appending.
struct Log {
    file: Box<dyn FsFile>,
    end: u64,
}

impl Log {
    fn open(fs: &dyn FsOps) -> io::Result<(Self, Pairs)> {
        let file = fs.open(Path::new(FILE), OpenOptions::read_write().create())?;
        let Found { pairs, len } = Found::of(&read_to_end(&*file)?);
        file.set_len(len)?;
        file.sync_all()?;
        fs.sync_dir(Path::new(""))?;
        Ok((Self { file, end: len }, pairs))
    }

    fn append(&mut self, mutations: &[Mutation]) -> io::Result<()> {
        let bytes = record::encode(mutations);
        write_all_at(&*self.file, &bytes, self.end)?;
        self.end += bytes.len() as u64;
        self.file.sync_data()
    }
}

/// Where code of the backend runs: all of it has one thread, and what blocks there cannot be a job in a handler.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Main,
    Handler,
}

/// What the main code and the handlers share.
struct Backend {
    host: Host,
    log: Mutex<Option<Log>>,
    sender: tokio::sync::Mutex<Option<Box<dyn Output>>>,
    latch: Notify,
    /// Whether it waits for requests.
    is_idle: AtomicBool,
    is_asked_to_end: AtomicBool,
    /// Whether the handler of `SIGUSR1` has said that it runs.
    is_waking: AtomicBool,
    /// Commits of this process.
    commits: AtomicU64,
    /// Writes of this process.
    writes: AtomicU64,
}

/// Serves until it is asked to end, and returns the exit code.
pub(super) async fn main(host: Host, mends: Mends<Bug>) -> i32 {
    let backend = Arc::new(Backend {
        log: Mutex::default(),
        sender: tokio::sync::Mutex::default(),
        latch: Notify::new(),
        is_idle: AtomicBool::new(false),
        is_asked_to_end: AtomicBool::new(false),
        is_waking: AtomicBool::new(false),
        commits: AtomicU64::new(0),
        writes: AtomicU64::new(0),
        host,
    });
    match serve(&backend, mends).await {
        Ok(()) => 0,
        Err(error) => {
            let message = error.to_string();
            // There is nobody else to tell.
            let _ = backend.say(&Answer::EndFailed { message }).await;
            1
        }
    }
}

/// Has signals handled.
fn handle(backend: &Arc<Backend>, mends: Mends<Bug>) -> io::Result<()> {
    let of = Arc::downgrade(backend);
    let wake = Handler::new(move || {
        let backend = of.upgrade();
        async move {
            if let Some(backend) = backend {
                backend.wake();
            }
        }
    });
    let wake = if mends.has(Bug::S71) {
        wake.blocking(&[Signal::Term, Signal::Int])
    } else {
        wake
    };
    let process = &backend.host.process;
    process.handle(Signal::Usr1, wake)?;
    for signal in [Signal::Term, Signal::Int] {
        let of = Arc::downgrade(backend);
        let die = Handler::new(move || {
            let backend = of.upgrade();
            async move {
                if let Some(backend) = backend {
                    backend.die().await;
                }
            }
        });
        process.handle(signal, die)?;
    }
    Ok(())
}

async fn serve(backend: &Arc<Backend>, mends: Mends<Bug>) -> io::Result<()> {
    handle(backend, mends)?;
    let host = &backend.host;
    let fs = Arc::clone(&host.fs);
    let opened = host.blocking(move || Log::open(&*fs)).await;
    let (log, mut pairs) = opened.map_err(io::Error::other)??;
    *backend.log.lock().unwrap_or_else(PoisonError::into_inner) = Some(log);
    let program = Program {
        path: SENDER.into(),
        arguments: vec![host.process.id().to_string()],
    };
    let mut sender = host.process.start(&program)?;
    *backend.sender.lock().await = sender.take_stdin();
    let (pid, sequence) = (host.process.id(), 0);
    backend.say(&Answer::Ready { pid, sequence }).await?;
    let mut lines = Lines::new(host.process.stdin());
    while !backend.is_asked_to_end.load(Ordering::Relaxed) {
        backend.is_idle.store(true, Ordering::Relaxed);
        let line = lines.next().await;
        backend.is_idle.store(false, Ordering::Relaxed);
        let request = match line {
            Ok(Some(line)) => line.parse::<Request>(),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => continue,
            Ok(None) | Err(_) => break,
        };
        match request {
            Ok(Request {
                id,
                command: Command::Close,
            }) => return backend.end(Place::Main, Some(id)).await,
            Ok(request) => backend.answer(&mut pairs, request).await?,
            Err(error) => backend.refuse(error.id, error.reason).await?,
        }
    }
    backend.end(Place::Main, None).await
}

impl Backend {
    /// The handler of `SIGUSR1`.
    fn wake(&self) {
        self.is_waking.store(true, Ordering::Relaxed);
        // What it is about is said in the memory that both see.
        let _ = self
            .host
            .fs
            .metadata(shared(self.host.process.id()).as_ref());
        self.latch.notify_one();
        self.is_waking.store(false, Ordering::Relaxed);
    }

    /// The handler of signals that ask for the end.
    async fn die(&self) {
        self.is_asked_to_end.store(true, Ordering::Relaxed);
        if !self.is_idle.swap(false, Ordering::Relaxed) {
            return;
        }
        let ended = self.end(Place::Handler, None).await;
        let code = i32::from(ended.is_err());
        match self.host.process.exit(code).await {}
    }

    async fn say(&self, answer: &Answer) -> io::Result<()> {
        let line = format!("{answer}\n");
        write_all(&mut *self.host.process.stdout(), line.as_bytes()).await
    }

    async fn refuse(&self, id: u64, message: String) -> io::Result<()> {
        let outcome = Outcome::Absent;
        self.say(&Answer::Failed {
            id,
            outcome,
            message,
        })
        .await
    }

    async fn answer(&self, pairs: &mut Pairs, request: Request) -> io::Result<()> {
        let Request { id, command } = request;
        let mutations = match command {
            Command::Write(mutation) => vec![mutation],
            Command::Batch(mutations) => mutations,
            Command::Get(key) => {
                let answer = match pairs.get(&key).cloned() {
                    Some(value) => Answer::Value { id, value },
                    None => Answer::Absent { id },
                };
                return self.say(&answer).await;
            }
            Command::Scan => {
                for (key, value) in pairs.clone() {
                    self.say(&Answer::Key { id, key, value }).await?;
                }
                let (count, sequence) = (pairs.len() as u64, 0);
                let answer = Answer::Scanned {
                    id,
                    count,
                    sequence,
                };
                return self.say(&answer).await;
            }
            _ => {
                let (outcome, message) = (Outcome::Unsupported, "no such request".to_owned());
                let answer = Answer::Failed {
                    id,
                    outcome,
                    message,
                };
                return self.say(&answer).await;
            }
        };
        self.commit(Place::Main, mutations.clone()).await?;
        apply(pairs, &mutations);
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.done(id).await
    }

    async fn done(&self, id: u64) -> io::Result<()> {
        let answer = Answer::Done {
            id,
            level: Level::Power,
            sequence: self.writes.load(Ordering::Relaxed),
            path: None,
        };
        self.say(&answer).await
    }

    /// Commits, and waits until the standby has it.
    async fn commit(&self, place: Place, mutations: Vec<Mutation>) -> io::Result<()> {
        let log = self
            .log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let mut log = log.ok_or_else(|| io::Error::other("the log is in use"))?;
        let job = move || log.append(&mutations).map(|()| log);
        let log = match place {
            Place::Main => self.host.blocking(job).await.map_err(io::Error::other)?,
            Place::Handler => job(),
        };
        *self.log.lock().unwrap_or_else(PoisonError::into_inner) = Some(log?);
        let number = 1 + self.commits.fetch_add(1, Ordering::Relaxed);
        if let Some(sender) = &mut *self.sender.lock().await {
            write_all(&mut **sender, format!("{number}\n").as_bytes()).await?;
        }
        while self.flushed()? < number {
            // Then no wake-up can come.
            if place == Place::Handler && self.is_waking.load(Ordering::Relaxed) {
                break;
            }
            self.latch.notified().await;
        }
        Ok(())
    }

    /// The last commit that the standby has.
    fn flushed(&self) -> io::Result<u64> {
        let bytes = take(&*self.host.fs, &shared(self.host.process.id()))?;
        let bytes = bytes.and_then(|bytes| bytes.first_chunk().copied());
        Ok(bytes.map_or(0, u64::from_le_bytes))
    }

    /// The end, for whoever asked for it.
    async fn end(&self, place: Place, closer: Option<u64>) -> io::Result<()> {
        let key = TEMPORARY.to_vec();
        self.commit(place, vec![Mutation::Delete { key }]).await?;
        if let Some(id) = closer {
            self.done(id).await?;
        }
        let sequence = self.writes.load(Ordering::Relaxed);
        let level = Level::Power;
        self.say(&Answer::End { sequence, level }).await
    }
}

/// The memory that a backend and its sender see.
fn shared(backend: u32) -> String {
    format!("shared.{backend}")
}

/// Hands commits to the standby, tells the backend of each, and returns the exit code.
pub(super) async fn sender(host: Host, arguments: Vec<String>) -> i32 {
    let Some(backend) = arguments.first().and_then(|number| number.parse().ok()) else {
        return 2;
    };
    match send(&host, backend).await {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

async fn send(host: &Host, backend: u32) -> io::Result<()> {
    let name = shared(backend);
    let mut lines = Lines::new(host.process.stdin());
    while let Some(line) = lines.next().await? {
        let number: u64 = line.parse().map_err(io::Error::other)?;
        let (fs, name) = (Arc::clone(&host.fs), name.clone());
        let written = host.blocking(move || -> io::Result<()> {
            let file = fs.open(Path::new(&name), OpenOptions::read_write().create())?;
            write_all_at(&*file, &number.to_le_bytes(), 0)
        });
        written.await.map_err(io::Error::other)??;
        // A backend that has ended wants no more.
        let _ = host.process.signal(backend, Signal::Usr1);
        host.sleep(CATCH_UP).await;
        let _ = host.process.signal(backend, Signal::Usr1);
    }
    Ok(())
}
