//! The store: commits, reads, background work, closing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::host::Host;
use crate::level::{Ack, Level};
use crate::mutation::Mutation;

use super::batch;
use super::change::Change;
use super::directory::{Settled, sync_dir};
use super::error::{StoreError, io_error};
use super::layout::Layout;
use super::limits::{SEGMENT_NUMBER_MAX, SEQUENCE_MAX};
use super::lock::Lock;
use super::log::Log;
use super::naming::{mark, settle_names};
use super::options::{CreatePolicy, LogMode, Options, SnapshotPolicy, SyncPolicy};
use super::queue::Queue;
use super::recovery::{Recovered, recover};
use super::snapshot::Snapshots;
use super::table::Table;

/// An open store.
///
/// It has one owner and starts no thread: what is not done by the call itself is done by [`tick`](Store::tick). Dropping a store
/// does nothing but release the lock, as the death of the process would; [`close`](Store::close) ends it cleanly. A snapshot job keeps the
/// lock for as long as there is one.
#[must_use = "dropping a store is no clean close"]
pub struct Store {
    pub(super) host: Host,
    pub(super) layout: Arc<Layout>,
    pub(super) options: Options,
    /// Shared with the jobs of snapshots: nobody else has the store's temporaries while one is at work.
    pub(super) lock: Arc<Lock>,
    /// Replaced by a copy at the first commit after a snapshot job was cut from it. None, in a store that is poisoned, when a restore
    /// could not read back what it had put in place: there is nothing then that a read may show.
    pub(super) table: Option<Arc<Table>>,
    /// The last commit published.
    pub(super) sequence: u64,
    pub(super) log: Log,
    pub(super) queue: Queue,
    pub(super) snapshots: Snapshots,
    /// Encoding buffer.
    pub(super) body: Vec<u8>,
    /// The first failure of the log.
    pub(super) poison: Option<String>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("sequence", &self.sequence)
            .field("keys", &self.table.as_ref().map(|table| table.len()))
            .field("poison", &self.poison)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store, recovering from whatever a crash left.
    ///
    /// When it returns, everything recovered is durable, and no temporary of an earlier life is left. Opening reads the snapshot in
    /// chunks, and one after the other the segments that it does not cover, so that it needs memory for one of them beside the map.
    ///
    /// # Errors
    /// `InvalidOption`, `Locked`, `NotFound`; `Corrupted`, `ForeignFile`, `NewerVersion`, `Missing` and `LogMissing` for files that
    /// no legal crash leaves, which are not changed then; `Io`.
    pub fn open(host: &Host, options: &Options) -> Result<Self, StoreError> {
        options.validate()?;
        let layout = Arc::new(Layout::new(options)?);
        let fs = &*host.fs;
        let mut settled = Settled::default();
        let lock = Lock::take(fs, &layout, options.create_policy, &mut settled)?;
        let recovered = recover(fs, &layout)?;
        Self::start(host, options, layout, lock, settled, recovered)
    }

    /// Makes what was recovered durable, and a store of it.
    pub(super) fn start(
        host: &Host,
        options: &Options,
        layout: Arc<Layout>,
        lock: Lock,
        mut settled: Settled,
        mut recovered: Recovered,
    ) -> Result<Self, StoreError> {
        let fs = &*host.fs;
        let (has_log, has_image) = (!recovered.marks.is_empty(), recovered.image.is_some());
        if options.create_policy == CreatePolicy::OpenExisting && !has_log && !has_image {
            return Err(StoreError::NotFound {
                path: layout.base.clone(),
            });
        }
        if has_log {
            settled.know(&layout.log_dir);
        }
        if has_image {
            settled.know(&layout.snapshot_dir);
            // A replacement of the snapshot is durable before the second name of what it replaced goes: there are file systems that write
            // into the blocks of a replaced file before that (ext4 with data=writeback). Nothing on the disk tells that it is: a newer
            // segment may be one that the life before could not establish.
            sync_dir(fs, &layout.snapshot_dir)?;
        }
        for temporary in &recovered.temporaries {
            fs.remove_file(temporary)
                .map_err(io_error("remove", temporary))?;
        }
        if recovered.is_image_unsure() {
            // A life that was killed between renaming the snapshot and syncing its directory leaves a name that a power loss may
            // take back, also after this life has logged what follows that snapshot.
            mark(fs, &layout.snapshot_temp(recovered.sequence, 0))?;
        }
        let next_number = recovered.next_number();
        if recovered.is_restart_unsure() {
            let marker = layout.segment_temp(next_number.min(SEGMENT_NUMBER_MAX));
            settle_names(fs, &layout.log_dir, &marker)?;
        }
        let marks = std::mem::take(&mut recovered.marks);
        let mut log = Log::new(
            host,
            Arc::clone(&layout),
            settled,
            options,
            marks,
            (recovered.sequence, next_number),
        );
        log.carry(recovered.tail())?;
        Ok(Self {
            snapshots: Snapshots::new(recovered.image, options, || host.clock.now()),
            host: host.clone(),
            layout,
            options: options.clone(),
            lock: Arc::new(lock),
            sequence: recovered.sequence,
            table: recovered.table.map(Arc::new),
            log,
            queue: Queue::default(),
            body: Vec::new(),
            poison: None,
        })
    }

