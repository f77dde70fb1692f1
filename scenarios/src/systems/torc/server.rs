//! The server.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_reference::host::{Host, Lines};
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{
    Answer, Cause, Command, Outcome, ParseRequestError, Request,
};
use plimsoll_sim::trial::history::{Found, Pairs};
use tokio::sync::{mpsc, oneshot, watch};

use super::bug::Bug;
use super::database::{Database, IDLE_MAX, Refusal};
use super::lock::Lock;
use super::log::Log;
use super::options::{ALONE, EMPTY, Options};
use super::out::Out;
use super::signals::{Endings, stop_catching};
use super::snapshot;
use super::snapshots::{Order, Snapshots};

/// What the tasks of a server share.
pub(super) struct Server {
    pub(super) host: Host,
    pub(super) options: Options,
    pub(super) out: Out,
    database: Mutex<Database>,
    /// Whether a snapshot is being written.
    pub(super) is_busy: watch::Sender<bool>,
    orders: mpsc::UnboundedSender<Order>,
    log: Option<Log>,
}

/// Runs a server to its end, and returns its exit code.
pub(super) async fn main(host: Host, options: Options, arguments: Vec<String>) -> i32 {
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    match serve(host.clone(), options, has(ALONE), has(EMPTY)).await {
        Ok(code) => code,
        Err(error) => {
            let line = format!("{error}\n");
            // There is nobody else to tell.
            let _ = host.process.stderr().write(line.as_bytes()).await;
            1
        }
    }
}

async fn serve(host: Host, options: Options, is_alone: bool, is_empty: bool) -> io::Result<i32> {
    let _lock = if options.has_mended(Bug::R6) {
        Some(Lock::of_servers(&host).await?)
    } else {
        None
    };
    let pairs = if is_empty {
        Pairs::new()
    } else {
        load(&host).await?
    };
    let is_waited_for = !options.has_mended(Bug::H10);
    let log = if options.logs {
        Some(Log::start(&host, is_waited_for)?)
    } else {
        None
    };
    let (orders, taken) = mpsc::unbounded_channel();
    let server = Arc::new(Server {
        out: Out::start(&host, host.process.stdout()),
        database: Mutex::new(Database::new(pairs, host.clock.now())),
        is_busy: watch::Sender::new(false),
        orders,
        log,
        options,
        host,
    });
    let mut snapshots = Snapshots::new(Arc::clone(&server), taken);
    let mut endings = Endings::default();
    if options.has_mended(Bug::H13) && options.has_mended(Bug::S72b) {
        snapshots.catch()?;
    }
    if is_alone && options.has_mended(Bug::S72b) {
        endings = server.catch_endings()?;
    }
    server.out.line(Answer::Ready {
        pid: server.host.process.id(),
        sequence: 0,
    });
    if is_alone && !options.has_mended(Bug::S72b) {
        server.out.flush().await;
        endings = server.catch_endings()?;
    }
    drop(server.host.spawn("snapshots", snapshots.run()));
    if !options.has_mended(Bug::H15) {
        let reaped = Arc::clone(&server);
        drop(server.host.spawn("pool", reaped.reap()));
    }
    server.listen(&mut endings).await;
    Ok(server.end(is_alone).await)
}

/// What the last snapshot holds.
async fn load(host: &Host) -> io::Result<Pairs> {
    let fs = Arc::clone(&host.fs);
    let found = host.blocking(move || snapshot::read(&*fs)).await;
    match found.map_err(io::Error::other)? {
        Found::Store(pairs) => Ok(pairs),
        Found::Nothing => Ok(Pairs::new()),
        Found::Unreadable(message) => Err(io::Error::other(message)),
    }
}

impl Server {
    pub(super) fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn catch_endings(&self) -> io::Result<Endings> {
        if self.options.has_mended(Bug::S69) {
            Endings::catch(&self.host)
        } else {
            Endings::without_term(&self.host)
        }
    }

