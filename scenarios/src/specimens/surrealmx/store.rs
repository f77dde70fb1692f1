//! The open store.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use plimsoll_reference::fs::FsOps;
use plimsoll_reference::host::Host;
use plimsoll_sim::command::Mutation;

use super::bug::{Bug, Mends};
use super::cut::{self, Cut};
use super::error::Error;
use super::log::Log;
use super::opening::{self, Contents, Opened};
use super::options::{AolMode, FsyncMode, Options, SnapshotMode};
use super::record::Commit;
use super::table::Table;
use super::trim::{Failure, Keep, trim};

/// Commits that the log worker writes at a time.
const BATCH: usize = 100;

/// The store.
pub(super) struct Store {
    host: Host,
    options: Options,
    mends: Mends,
    table: Table,
    version: u64,
    log: Option<Log>,
    /// What the log worker has yet to write.
    queue: VecDeque<Commit>,
    /// Appends that no sync has followed.
    pending_syncs: u64,
    last_sync: Duration,
    next_snapshot: Option<Duration>,
    /// Snapshots begun and not finished.
    cuts: BTreeMap<u8, Cut>,
    /// The last commit in the newest snapshot that is known durable.
    promoted: u64,
    poison: Option<String>,
}

impl Store {
    pub(super) fn open(host: &Host, options: Options, mends: Mends) -> Result<Self, Error> {
        let logs = options.aol_mode != AolMode::Never;
        let Opened { contents, log } = opening::open(&*host.fs, logs, mends)?;
        let Contents {
            table, promoted, ..
        } = contents;
        let now = host.clock.now();
        Ok(Self {
            host: host.clone(),
            options,
            mends,
            version: table.version(),
            table,
            log,
            queue: VecDeque::new(),
            pending_syncs: 0,
            last_sync: now,
            next_snapshot: match options.snapshot_mode {
                SnapshotMode::Never => None,
                SnapshotMode::Interval(interval) => Some(now + interval),
            },
            cuts: BTreeMap::new(),
            promoted,
            poison: None,
        })
    }

    fn fs(&self) -> &dyn FsOps {
        &*self.host.fs
    }

    pub(super) fn live(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.table.live()
    }

    pub(super) fn commit(&mut self, mutations: &[Mutation]) -> Result<(), Error> {
        self.check_poison()?;
        if mutations.is_empty() {
            return Ok(());
        }
        let commit = Commit::new(self.version + 1, mutations);
        if !self.mends.has(Bug::R6) {
            self.publish(&commit);
        }
        match self.options.aol_mode {
            AolMode::Never => {}
            AolMode::AsynchronousAfterCommit => self.queue.push_back(commit.clone()),
            AolMode::SynchronousOnCommit => {
                let result = self.append(std::slice::from_ref(&commit));
                self.latch(Bug::R7, result)?;
            }
        }
        if self.mends.has(Bug::R6) {
            self.publish(&commit);
        }
        Ok(())
    }

    fn publish(&mut self, commit: &Commit) {
        self.version = commit.version;
        self.table.commit(commit);
    }

    /// Appends to the log, and syncs it as the mode says.
    fn append(&mut self, commits: &[Commit]) -> Result<(), Error> {
        let Some(log) = &self.log else {
            return Ok(());
        };
        log.append(commits)?;
        let now = self.host.clock.now();
        match self.options.fsync_mode {
            FsyncMode::EveryAppend => log.sync()?,
            FsyncMode::Interval(interval) if now - self.last_sync >= interval => {
                self.last_sync = now;
                log.sync()?;
                self.pending_syncs = 0;
            }
            FsyncMode::Never | FsyncMode::Interval(_) => self.pending_syncs += 1,
        }
        Ok(())
    }

    /// The log worker: writes what is queued.
    fn drain(&mut self) -> Result<(), Error> {
        while !self.queue.is_empty() {
            let count = self.queue.len().min(BATCH);
            let batch: Vec<Commit> = self.queue.drain(..count).collect();
            let result = self.append(&batch);
            self.latch(Bug::R36, result)?;
        }
        Ok(())
    }

    fn sync_log(&mut self) -> Result<(), Error> {
        if let Some(log) = &self.log {
            let result = log.sync();
            self.latch(Bug::R7, result)?;
            self.pending_syncs = 0;
        }
        Ok(())
    }

