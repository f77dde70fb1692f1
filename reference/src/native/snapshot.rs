//! Taking snapshots while commits go on.

use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::level::Ack;

use super::directory::sync_dir;
use super::error::{StoreError, io_error};
use super::image::{Content, ImageHeader, write_image};
use super::naming::{Misplaced, replace};
use super::options::{LogMode, Options, SnapshotPolicy};
use super::snapshot_job::{SnapshotJob, WrittenSnapshot};
use super::store::Store;

/// Which snapshots there are and when the next one is due.
pub(super) struct Snapshots {
    pub(super) owner: Arc<()>,
    /// What the newest snapshot covers whose promotion succeeded, or that was there at open.
    pub(super) promoted: Option<u64>,
    /// What a snapshot covers that may be in place: its promotion failed after it may have taken effect, or is under way.
    pub(super) uncertain: Option<u64>,
    /// There while a snapshot is being put in place without the store.
    pub(super) turn: Weak<()>,
    /// Number of a segment that the snapshot at open referred to.
    segment: u64,
    /// Number of the newest segment that does not count, because the store was restored behind it; or 0.
    void: u64,
    pub(super) attempts: u64,
    due_at: Option<Duration>,
}

impl Snapshots {
    pub(super) fn new(
        image: Option<ImageHeader>,
        options: &Options,
        now: impl FnOnce() -> Duration,
    ) -> Self {
        Self {
            owner: Arc::new(()),
            promoted: image.map(|image| image.covered),
            uncertain: None,
            turn: Weak::new(),
            segment: image.map_or(0, |image| image.segment),
            void: image.map_or(0, |image| image.void()),
            attempts: 0,
            due_at: match options.snapshot_policy {
                SnapshotPolicy::Never => None,
                SnapshotPolicy::Interval(interval) => Some(now().saturating_add(interval)),
            },
        }
    }

    pub(super) const fn promoted(&self) -> Option<u64> {
        self.promoted
    }

    /// Number of a segment that the snapshot refers to, or 0.
    pub(super) const fn segment(&self) -> u64 {
        self.segment
    }

    /// Whether a snapshot of everything up to `sequence` is in place, and nothing else may be.
    pub(super) fn holds(&self, sequence: u64) -> bool {
        self.promoted == Some(sequence) && self.uncertain.is_none()
    }

    /// Whether a snapshot is being put in place without the store. Nothing else may be put there meanwhile: the older could come last.
    pub(super) fn is_placing(&self) -> bool {
        self.turn.strong_count() > 0
    }

    /// Takes note of an image that was put in place of everything there was.
    pub(super) fn restored(&mut self, image: ImageHeader) {
        self.promoted = Some(image.covered);
        self.uncertain = None;
        self.segment = image.segment;
        self.void = image.void();
    }

    pub(super) const fn due_at(&self) -> Option<Duration> {
        self.due_at
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.due_at.is_some_and(|due_at| due_at <= now)
    }

    pub(super) fn rearm(&mut self, options: &Options, now: Duration) {
        if let SnapshotPolicy::Interval(interval) = options.snapshot_policy {
            self.due_at = Some(now.saturating_add(interval));
        }
    }
}

impl Store {
    /// Writes everything published so far to the snapshot path and removes the segments that became needless: `Power`. It is
    /// [`begin_snapshot`](Self::begin_snapshot), [`SnapshotJob::write`] and [`finish_snapshot`](Self::finish_snapshot) in one.
    ///
    /// It works on a poisoned store too, and then saves what was published.
    ///
    /// # Errors
    /// As [`begin_snapshot`](Self::begin_snapshot), [`SnapshotJob::write`] and [`finish_snapshot`](Self::finish_snapshot).
    pub fn snapshot(&mut self) -> Result<Ack, StoreError> {
        self.check_turn()?;
        let written = self.begin_snapshot()?.write()?;
        self.finish_snapshot(written)
    }