    /// Reads requests until it is to end.
    async fn listen(&self, endings: &mut Endings) {
        let mut lines = Lines::new(self.host.process.stdin());
        loop {
            let line = tokio::select! {
                biased;
                () = endings.next() => return,
                line = lines.next() => line,
            };
            match line {
                Ok(Some(line)) => match line.parse() {
                    Ok(Request {
                        id,
                        command: Command::Close,
                    }) => {
                        self.done(id, self.database().sequence(), Level::Memory);
                        return;
                    }
                    Ok(request) => self.answer(request).await,
                    Err(ParseRequestError { id, reason }) => {
                        self.refuse(id, Outcome::Absent, &reason);
                    }
                },
                Ok(None) => return,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    self.refuse(0, Outcome::Absent, "no line of text");
                }
                Err(_) => return,
            }
        }
    }

    async fn answer(&self, Request { id, command }: Request) {
        if let Some(log) = &self.log {
            log.line(&format!("{id} {command} ")).await;
        }
        match command {
            Command::Write(mutation) => self.write(id, &[mutation]).await,
            Command::Batch(mutations) => self.write(id, &mutations).await,
            Command::Get(key) => {
                let found = self.read(|pairs| pairs.get(&key).cloned());
                self.show(id, found, |value| match value {
                    Some(value) => self.out.line(Answer::Value { id, value }),
                    None => self.out.line(Answer::Absent { id }),
                });
            }
            Command::Scan => {
                let found = self.read(Pairs::clone);
                self.show(id, found, |pairs| self.scan(id, pairs));
            }
            Command::Snapshot => self.order(Order {
                cause: Cause::Request,
                id: Some(id),
                done: None,
            }),
            _ => self.refuse(id, Outcome::Unsupported, "there is no such request"),
        }
    }

    async fn write(&self, id: u64, mutations: &[Mutation]) {
        if !self.options.has_mended(Bug::R12) {
            // `VACUUM INTO` holds locks on all tables, until what it wrote is synced.
            let mut busy = self.is_busy.subscribe();
            // It fails only when the sender is gone, and that is here.
            let _ = busy.wait_for(|&is_busy| !is_busy).await;
        }
        let now = self.host.clock.now();
        let written = self.database().write(mutations, now);
        match written {
            Ok(sequence) => self.done(id, sequence, Level::Memory),
            Err(refusal) => self.refuse(id, Outcome::Absent, refusal),
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Pairs) -> T) -> Result<T, Refusal> {
        let now = self.host.clock.now();
        self.database().read(now).map(look)
    }

    fn show<T>(&self, id: u64, found: Result<T, Refusal>, show: impl FnOnce(T)) {
        match found {
            Ok(found) => show(found),
            Err(refusal) => self.refuse(id, Outcome::Absent, refusal),
        }
    }

    fn scan(&self, id: u64, pairs: Pairs) {
        let count = pairs.len() as u64;
        for (key, value) in pairs {
            self.out.line(Answer::Key { id, key, value });
        }
        let sequence = self.database().sequence();
        self.out.line(Answer::Scanned {
            id,
            count,
            sequence,
        });
    }

    fn done(&self, id: u64, sequence: u64, level: Level) {
        self.out.line(Answer::Done {
            id,
            level,
            sequence,
            path: None,
        });
    }

    fn refuse(&self, id: u64, outcome: Outcome, message: &str) {
        self.out.line(Answer::Failed {
            id,
            outcome,
            message: message.to_owned(),
        });
    }

    fn order(&self, order: Order) {
        // The task that takes orders lives as long as the process.
        let _ = self.orders.send(order);
    }

    async fn reap(self: Arc<Self>) {
        loop {
            self.host.sleep(IDLE_MAX).await;
            let now = self.host.clock.now();
            self.database().reap(now);
        }
    }

    /// The end. A server that has a parent leaves the last snapshot to that.
    async fn end(&self, is_alone: bool) -> i32 {
        if !is_alone {
            self.out.flush().await;
            return 0;
        }
        if !self.options.has_mended(Bug::S68) {
            stop_catching(&self.host);
        }
        let (done, ended) = oneshot::channel();
        self.order(Order {
            cause: Cause::Final,
            id: None,
            done: Some(done),
        });
        let code = match ended.await {
            Ok(Ok(sequence)) => {
                let level = Level::Power;
                self.out.line(Answer::End { sequence, level });
                0
            }
            Ok(Err(message)) => {
                self.out.line(Answer::EndFailed { message });
                1
            }
            Err(_) => 1,
        };
        self.out.flush().await;
        code
    }
}