    /// Gives `key` the value `value`. The acknowledgement is at [`Options::commit_level`].
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<Ack, StoreError> {
        let value = Some(value);
        self.commit(std::iter::once(Change { key, value }))
    }

    /// Removes `key`; removing an absent key is a commit like another. The acknowledgement is at [`Options::commit_level`].
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    pub fn delete(&mut self, key: &[u8]) -> Result<Ack, StoreError> {
        self.commit(std::iter::once(Change { key, value: None }))
    }

    /// Makes several changes in order, together or not at all. The acknowledgement is at [`Options::commit_level`]. An empty batch
    /// is no commit.
    ///
    /// # Errors
    /// `TooLarge` for a key, value or batch beyond the limits of the format. `Io` when the log failed: the outcome is unknown, no
    /// read shows it, and the store is poisoned. `Poisoned` from then on.
    pub fn batch(&mut self, mutations: &[Mutation]) -> Result<Ack, StoreError> {
        self.check_poison()?;
        if mutations.is_empty() {
            return Ok(Ack::at(self.options.commit_level()));
        }
        self.commit(mutations.iter().map(Change::from))
    }

    /// The value of a key, as last published.
    ///
    /// # Errors
    /// `Poisoned` after a [restore](Self::restore) whose pairs could not be read back. No other failure keeps anybody from reading.
    pub fn get(&self, key: &[u8]) -> Result<Option<&[u8]>, StoreError> {
        Ok(self.table()?.get(key))
    }

