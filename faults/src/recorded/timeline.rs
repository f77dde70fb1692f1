//! The op log of a program, cut so finely that a position in it stands for one thing that may or may not have happened.

use std::sync::Arc;

use crate::image::{Image, SECTOR, Sector};
use crate::litmus::Recording;
use crate::log::{Entry, MicroOp, NewSectors};
use crate::op_kind::OpKind;

/// Sectors in a block: what a real disk was asked to write is whole blocks.
const BLOCK_SECTORS: u64 = 4096 / SECTOR as u64;

/// The log of a program in entries of three sorts: data of one write in one block, anything else that changes the disk, a sync.
#[derive(Clone, Debug)]
pub struct Timeline {
    pub(super) image: Image,
    pub(super) entries: Vec<Entry>,
    /// Where in the log each step ends.
    ends: Vec<usize>,
}

impl Timeline {
    /// Cuts the log of a program.
    pub fn new(recording: &Recording) -> Self {
        let mut entries = Vec::new();
        let mut ends = Vec::new();
        for step in &recording.steps {
            for entry in step {
                split(entry, &mut entries);
            }
            ends.push(entries.len());
        }
        Self {
            image: recording.image.clone(),
            entries,
            ends,
        }
    }

    /// The positions whose states, together, are those of a crash after `after` steps had returned and before the next had.
    ///
    /// Without a sync every change only adds states, so the end of the step and the moment before each of its syncs suffice.
    pub fn positions(&self, after: usize) -> impl Iterator<Item = usize> {
        let start = if after == 0 { 0 } else { self.ends[after - 1] };
        let end = self.ends.get(after).copied().unwrap_or(start);
        (start..=end)
            .filter(move |&position| position == end || self.entries[position].sync.is_some())
    }

    /// The block that an entry wrote data to, as processes see it then.
    pub(super) fn block_after(&self, number: usize) -> Vec<Arc<Sector>> {
        let mut image = self.image.clone();
        for change in self.entries[..=number]
            .iter()
            .flat_map(|entry| &entry.changes)
        {
            image.apply(change);
        }
        let data = self.data(number).expect("it wrote data");
        let start = data.first / BLOCK_SECTORS * BLOCK_SECTORS;
        let zeros = Sector::new([0; SECTOR]);
        let content = image.file(data.ino).map(|content| &**content);
        let sector = |index| {
            content
                .and_then(|content| content.sector(index))
                .unwrap_or(&zeros)
        };
        (start..start + BLOCK_SECTORS)
            .map(|index| Arc::clone(sector(index)))
            .collect()
    }

    /// The data that an entry holds, if it holds data of a write and nothing else.
    pub(super) fn data(&self, number: usize) -> Option<NewSectors<'_>> {
        let entry = &self.entries[number];
        match entry.changes.as_slice() {
            [change] if entry.kind == OpKind::Write => change.new_sectors(),
            _ => None,
        }
    }
}

/// An entry like `entry`, with these changes alone.
fn part(entry: &Entry, changes: Vec<MicroOp>) -> Entry {
    Entry {
        changes,
        sync: None,
        ..entry.clone()
    }
}

fn split(entry: &Entry, out: &mut Vec<Entry>) {
    if entry.kind == OpKind::Write {
        for change in &entry.changes {
            let Some(data) = change.new_sectors() else {
                out.push(part(entry, vec![change.clone()]));
                continue;
            };
            let mut start = data.first;
            while start < data.end() {
                let stop = data.end().min((start / BLOCK_SECTORS + 1) * BLOCK_SECTORS);
                out.push(part(entry, vec![data.part(start..stop)]));
                start = stop;
            }
        }
    } else if !entry.changes.is_empty() {
        out.push(part(entry, entry.changes.clone()));
    }
    if entry.sync.is_some() {
        out.push(Entry {
            changes: Vec::new(),
            ..entry.clone()
        });
    }
}
