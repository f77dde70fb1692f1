//! CockroachDB: a store on a log that every write waits for, under a watchdog.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_to_end, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{Command, Request};
use plimsoll_sim::trial::history::Pairs;
use tokio::sync::mpsc;

use super::bug::Bug;
use super::dictionary::apply;
use super::record::{self, Found};
use super::watchdog::Watchdog;
use crate::specimens::mends::Mends;
use crate::systems::edge::{Answered, Arrival, Doorway, Failure, Outlet, say};

/// The log.
pub(super) const FILE: &str = "wal";

/// What the log holds; nothing when there is none.
pub(super) fn read(fs: &dyn FsOps) -> io::Result<Option<Pairs>> {
    record::replay(fs, FILE)
}

/// The log, open for appending.
struct Log {
    mends: Mends<Bug>,
    watchdog: Watchdog,
    file: Box<dyn FsFile>,
    end: u64,
}

impl Log {
    fn open(fs: &dyn FsOps, mends: Mends<Bug>, watchdog: Watchdog) -> io::Result<(Self, Pairs)> {
        let options = OpenOptions::read_write().create();
        let opened = || -> io::Result<(Box<dyn FsFile>, Vec<u8>)> {
            let file = fs.open(Path::new(FILE), options)?;
            let bytes = read_to_end(&*file)?;
            Ok((file, bytes))
        };
        let (file, bytes) = watchdog.watch(opened)?;
        let Found { pairs, len: end } = Found::of(&bytes);
        watchdog.watch(|| file.set_len(end))?;
        watchdog.watch(|| file.sync_all())?;
        watchdog.watch(|| fs.sync_dir(Path::new("")))?;
        let log = Self {
            mends,
            watchdog,
            file,
            end,
        };
        Ok((log, pairs))
    }

    /// Appends records and makes them durable.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Self { file, end, .. } = self;
        self.watchdog.watch(|| write_all_at(&**file, bytes, *end))?;
        *end += bytes.len() as u64;
        if self.mends.has(Bug::S73) {
            self.watchdog.watch(|| file.sync_data())
        } else {
            // By its number, which the wrapper of the file knows nothing of.
            file.sync_data()
        }
    }
}

/// A write that waits for the log.
struct Write {
    id: u64,
    mutations: Vec<Mutation>,
}

/// What readers and the writer share.
#[derive(Clone, Default)]
struct State(Arc<Mutex<(Pairs, u64)>>);

impl State {
    fn lock(&self) -> MutexGuard<'_, (Pairs, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until it is asked to end, and returns the exit code.
pub(super) async fn main(host: Host, mends: Mends<Bug>) -> i32 {
    let (outlet, writing) = Outlet::start(&host);
    let ended = serve(&host, mends, &outlet).await;
    writing.conclude(&host, outlet, Level::Power, ended).await
}

async fn serve(host: &Host, mends: Mends<Bug>, outlet: &Outlet) -> Result<u64, String> {
    let mut doorway = Doorway::open(host, outlet).map_err(|error| error.to_string())?;
    let (fs, watchdog) = (Arc::clone(&host.fs), Watchdog::start(host));
    let opened = host
        .blocking(move || Log::open(&*fs, mends, watchdog))
        .await;
    let opened = opened.map_err(|failed| failed.to_string())?;
    let (log, pairs) = opened.map_err(|error| error.to_string())?;
    let state = State::default();
    state.lock().0 = pairs;
    let (queue, writes) = mpsc::unbounded_channel();
    let writer = commit(host.clone(), log, writes, state.clone(), outlet.clone());
    let writing = host.spawn("writer", writer);
    outlet.ready(host, 0);
    let closer = loop {
        let Arrival::Request(Request { id, command }) = doorway.next().await else {
            break None;
        };
        let mutations = match command {
            Command::Write(mutation) => vec![mutation],
            Command::Batch(mutations) => mutations,
            Command::Close => break Some(id),
            command => {
                say(outlet, id, look(&state, &command));
                continue;
            }
        };
        // The writer lives as long as its queue.
        let _ = queue.send(Write { id, mutations });
    };
    drop(queue);
    writing.await.map_err(|failed| failed.to_string())?;
    let sequence = state.lock().1;
    if let Some(id) = closer {
        let level = Level::Power;
        say(outlet, id, Ok(Answered::Done { level, sequence }));
    }
    Ok(sequence)
}

fn look(state: &State, command: &Command) -> Result<Answered, Failure> {
    match command {
        Command::Get(key) => Ok(Answered::Value(state.lock().0.get(key).cloned())),
        Command::Scan => Ok(Answered::Everything(state.lock().0.clone())),
        _ => Err(Failure::unsupported()),
    }
}

/// Writes what waits, all of it at once, and answers.
async fn commit(
    host: Host,
    log: Log,
    mut writes: mpsc::UnboundedReceiver<Write>,
    state: State,
    outlet: Outlet,
) {
    let mut log = Some(log);
    while let Some(first) = writes.recv().await {
        let mut group = vec![first];
        while let Ok(next) = writes.try_recv() {
            group.push(next);
        }
        let records = group.iter().map(|write| record::encode(&write.mutations));
        let bytes = records.collect::<Vec<_>>().concat();
        let written = match log.take() {
            Some(mut open) => {
                let job = move || open.append(&bytes).map(|()| open);
                host.blocking(job).await.map_err(io::Error::other)
            }
            // Nobody knows what is behind a failed append.
            None => Ok(Err(io::Error::other("an earlier write has failed"))),
        };
        match written.and_then(|written| written) {
            Ok(open) => {
                log = Some(open);
                for Write { id, mutations } in group {
                    let mut state = state.lock();
                    apply(&mut state.0, &mutations);
                    state.1 += 1;
                    let (level, sequence) = (Level::Power, state.1);
                    say(&outlet, id, Ok(Answered::Done { level, sequence }));
                }
            }
            Err(error) => {
                let failure = Failure::unknown(error.to_string());
                for Write { id, .. } in group {
                    say(&outlet, id, Err(failure.clone()));
                }
            }
        }
    }
}