    /// Takes the cut of a snapshot, which is then written without the store ([`SnapshotJob::write`]), on another thread if need be, and
    /// handed back to [`finish_snapshot`](Self::finish_snapshot). Nothing is read or written now; while the job is held, the first commit
    /// copies the map without the bytes of its keys and values. Any number of jobs may be open.
    ///
    /// ```
    /// use plimsoll_reference::{host::Host, native::{Options, Store, read_snapshot}};
    /// # let dir = tempfile::tempdir()?;
    /// # let base = dir.path().join("data");
    /// let mut store = Store::open(&Host::real(), &Options::new(&base))?;
    /// store.put(b"key", b"value")?;
    /// let job = store.begin_snapshot()?;
    /// let writer = std::thread::spawn(move || job.write());
    /// store.put(b"later", b"value")?; // goes on meanwhile
    /// let written = writer.join().expect("it does not panic")?;
    /// store.finish_snapshot(written)?;
    /// let mut keys = Vec::new();
    /// let host = Host::real();
    /// read_snapshot(&*host.fs, &base.join("snapshot.plim"), &mut |key, _| keys.push(key.to_vec()))?;
    /// assert_eq!(keys, [b"key"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// `Poisoned`, where a restore has left nothing that could be written.
    pub fn begin_snapshot(&mut self) -> Result<SnapshotJob, StoreError> {
        let table = Arc::clone(self.table()?);
        if self.options.log_mode != LogMode::Never {
            self.log.roll();
        }
        self.snapshots.attempts += 1;
        let header = self.header(self.sequence);
        Ok(SnapshotJob {
            fs: Arc::clone(&self.host.fs),
            layout: Arc::clone(&self.layout),
            _lock: Arc::clone(&self.lock),
            owner: Arc::clone(&self.snapshots.owner),
            settled: self.log.settled.clone(),
            table,
            header,
            compression: self.options.compression,
            attempt: self.snapshots.attempts,
        })
    }

    /// Puts a snapshot that was written in the place of the old one, makes that durable, and then removes the segments it covers. This
    /// takes a rename and two syncs, whatever the size of the store. It is [`begin_placing`](Self::begin_placing),
    /// [`PlacingJob::place`](super::PlacingJob::place) and [`end_placing`](Self::end_placing) in one, and says what these say.
    ///
    /// # Errors
    /// As these. The store goes on as before. The old snapshot is in place, or the new one, whole.
    pub fn finish_snapshot(&mut self, written: WrittenSnapshot) -> Result<Ack, StoreError> {
        let placed = self.begin_placing(written)?.place();
        self.end_placing(placed)
    }

    /// Puts an image of `content` in place of one that may be in place of the snapshot, once that is settled: what it replaced
    /// stays whole.
    pub(super) fn promote_over(
        &mut self,
        content: &dyn Content,
        header: ImageHeader,
    ) -> Result<(), Misplaced> {
        sync_dir(&*self.host.fs, &self.layout.snapshot_dir).map_err(Misplaced::Unsure)?;
        self.promote(content, header)
    }

    /// What a snapshot up to `covered` says of itself.
    fn header(&self, covered: u64) -> ImageHeader {
        let segment = self.log.established().max(self.snapshots.segment);
        ImageHeader {
            covered,
            floor: self.durable_to().min(covered),
            segment,
            // Behind a newer segment those before it count no longer by themselves.
            voids: segment != 0 && segment == self.snapshots.void,
        }
    }

    /// Puts an image of `content` in place of the snapshot.
    pub(super) fn promote(
        &mut self,
        content: &dyn Content,
        header: ImageHeader,
    ) -> Result<(), Misplaced> {
        self.snapshots.attempts += 1;
        let fs = &*self.host.fs;
        self.log
            .settled
            .settle(fs, &self.layout.snapshot_dir)
            .map_err(Misplaced::Absent)?;
        let snapshot = &self.layout.snapshot;
        let temp = self
            .layout
            .snapshot_temp(header.covered, self.snapshots.attempts);
        let compression = self.options.compression;
        let placed = replace(fs, &temp, snapshot, |file| {
            write_image(file, &temp, content, header, compression)
        });
        let closed = placed.and_then(|file| {
            file.close()
                .map_err(|error| Misplaced::Unsure(io_error("close", snapshot)(error)))
        });
        self.note(header.covered, closed)
    }

    /// Takes note of a snapshot that may be in place although it did not get there as it should.
    fn note(&mut self, covered: u64, placed: Result<(), Misplaced>) -> Result<(), Misplaced> {
        if matches!(placed, Err(Misplaced::Unsure(_))) {
            let uncertain = &mut self.snapshots.uncertain;
            *uncertain = (*uncertain).max(Some(covered));
        }
        placed
    }
}
