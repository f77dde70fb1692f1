//! The append-only log: segments written by this life, and marks of those left by earlier ones.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::fs::{FsFile, append_all};
use crate::host::Host;

use super::directory::Settled;
use super::error::{StoreError, io_error};
use super::frame::{FRAME_HEADER_BYTES, write_frame};
use super::layout::Layout;
use super::limits::SEGMENT_NUMBER_MAX;
use super::naming::{Misplaced, Prepared};
use super::options::Options;
use super::segment::{SEGMENT_HEADER_BYTES, SegmentHeader};

/// A segment on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) number: u64,
    /// Sequence number of its first frame; unknown where recovery did not need to look.
    pub(super) base: Option<u64>,
}

/// The segment that takes frames.
struct Active {
    path: PathBuf,
    number: u64,
    base: u64,
    seed: u32,
    /// Bytes in the file; what is staged follows them.
    len: u64,
    /// None until the segment was established, when header and first frames are durable under the segment's name.
    file: Option<Box<dyn FsFile>>,
}

/// The log of an open store. After an error it must not be written again.
pub(super) struct Log {
    host: Host,
    layout: Arc<Layout>,
    /// The directories that are durable, of the log and of the snapshot alike. Each is settled when the first file in it needs it.
    pub(super) settled: Settled,
    segment_bytes_max: u64,
    active: Option<Active>,
    /// Frames, and before them the header of a new segment, that are yet to be written.
    staged: Vec<u8>,
    /// Every segment whose name is durable, as far as this life is concerned, oldest first.
    marks: Vec<Mark>,
    next_number: u64,
    /// The newest segment that this life knows to be durable, or 0.
    established: u64,
    staged_to: u64,
    written_to: u64,
    synced_to: u64,
    unsynced_since: Option<Duration>,
    /// Whether the next frame starts a new segment.
    roll: bool,
    /// What the newest snapshot promoted by this life covers.
    cut: Option<u64>,
}

impl Log {
    /// A log that continues after `sequence`, up to which everything is durable, beside the segments `marks`, with a segment
    /// `next_number`.
    pub(super) fn new(
        host: &Host,
        layout: Arc<Layout>,
        settled: Settled,
        options: &Options,
        marks: Vec<Mark>,
        (sequence, next_number): (u64, u64),
    ) -> Self {
        Self {
            host: host.clone(),
            layout,
            settled,
            segment_bytes_max: options.segment_bytes_max,
            active: None,
            staged: Vec::new(),
            next_number,
            marks,
            established: 0,
            staged_to: sequence,
            written_to: sequence,
            synced_to: sequence,
            unsynced_since: None,
            roll: false,
            cut: None,
        }
    }

    /// The last commit known durable in the log, or by what recovery made durable.
    pub(super) const fn synced_to(&self) -> u64 {
        self.synced_to
    }

    /// When the oldest append that is not durable was written.
    pub(super) const fn unsynced_since(&self) -> Option<Duration> {
        self.unsynced_since
    }

    /// The newest segment that has been established.
    pub(super) const fn established(&self) -> u64 {
        self.established
    }

    /// Number of the newest segment on disk, or 0.
    pub(super) fn newest(&self) -> u64 {
        self.marks.last().map_or(0, |mark| mark.number)
    }

    /// Copies what an earlier life wrote, and nobody knows to be durable, into a new segment, and makes that durable.
    ///
    /// The old file is not synced instead: a sync that failed in that life may have left pages that are clean and unwritten.
    pub(super) fn carry<'a>(
        &mut self,
        frames: impl Iterator<Item = (u64, &'a [u8])>,
    ) -> Result<(), StoreError> {
        for (sequence, body) in frames {
            if self.active.is_none() {
                self.staged_to = sequence - 1;
                self.synced_to = sequence - 1;
                self.start_segment(sequence)?;
            }
            self.stage(sequence, body);
        }
        self.write()
    }

