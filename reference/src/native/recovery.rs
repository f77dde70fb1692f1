//! What a crash left, read and judged. Nothing is written here.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;

use crate::fs::{DirEntry, FsOps};

use super::batch;
use super::change::Change;
use super::error::{StoreError, io_error};
use super::frame::{Frame, read_frame, was_synced};
use super::image::ImageHeader;
use super::image_reader::read_image;
use super::layout::{Layout, LogName, parse_log_name};
use super::log::Mark;
use super::segment::{SEGMENT_HEADER_BYTES, Segment};
use super::table::Table;

/// The state that was recovered, and what opening has to do before it may be served.
pub(super) struct Recovered {
    /// None where only the numbers were asked for.
    pub(super) table: Option<Table>,
    /// The last commit recovered.
    pub(super) sequence: u64,
    /// The last commit that is known durable even if the name of the snapshot is not.
    pub(super) durable_to: u64,
    pub(super) image: Option<ImageHeader>,
    /// Every segment, oldest first.
    pub(super) marks: Vec<Mark>,
    /// Temporaries that earlier lives left.
    pub(super) temporaries: Vec<PathBuf>,
    tail: Tail,
    /// Whether the newest segment was started behind a snapshot, after the log had failed.
    restarted: bool,
}

/// The frames at the end of the newest segment that are not known to be durable.
#[derive(Default)]
struct Tail {
    bytes: Vec<u8>,
    /// Sequence number, start and end of the body.
    frames: VecDeque<(u64, usize, usize)>,
}

impl Recovered {
    /// What the snapshot says, before anything else was looked at.
    fn new(
        image: Option<ImageHeader>,
        table: Option<Table>,
        sequence: u64,
        durable_to: u64,
    ) -> Self {
        Self {
            table,
            sequence,
            durable_to,
            image,
            marks: Vec::new(),
            temporaries: Vec::new(),
            tail: Tail::default(),
            restarted: false,
        }
    }

    /// The commits that opening has to make durable, with their bodies.
    pub(super) fn tail(&self) -> impl Iterator<Item = (u64, &[u8])> {
        self.tail.frames.iter().map(|&(sequence, start, end)| {
            (
                sequence,
                self.tail.bytes.get(start..end).unwrap_or_default(),
            )
        })
    }

    fn covered(&self) -> u64 {
        self.image.map_or(0, |image| image.covered)
    }

    /// Whether the state depends on a snapshot whose name nobody knows to be durable.
    pub(super) fn is_image_unsure(&self) -> bool {
        self.covered() > self.durable_to
    }

    /// A number that no segment has, and that the snapshot does not speak of.
    pub(super) fn next_number(&self) -> u64 {
        let newest = self.marks.last().map_or(0, |mark| mark.number);
        newest.max(self.image.map_or(0, |image| image.segment)) + 1
    }

    /// Whether the state depends on a segment that says only that older ones no longer count, and whose name may not be durable.
    pub(super) const fn is_restart_unsure(&self) -> bool {
        self.restarted
    }

    fn learn_durable(&mut self, sequence: u64) {
        self.durable_to = self.durable_to.max(sequence);
        while self
            .tail
            .frames
            .front()
            .is_some_and(|&(first, ..)| first <= self.durable_to)
        {
            self.tail.frames.pop_front();
        }
    }
}

/// Lists a directory; one that is absent has no entries.
fn list(fs: &dyn FsOps, dir: &std::path::Path) -> Result<Vec<DirEntry>, StoreError> {
    match fs.read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        result => result.map_err(io_error("list", dir)),
    }
}

/// What there is of a damaged store, without its content: the numbers that its files have used up. A store that goes on from there
/// continues after `sequence`, or after the snapshot if that is intact and reaches further.
pub(super) fn recover_numbers(
    fs: &dyn FsOps,
    layout: &Layout,
    sequence: u64,
) -> Result<Recovered, StoreError> {
    // One that is damaged says nothing.
    let image = read_image(fs, &layout.snapshot, &mut |_, _| ()).unwrap_or(None);
    let sequence = image.map_or(sequence, |image| image.covered.max(sequence));
    let mut recovered = Recovered::new(image, None, sequence, sequence);
    find_names(fs, layout, &mut recovered)?;
    Ok(recovered)
}