    /// Visits every key and its value in key order, as last published.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn scan(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        for (key, value) in self.table()?.iter() {
            visit(key, value);
        }
        Ok(())
    }

    /// Number of keys.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn len(&self) -> Result<usize, StoreError> {
        Ok(self.table()?.len())
    }

    /// Whether there are no keys.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }

    /// Number of the last commit published; commits are numbered from 1, over all lives of the store.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// How it was opened.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Where snapshots go.
    pub fn snapshot_path(&self) -> &Path {
        &self.layout.snapshot
    }

    /// Whether an earlier failure keeps the store from taking writes. Reads go on (see [`get`](Self::get) for the one exception), and
    /// [`snapshot`](Self::snapshot) may still save what was published.
    pub fn is_poisoned(&self) -> bool {
        self.poison.is_some()
    }

    /// Writes what is queued and makes durable everything acknowledged so far: `Power`.
    ///
    /// Without a log there is nothing to sync, and the acknowledgement is `Memory` unless a snapshot holds everything.
    ///
    /// # Errors
    /// `Io` when the log failed, which poisons the store; `Poisoned` from then on.
    pub fn sync(&mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        let result = self.write_queue().and_then(|()| self.log.sync());
        self.guard(result)?;
        Ok(Ack::at(self.standing()))
    }

    /// Does the background work that is due by the host's clock: writes what is queued, syncs the log, takes a snapshot.
    ///
    /// It has to be called whenever [`next_deadline`](Self::next_deadline) has come; an acknowledgement at `Window` promises its
    /// time plus the delay of this call. The acknowledgement is the level at which everything is held now.
    ///
    /// # Errors
    /// As [`sync`](Self::sync), and as [`snapshot`](Self::snapshot) when one was due; the next one is due an interval later. One that is due
    /// while another is being put in place is left out.
    pub fn tick(&mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        let now = self.host.clock.now();
        let result = self.write_queue().and_then(|()| self.sync_if_due(now));
        self.guard(result)?;
        if self.snapshots.is_due(now) {
            self.snapshots.rearm(&self.options, now);
            if self.snapshots.promoted() != Some(self.sequence) && !self.snapshots.is_placing() {
                self.snapshot()?;
            }
        }
        Ok(Ack::at(self.standing()))
    }

    /// When [`tick`](Self::tick) has something to do, on the host's clock; a time that is past means now.
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.is_poisoned() {
            return None;
        }
        let drain = (!self.queue.is_empty()).then_some(Duration::ZERO);
        let sync = match self.options.sync_policy {
            SyncPolicy::Interval(interval) => self
                .log
                .unsynced_since()
                .map(|since| since.saturating_add(interval)),
            SyncPolicy::Never | SyncPolicy::EveryAppend => None,
        };
        [drain, sync, self.snapshots.due_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Ends the store cleanly: writes what is queued, makes the log durable and marks the clean close. The acknowledgement says what
    /// everything acknowledged so far is held at: `Power` wherever there is a log.
    ///
    /// Without a log, a final snapshot is taken if the snapshot policy is an interval or if the store has anything on disk
    /// already; else all is in memory, and the acknowledgement is `Memory`.
    ///
    /// # Errors
    /// `Poisoned`, and `Io` of any step. No clean close is marked then; what was promised before still holds.
    pub fn close(mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        self.write_queue()?;
        self.log.sync()?;
        let has_files = self.snapshots.promoted().is_some() || self.log.newest() != 0;
        if self.options.log_mode == LogMode::Never
            && (has_files || self.options.snapshot_policy != SnapshotPolicy::Never)
            && self.durable_to() < self.sequence
        {
            self.snapshot()?;
        }
        let level = self.standing();
        self.log.close()?;
        // A job that is still at work keeps the lock.
        if let Some(lock) = Arc::into_inner(self.lock) {
            lock.release(&self.layout)?;
        }
        Ok(Ack::at(level))
    }

    /// The last commit that a power loss cannot take.
    pub(super) fn durable_to(&self) -> u64 {
        self.log
            .synced_to()
            .max(self.snapshots.promoted().unwrap_or(0))
    }

    fn commit<'a>(
        &mut self,
        changes: impl Iterator<Item = Change<'a>> + Clone,
    ) -> Result<Ack, StoreError> {
        self.check_poison()?;
        let sequence = self.sequence + 1;
        if sequence > SEQUENCE_MAX {
            return Err(StoreError::TooLarge {
                what: "the sequence number",
                size: sequence,
                max: SEQUENCE_MAX,
            });
        }
        if self.options.log_mode != LogMode::Never {
            batch::encode(changes.clone(), &mut self.body)?;
            let result = self.log_or_queue(sequence);
            self.guard(result)?;
        } else {
            batch::check(changes.clone())?;
        }
        self.publish(changes);
        Ok(Ack::at(self.options.commit_level()))
    }

    /// Makes a commit visible.
    pub(super) fn publish<'a>(&mut self, changes: impl Iterator<Item = Change<'a>>) {
        // It is there in every store that takes commits.
        if let Some(table) = self.table.as_mut().map(Arc::make_mut) {
            for change in changes {
                table.apply(change);
            }
        }
        self.sequence += 1;
    }

    /// Takes the commit in `body` to where the log mode wants it before it is published.
    fn log_or_queue(&mut self, sequence: u64) -> Result<(), StoreError> {
        if let LogMode::AsyncAfterCommit {
            queue_commits_max,
            queue_bytes_max,
        } = self.options.log_mode
        {
            if !self
                .queue
                .has_room(self.body.len(), queue_commits_max, queue_bytes_max)
            {
                self.write_queue()?;
            }
            if self.body.len() <= queue_bytes_max {
                self.queue.push(sequence, &self.body);
                return Ok(());
            }
        }
        self.log.push(sequence, &self.body)?;
        self.log.write()?;
        self.sync_appended()
    }

    fn write_queue(&mut self) -> Result<(), StoreError> {
        if self.queue.is_empty() {
            return Ok(());
        }
        for (sequence, body) in self.queue.iter() {
            self.log.push(sequence, body)?;
        }
        self.log.write()?;
        self.queue.clear();
        self.sync_appended()
    }

    pub(super) fn sync_appended(&mut self) -> Result<(), StoreError> {
        match self.options.sync_policy {
            SyncPolicy::Never => Ok(()),
            SyncPolicy::EveryAppend => self.log.sync(),
            SyncPolicy::Interval(_) => self.sync_if_due(self.host.clock.now()),
        }
    }

    fn sync_if_due(&mut self, now: Duration) -> Result<(), StoreError> {
        match (self.options.sync_policy, self.log.unsynced_since()) {
            (SyncPolicy::Interval(interval), Some(since))
                if now.saturating_sub(since) >= interval =>
            {
                self.log.sync()
            }
            _ => Ok(()),
        }
    }

    /// Whether the snapshot in place holds everything by itself, and nothing else may be there.
    pub(crate) fn is_saved(&self) -> bool {
        self.snapshots.holds(self.sequence)
    }

    /// The level at which everything published is held now.
    pub(super) fn standing(&self) -> Level {
        if self.durable_to() >= self.sequence {
            return Level::Power;
        }
        match (self.options.log_mode, self.options.sync_policy) {
            (LogMode::Never, _) => Level::Memory,
            _ if !self.queue.is_empty() => Level::Memory,
            (_, SyncPolicy::Interval(window)) => Level::Window(window),
            _ => Level::Process,
        }
    }

    /// The map that reads show.
    pub(super) fn table(&self) -> Result<&Arc<Table>, StoreError> {
        self.table.as_ref().ok_or_else(|| StoreError::Poisoned {
            cause: self.poison.clone().unwrap_or_default(),
        })
    }

    pub(super) fn check_poison(&self) -> Result<(), StoreError> {
        match &self.poison {
            None => Ok(()),
            Some(cause) => Err(StoreError::Poisoned {
                cause: cause.clone(),
            }),
        }
    }

    /// Poisons the store, and passes the cause on.
    pub(super) fn poison_by(&mut self, error: StoreError) -> StoreError {
        self.poison = Some(match std::error::Error::source(&error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        });
        error
    }

    /// Poisons the store when the log failed, or a snapshot is in place that may not be whole: what the failed call left on disk is
    /// unknown, and the operating system may call the same pages clean the next time it is asked.
    pub(super) fn guard(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        result.map_err(|error| self.poison_by(error))
    }
}