    /// Waits until everything is in the log, and syncs it.
    pub(super) fn sync(&mut self) -> Result<(), Error> {
        self.check_poison()?;
        self.drain()?;
        self.sync_log()
    }

    /// One round of the workers. What they fail at is nobody's to report.
    pub(super) fn tick(&mut self) {
        if self.poison.is_some() {
            return;
        }
        let _ = self.drain();
        if matches!(self.options.fsync_mode, FsyncMode::Interval(_)) && self.pending_syncs > 0 {
            let _ = self.sync_log();
        }
        let now = self.host.clock.now();
        if let (SnapshotMode::Interval(interval), Some(due)) =
            (self.options.snapshot_mode, self.next_snapshot)
            && now >= due
        {
            self.next_snapshot = Some(now + interval);
            let _ = self.snapshot();
        }
    }

    pub(super) fn snapshot(&mut self) -> Result<(), Error> {
        let cut = self.begin()?;
        self.finish(cut)
    }

    pub(super) fn begin_snapshot(&mut self, slot: u8) -> Result<(), Error> {
        let cut = self.begin()?;
        self.cuts.insert(slot, cut);
        Ok(())
    }

    pub(super) fn finish_snapshot(&mut self, slot: u8) -> Result<(), Error> {
        let cut = self.cuts.remove(&slot).ok_or(Error::NoSuchCut(slot))?;
        self.finish(cut)
    }

    /// The part of a snapshot that another one may overlap, as far as it goes before the first slow step.
    fn begin(&self) -> Result<Cut, Error> {
        self.check_poison()?;
        let position = match &self.log {
            Some(log) => log.len()?,
            None => 0,
        };
        let mut table = Some(self.table.clone());
        if !self.mends.has(Bug::R14) {
            cut::write(self.fs(), &self.table, self.mends)?;
            table = None;
        }
        Ok(Cut {
            covered: self.version,
            position,
            table,
        })
    }

    fn finish(&mut self, cut: Cut) -> Result<(), Error> {
        self.check_poison()?;
        let mut keep = Keep::Behind(cut.position);
        if let Some(table) = &cut.table {
            if cut.covered < self.promoted {
                // A newer snapshot is in place, and the log was cut for that one.
                return Ok(());
            }
            cut::write(self.fs(), table, self.mends)?;
            keep = Keep::NewerThan(cut.covered);
        }
        cut::sync(self.fs(), self.mends)?;
        self.promoted = self.promoted.max(cut.covered);
        let Some(log) = &mut self.log else {
            return Ok(());
        };
        match trim(&*self.host.fs, log, keep, self.mends) {
            Ok(()) if self.mends.has(Bug::R11) => self.pending_syncs = 0,
            Ok(()) if cut.position == 0 && !self.mends.has(Bug::R38) => self.pending_syncs = 0,
            Ok(()) => {}
            Err(Failure::Unchanged(e)) => return Err(e),
            Err(Failure::Unknown(e)) => self.latch(Bug::R7, Err(e))?,
        }
        Ok(())
    }

    pub(super) fn close(mut self) -> Result<(), Error> {
        self.check_poison()?;
        if self.mends.has(Bug::R3) {
            self.drain()?;
        }
        if self.options.aol_mode == AolMode::Never
            && self.options.snapshot_mode != SnapshotMode::Never
            && self.mends.has(Bug::R33)
        {
            self.snapshot()?;
        }
        if self.pending_syncs > 0 {
            let result = self.sync_log();
            if self.mends.has(Bug::R38) {
                result?;
            }
        }
        if let Some(log) = self.log {
            log.close();
        }
        Ok(())
    }

    /// Takes no more writes after a failure, where `bug` is mended.
    fn latch(&mut self, bug: Bug, result: Result<(), Error>) -> Result<(), Error> {
        if let Err(e) = &result
            && self.mends.has(bug)
        {
            self.poison = Some(e.to_string());
        }
        result
    }

    fn check_poison(&self) -> Result<(), Error> {
        match &self.poison {
            None => Ok(()),
            Some(cause) => Err(Error::Poisoned(cause.clone())),
        }
    }
}