/// Reads the snapshot and as much of the log as it does not cover.
pub(super) fn recover(fs: &dyn FsOps, layout: &Layout) -> Result<Recovered, StoreError> {
    recover_into(Some(Table::default()), fs, layout)
}

/// Reads the same without keeping the pairs, for whoever replaces them.
pub(super) fn survey(fs: &dyn FsOps, layout: &Layout) -> Result<Recovered, StoreError> {
    recover_into(None, fs, layout)
}

fn recover_into(
    mut table: Option<Table>,
    fs: &dyn FsOps,
    layout: &Layout,
) -> Result<Recovered, StoreError> {
    let image = read_image(fs, &layout.snapshot, &mut |key, value| {
        if let Some(table) = &mut table {
            table.insert(key, value);
        }
    })?;
    let (covered, floor) = image.map_or((0, 0), |image| (image.covered, image.floor));
    let mut recovered = Recovered::new(image, table, covered, floor);
    find_names(fs, layout, &mut recovered)?;
    let newest = recovered.marks.last().map_or(0, |mark| mark.number);
    if let Some(image) = image
        && !image.voids
        && image.segment > newest
    {
        return Err(StoreError::LogMissing {
            path: layout.log_dir.clone(),
            number: image.segment,
        });
    }
    let segments = read_segments(fs, layout, &mut recovered)?;
    replay(&mut recovered, segments)?;
    Ok(recovered)
}

/// Lists segments and temporaries.
fn find_names(
    fs: &dyn FsOps,
    layout: &Layout,
    recovered: &mut Recovered,
) -> Result<(), StoreError> {
    let entries = list(fs, &layout.log_dir)?;
    for entry in &entries {
        match parse_log_name(&entry.name) {
            Some(LogName::Segment(number)) => recovered.marks.push(Mark { number, base: None }),
            Some(LogName::Temporary) => {
                recovered.temporaries.push(layout.log_dir.join(&entry.name))
            }
            None => {}
        }
    }
    recovered.marks.sort_unstable_by_key(|mark| mark.number);
    let beside = if layout.snapshot_dir == layout.log_dir {
        entries
    } else {
        list(fs, &layout.snapshot_dir)?
    };
    for entry in beside
        .iter()
        .filter(|entry| layout.is_snapshot_temp(&entry.name))
    {
        recovered
            .temporaries
            .push(layout.snapshot_dir.join(&entry.name));
    }
    Ok(())
}

/// The segments that hold what the snapshot does not cover, and damaged ones between them.
struct Needed {
    /// Oldest first.
    segments: Vec<Segment>,
    /// Why a segment could not be read. That is harmless unless commits turn out to be missing: a segment that was removed may
    /// come back in part.
    damage: Option<StoreError>,
}

/// Reads segments from the newest to the one at which the snapshot takes over; older ones are not even opened.
fn read_segments(
    fs: &dyn FsOps,
    layout: &Layout,
    recovered: &mut Recovered,
) -> Result<Needed, StoreError> {
    let first_needed = recovered.covered() + 1;
    let void = recovered.image.map_or(0, |image| image.void());
    let mut needed = Needed {
        segments: Vec::new(),
        damage: None,
    };
    let mut next_base = None;
    for mark in recovered.marks.iter_mut().rev() {
        if mark.number <= void || next_base.is_some_and(|base| base <= first_needed) {
            break;
        }
        match Segment::open(fs, layout.segment(mark.number), mark.number) {
            Ok(segment) => {
                if next_base.is_some_and(|base| segment.base > base) {
                    return Err(StoreError::Corrupted {
                        path: segment.path,
                        offset: 24,
                        reason: "the first sequence number is beyond that of a newer segment",
                    });
                }
                mark.base = Some(segment.base);
                next_base = Some(segment.base);
                needed.segments.push(segment);
            }
            Err(e @ StoreError::Io { .. }) => return Err(e),
            Err(e) if next_base.is_none() => return Err(e), // The newest is never removed, so that it cannot be a remnant.
            Err(e) => needed.damage = needed.damage.or(Some(e)),
        }
    }
    needed.segments.reverse();
    match (next_base, needed.segments.first()) {
        (Some(base), Some(oldest)) if base > first_needed => {
            Err(needed.damage.unwrap_or_else(|| StoreError::Missing {
                path: oldest.path.clone(),
                from: first_needed,
                to: base - 1,
            }))
        }
        _ => Ok(needed),
    }
}

