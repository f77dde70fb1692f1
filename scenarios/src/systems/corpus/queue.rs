//! beanstalkd: a log of numbered files.
//!
//! Every start begins a new file, and so does a full one. A record is on disk as far as the operating system is concerned when it is
//! acknowledged. No signal is handled: who wants the server to end ends it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, write_all_at};
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use plimsoll_reference::mutation::Mutation;
use plimsoll_reference::service::protocol::{Command, Request};
use plimsoll_sim::trial::history::Pairs;

use super::bug::Bug;
use super::dictionary::apply;
use super::record;
use crate::specimens::mends::Mends;
use crate::systems::edge::{Answered, Arrival, Doorway, Failure, Outlet, say, take};

/// What the names of files begin with; their number follows.
const FILE: &str = "binlog.";

/// What a file is called until it has its version.
const UNFINISHED: &str = "unfinished";

/// What every file begins with.
const VERSION: [u8; 4] = 7_u32.to_le_bytes();

/// Bytes that a file is reserved with.
const SIZE: u64 = 512;

/// The file that records are appended to.
struct Log {
    mends: Mends<Bug>,
    file: Box<dyn FsFile>,
    number: u64,
    end: u64,
    size: u64,
}

impl Log {
    /// Begins a file.
    fn begin(fs: &dyn FsOps, mends: Mends<Bug>, number: u64, size: u64) -> io::Result<Self> {
        let name = format!("{FILE}{number}");
        let path = if mends.has(Bug::S72d) {
            UNFINISHED
        } else {
            &name
        };
        let options = OpenOptions::read_write().create().truncate();
        let file = fs.open(Path::new(path), options)?;
        file.allocate(0, size)?;
        write_all_at(&*file, &VERSION, 0)?;
        if mends.has(Bug::S72d) {
            fs.rename(Path::new(UNFINISHED), Path::new(&name))?;
        }
        Ok(Self {
            mends,
            file,
            number,
            end: VERSION.len() as u64,
            size,
        })
    }

    /// Appends a record, to the next file where this one is full.
    fn append(&mut self, fs: &dyn FsOps, bytes: &[u8]) -> io::Result<()> {
        let len = bytes.len() as u64;
        if self.end + len > self.size {
            let size = SIZE.max(VERSION.len() as u64 + len);
            *self = Self::begin(fs, self.mends, self.number + 1, size)?;
        }
        write_all_at(&*self.file, bytes, self.end)?;
        self.end += len;
        Ok(())
    }
}

/// Reads every file, in the order of their numbers. Says what they hold, and the last number; nothing when there is no file.
pub(super) fn read(fs: &dyn FsOps) -> io::Result<Option<(Pairs, u64)>> {
    let entries = fs.read_dir(Path::new(""))?;
    let number = |name: &str| name.strip_prefix(FILE)?.parse().ok();
    let mut numbers: Vec<u64> = entries
        .iter()
        .filter_map(|entry| number(&entry.name))
        .collect();
    numbers.sort_unstable();
    let Some(&last) = numbers.last() else {
        return Ok(None);
    };
    let mut pairs = Pairs::new();
    for number in numbers {
        let bytes = take(fs, &format!("{FILE}{number}"))?.unwrap_or_default();
        let version = bytes.first_chunk().copied().unwrap_or_default();
        if version != VERSION {
            let version = u32::from_le_bytes(version);
            let message = format!("{FILE}{number}: unknown version: {version}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        for mutations in record::read(&bytes[VERSION.len()..]) {
            apply(&mut pairs, &mutations);
        }
    }
    Ok(Some((pairs, last)))
}

/// Serves until it is asked to end, and returns the exit code.
pub(super) async fn main(host: Host, mends: Mends<Bug>) -> i32 {
    let (outlet, writing) = Outlet::start(&host);
    let ended = serve(&host, mends, &outlet).await;
    let ended = ended.map_err(|error| error.to_string());
    writing.conclude(&host, outlet, Level::Process, ended).await
}

async fn serve(host: &Host, mends: Mends<Bug>, outlet: &Outlet) -> io::Result<u64> {
    let mut doorway = Doorway::without_signals(host, outlet);
    let fs = Arc::clone(&host.fs);
    let opened = move || -> io::Result<(Pairs, Log)> {
        let (pairs, last) = read(&*fs)?.unwrap_or_default();
        let log = Log::begin(&*fs, mends, last + 1, SIZE)?;
        Ok((pairs, log))
    };
    let (mut pairs, mut log) = host.blocking(opened).await.map_err(io::Error::other)??;
    let mut sequence = 0;
    outlet.ready(host, sequence);
    while let Arrival::Request(Request { id, command }) = doorway.next().await {
        let level = Level::Process;
        let mutations = match command {
            Command::Get(key) => {
                let value = pairs.get(&key).cloned();
                say(outlet, id, Ok(Answered::Value(value)));
                continue;
            }
            Command::Scan => {
                say(outlet, id, Ok(Answered::Everything(pairs.clone())));
                continue;
            }
            Command::Write(mutation) => vec![mutation],
            Command::Batch(mutations) => mutations,
            Command::Close => {
                say(outlet, id, Ok(Answered::Done { level, sequence }));
                break;
            }
            _ => {
                say(outlet, id, Err(Failure::unsupported()));
                continue;
            }
        };
        log = append(host, log, &mutations).await?;
        apply(&mut pairs, &mutations);
        sequence += 1;
        say(outlet, id, Ok(Answered::Done { level, sequence }));
    }
    Ok(sequence)
}

async fn append(host: &Host, mut log: Log, mutations: &[Mutation]) -> io::Result<Log> {
    let (fs, bytes) = (Arc::clone(&host.fs), record::encode(mutations));
    let job = move || log.append(&*fs, &bytes).map(|()| log);
    host.blocking(job).await.map_err(io::Error::other)?
}