    /// Stages one commit, starting a new segment when the active one is full or was left behind by a snapshot.
    pub(super) fn push(&mut self, sequence: u64, body: &[u8]) -> Result<(), StoreError> {
        let frame_len = (FRAME_HEADER_BYTES + body.len()) as u64;
        let full = self.active.as_ref().is_some_and(|active| {
            active.len + self.staged.len() as u64 + frame_len > self.segment_bytes_max
        });
        if full || self.roll {
            self.finish_segment()?;
        }
        if self.active.is_none() {
            self.start_segment(sequence)?;
        }
        self.stage(sequence, body);
        Ok(())
    }

    fn stage(&mut self, sequence: u64, body: &[u8]) {
        debug_assert_eq!(sequence, self.staged_to + 1, "the log has no gaps");
        if let Some(active) = &self.active {
            let offset = active.len + self.staged.len() as u64;
            write_frame(
                &mut self.staged,
                active.seed,
                offset,
                (sequence, self.synced_to),
                body,
            );
            self.staged_to = sequence;
        }
    }

    /// Writes what is staged. Only the first frames of a segment are durable when this returns.
    pub(super) fn write(&mut self) -> Result<(), StoreError> {
        let Some(active) = &mut self.active else {
            return Ok(());
        };
        if self.staged.is_empty() {
            return Ok(());
        }
        match &active.file {
            None => return self.establish().map_err(Misplaced::into_error),
            Some(file) => {
                append_all(&**file, &self.staged).map_err(io_error("append to", &active.path))?
            }
        }
        active.len += self.staged.len() as u64;
        self.staged.clear();
        self.written_to = self.staged_to;
        if self.unsynced_since.is_none() {
            self.unsynced_since = Some(self.host.clock.now());
        }
        Ok(())
    }