/// Applies the frames of the segments, each up to where the next one takes over.
fn replay(recovered: &mut Recovered, needed: Needed) -> Result<(), StoreError> {
    let Needed {
        segments,
        mut damage,
    } = needed;
    let mut segments = segments.into_iter().peekable();
    while let Some(mut segment) = segments.next() {
        segment.load()?;
        let limit = segments.peek().map(|next| next.base);
        let (expected, offset) = replay_segment(recovered, &segment, limit)?;
        match limit {
            Some(limit) if expected < limit => {
                return Err(damage
                    .take()
                    .unwrap_or_else(|| ends_early(&segment, expected, offset, limit)));
            }
            Some(_) => {}
            None => {
                if expected <= segment.first_to
                    || was_synced(&segment.bytes, offset, segment.seed, expected)
                {
                    return Err(corrupted(
                        &segment,
                        offset,
                        "a commit is damaged that was durable once",
                    ));
                }
                recovered.restarted = segment.first_to < segment.base;
                recovered.sequence = recovered.sequence.max(expected - 1);
                recovered.tail.bytes = segment.bytes;
            }
        }
    }
    Ok(())
}

fn corrupted(segment: &Segment, offset: usize, reason: &'static str) -> StoreError {
    StoreError::Corrupted {
        path: segment.path.clone(),
        offset: offset as u64,
        reason,
    }
}

fn ends_early(segment: &Segment, expected: u64, offset: usize, limit: u64) -> StoreError {
    if offset == segment.bytes.len() {
        StoreError::Missing {
            path: segment.path.clone(),
            from: expected,
            to: limit - 1,
        }
    } else {
        corrupted(
            segment,
            offset,
            "a commit is damaged that a newer segment says was durable",
        )
    }
}

/// Applies frames until one is not valid, not the next, or counts no longer. Returns the number of the frame that should come
/// next, and its offset.
fn replay_segment(
    recovered: &mut Recovered,
    segment: &Segment,
    limit: Option<u64>,
) -> Result<(u64, usize), StoreError> {
    let covered = recovered.covered();
    let mut expected = segment.base;
    let mut offset = SEGMENT_HEADER_BYTES;
    recovered.learn_durable(segment.base - 1);
    while limit.is_none_or(|limit| expected < limit) {
        let Some(frame) = read_frame(&segment.bytes, offset, segment.seed) else {
            break;
        };
        let Frame { sequence, body, .. } = frame;
        if frame.is_close_mark() {
            if sequence + 1 != expected {
                break;
            }
            recovered.learn_durable(sequence);
            offset = frame.end;
            continue;
        }
        if sequence != expected {
            break;
        }
        recovered.learn_durable(frame.synced_to);
        if sequence > covered {
            let table = &mut recovered.table;
            let apply = |change: Change<'_>| {
                if let Some(table) = table {
                    table.apply(change);
                }
            };
            batch::decode(body, apply).ok_or_else(|| {
                corrupted(
                    segment,
                    offset,
                    "a commit with a right checksum is malformed",
                )
            })?;
            if limit.is_none() && sequence > recovered.durable_to {
                recovered
                    .tail
                    .frames
                    .push_back((sequence, frame.end - body.len(), frame.end));
            }
        }
        expected += 1;
        offset = frame.end;
    }
    Ok((expected, offset))
}