    /// Makes durable what was written.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        if self.synced_to == self.written_to {
            return Ok(());
        }
        if let Some(Active {
            file: Some(file),
            path,
            ..
        }) = &self.active
        {
            file.sync_data().map_err(io_error("sync", path))?;
        }
        self.synced_to = self.written_to;
        self.unsynced_since = None;
        Ok(())
    }

    /// Makes the next frame start a new segment, so that the segments before it can be removed whole.
    pub(super) fn roll(&mut self) {
        self.roll = self.active.is_some();
    }

    /// Writes the mark of a clean close, when everything is durable and this life wrote anything, and closes the segment.
    ///
    /// The mark itself is not synced: it states what is true already, and without it the next life only does more work.
    pub(super) fn close(mut self) -> Result<(), StoreError> {
        debug_assert!(self.staged.is_empty() && self.synced_to == self.written_to);
        let Some(Active {
            path,
            seed,
            len,
            file: Some(file),
            ..
        }) = self.active
        else {
            return Ok(());
        };
        write_frame(
            &mut self.staged,
            seed,
            len,
            (self.synced_to, self.synced_to),
            &[],
        );
        append_all(&*file, &self.staged).map_err(io_error("append to", &path))?;
        file.close().map_err(io_error("close", &path))
    }

    /// Removes the segments that a snapshot made needless, which is durable and covers everything up to `cut`.
    pub(super) fn trim(&mut self, cut: u64) {
        self.cut = Some(cut);
        self.remove_needless();
    }

    /// Goes on in a new segment behind `cut`, up to which a durable snapshot holds everything: what failed before may have left the
    /// newest segment broken, and nobody could open the store with that.
    pub(super) fn restart(&mut self, cut: u64) -> Result<(), StoreError> {
        self.staged.clear();
        self.active = None;
        self.staged_to = cut;
        self.start_segment(cut + 1)?;
        self.establish().map_err(Misplaced::into_error)
    }

    /// Leaves the active segment as it is: a durable snapshot holds everything up to `cut`, and the next commit starts a new segment
    /// behind that.
    pub(super) fn skip_to(&mut self, cut: u64) {
        self.staged.clear();
        self.active = None;
        self.roll = false;
        self.staged_to = cut;
        self.written_to = cut;
        self.synced_to = cut;
        self.unsynced_since = None;
    }

    /// After [`skip_to`](Self::skip_to), puts an empty segment in the place of the newest, unless that starts behind `cut`, or there
    /// is none. After an error that says that the segment is absent the log is as it was.
    pub(super) fn renew(&mut self, cut: u64) -> Result<(), Misplaced> {
        debug_assert!(self.active.is_none() && self.staged_to == cut);
        let is_empty = |newest: &Mark| newest.base == Some(cut + 1);
        if self.marks.last().is_none_or(is_empty) {
            return Ok(());
        }
        self.start_segment(cut + 1).map_err(Misplaced::Absent)?;
        let established = self.establish();
        if established.is_err() {
            self.skip_to(cut);
        }
        established
    }

    /// Completes the active segment. A later segment states that this one is durable to its end, so that it has to be, whatever
    /// the sync policy.
    fn finish_segment(&mut self) -> Result<(), StoreError> {
        self.write()?;
        self.sync()?;
        self.roll = false;
        if let Some(Active {
            path,
            file: Some(file),
            ..
        }) = self.active.take()
        {
            file.close().map_err(io_error("close", &path))?;
        }
        Ok(())
    }

    /// Stages the header of a new segment.
    fn start_segment(&mut self, base: u64) -> Result<(), StoreError> {
        debug_assert!(self.staged.is_empty() && self.active.is_none());
        let number = self.next_number;
        if number > SEGMENT_NUMBER_MAX {
            return Err(StoreError::TooLarge {
                what: "the segment number",
                size: number,
                max: SEGMENT_NUMBER_MAX,
            });
        }
        // Time on a monotonic clock orders nothing here; it only makes two segments of one number unlikely to agree.
        let salt = self.host.clock.now().as_nanos() as u64;
        let seed = SegmentHeader {
            number,
            base,
            salt,
            first_to: base,
        }
        .write(&mut self.staged);
        debug_assert_eq!(self.staged.len(), SEGMENT_HEADER_BYTES);
        self.next_number += 1;
        self.active = Some(Active {
            path: self.layout.segment(number),
            number,
            base,
            seed,
            len: 0,
            file: None,
        });
        Ok(())
    }

    /// Gives the active segment its name, once its header and first frames are durable, and makes the name durable.
    fn establish(&mut self) -> Result<(), Misplaced> {
        let Some(active) = &mut self.active else {
            return Ok(());
        };
        SegmentHeader::set_first_to(&mut self.staged, self.staged_to);
        let fs = &*self.host.fs;
        self.settled
            .settle(fs, &self.layout.log_dir)
            .map_err(Misplaced::Absent)?;
        let temp = self.layout.segment_temp(active.number);
        let prepared = Prepared::new(fs, &temp, |file| {
            append_all(file, &self.staged).map_err(io_error("append to", &temp))
        });
        let file = prepared.map_err(Misplaced::Absent)?.put(fs, &active.path)?;
        active.file = Some(file);
        active.len = self.staged.len() as u64;
        self.staged.clear();
        self.established = active.number;
        self.marks.push(Mark {
            number: active.number,
            base: Some(active.base),
        });
        self.written_to = self.staged_to;
        self.synced_to = self.staged_to;
        self.remove_needless();
        Ok(())
    }

    /// Removes segments whose every frame is in a durable snapshot or counts no longer, because the next one starts with the same
    /// number. The newest is never removed: it is what tells a lost log from an empty one.
    ///
    /// A removal that fails is tried again later, and one that a power loss undoes brings back what does not count.
    fn remove_needless(&mut self) {
        let Self {
            host,
            layout,
            marks,
            cut,
            ..
        } = self;
        let is_needless = |mark: &Mark, next_base: u64| {
            mark.base == Some(next_base) || cut.is_some_and(|cut| next_base <= cut + 1)
        };
        let mut next_base = None;
        for index in (0..marks.len()).rev() {
            let mark = marks[index];
            if next_base.is_some_and(|base| is_needless(&mark, base)) {
                match host.fs.remove_file(&layout.segment(mark.number)) {
                    Err(e) if e.kind() != io::ErrorKind::NotFound => {}
                    _ => {
                        marks.remove(index);
                    }
                }
            }
            next_base = mark.base.or(next_base);
        }
    }
}
