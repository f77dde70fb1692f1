//! Which pages a sync would write, and what becomes of them when it fails.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::fsync_failure::Pages;
use crate::image::{Content, Image, Ino, SECTOR, Sector};
use crate::log::{Entry, MicroOp, SizeChange, SyncEnd};
use crate::op_kind::OpKind;

/// Bytes in a page, and sectors.
pub(super) const PAGE: u64 = 4096;
const PAGE_SECTORS: u64 = PAGE / SECTOR as u64;

/// A file that has changed since its last sync.
#[derive(Debug)]
struct Unsynced {
    /// What a sync would find on the disk: the content at the last one, cut where the file was cut since.
    base: Content,
    /// Sectors that were written.
    dirty: BTreeSet<u64>,
    /// Pages that failed and count as clean.
    stranded: BTreeSet<u64>,
}

/// What every file has that no sync has written. Only kept where syncs may fail.
#[derive(Debug, Default)]
pub(super) struct Writeback {
    files: BTreeMap<Ino, Unsynced>,
}

impl Writeback {
    /// Takes note of an operation that is about to change `image`.
    pub(super) fn observe(&mut self, image: &Image, entry: &Entry) {
        for change in &entry.changes {
            let Some(ino) = change.file() else { continue };
            let file = self.files.entry(ino).or_insert_with(|| Unsynced {
                base: image
                    .file(ino)
                    .map_or_else(Content::default, |content| Content::clone(content)),
                dirty: BTreeSet::new(),
                stranded: BTreeSet::new(),
            });
            file.observe(entry.kind, change);
        }
    }

    /// A sync has written everything of a file that counts as dirty.
    pub(super) fn written(&mut self, image: &Image, ino: Ino) {
        let Some(file) = self.files.get_mut(&ino) else {
            return;
        };
        if file.stranded.is_empty() {
            self.files.remove(&ino);
            return;
        }
        if let Some(content) = image.file(ino) {
            let pages: Vec<u64> = file.dirty_pages();
            file.take_over(content, &pages);
            file.base.set_len(content.len());
        }
    }

    /// Whether no page of a file has failed and waits to be written again.
    pub(super) fn is_settled(&self, ino: Ino) -> bool {
        self.files
            .get(&ino)
            .is_none_or(|file| file.stranded.is_empty())
    }

    /// The pages of a file that a sync would write now.
    pub(super) fn dirty_pages(&self, ino: Ino) -> Vec<u64> {
        self.files
            .get(&ino)
            .map(Unsynced::dirty_pages)
            .unwrap_or_default()
    }

    /// These pages of a file were not written, all others were. Returns what processes see from now on, as changes.
    pub(super) fn fail(
        &mut self,
        image: &Image,
        ino: Ino,
        failed: &[u64],
        pages: Pages,
    ) -> Vec<MicroOp> {
        let (Some(file), Some(content)) = (self.files.get_mut(&ino), image.file(ino)) else {
            return Vec::new();
        };
        let is_failed = |page: &u64| failed.contains(page);
        let written: Vec<u64> = file
            .dirty_pages()
            .into_iter()
            .filter(|page| !is_failed(page))
            .collect();
        file.take_over(content, &written);
        match pages {
            Pages::Dirty | Pages::Frozen => Vec::new(),
            Pages::Clean | Pages::Torn => {
                file.dirty.clear();
                file.stranded.extend(failed);
                Vec::new()
            }
            Pages::Reverted => file.revert(ino, content, failed),
            Pages::Unallocated => file.unallocate(ino, failed),
        }
    }
}

impl Unsynced {
    fn observe(&mut self, kind: OpKind, change: &MicroOp) {
        match change {
            MicroOp::Data { first, sectors, .. } if kind == OpKind::Write => {
                for sector in *first..first + sectors.len() as u64 {
                    self.dirty.insert(sector);
                    // A page is written whole: what had failed in it gets another chance.
                    self.stranded.remove(&(sector / PAGE_SECTORS));
                }
            }
            // Cutting and reserving are no write-back: they stay when that fails.
            MicroOp::Zero { from, .. } => {
                self.base.cut(*from);
                let end = from.div_ceil(SECTOR as u64);
                self.dirty.retain(|&sector| sector < end);
                self.stranded.retain(|&page| page * PAGE < *from);
            }
            MicroOp::Size {
                len,
                change: SizeChange::Set,
                ..
            } => self.base.set_len(*len),
            _ => {}
        }
    }

    fn dirty_pages(&self) -> Vec<u64> {
        let mut pages: Vec<u64> = self
            .dirty
            .iter()
            .map(|sector| sector / PAGE_SECTORS)
            .collect();
        pages.dedup();
        pages
    }

    /// These pages are on the disk now.
    fn take_over(&mut self, content: &Content, pages: &[u64]) {
        for &page in pages {
            for sector in page * PAGE_SECTORS..(page + 1) * PAGE_SECTORS {
                self.base
                    .set_sector(sector, content.sector(sector).cloned());
                self.dirty.remove(&sector);
            }
            let end = ((page + 1) * PAGE).min(content.len());
            self.base.set_len(self.base.len().max(end));
        }
    }

    /// Undoes what was written to these pages.
    fn revert(&mut self, ino: Ino, content: &Content, failed: &[u64]) -> Vec<MicroOp> {
        let len = self.base.len();
        let lost: Vec<u64> = self
            .dirty
            .iter()
            .copied()
            .filter(|sector| failed.contains(&(sector / PAGE_SECTORS)))
            .collect();
        for sector in &lost {
            self.dirty.remove(sector);
        }
        let kept = lost
            .into_iter()
            .filter(|sector| sector * (SECTOR as u64) < len);
        let mut changes = self.data(ino, kept);
        if content.len() > len {
            changes.push(MicroOp::Zero { ino, from: len });
            changes.push(MicroOp::Size {
                ino,
                len,
                change: SizeChange::Set,
            });
        }
        changes
    }

    /// Leaves holes where these pages had no space on the disk.
    fn unallocate(&mut self, ino: Ino, failed: &[u64]) -> Vec<MicroOp> {
        let is_new = |base: &Content, page: u64| {
            (page * PAGE_SECTORS..(page + 1) * PAGE_SECTORS)
                .all(|sector| base.sector(sector).is_none())
                && page * PAGE >= base.len().div_ceil(PAGE) * PAGE
        };
        let lost: Vec<u64> = self
            .dirty
            .iter()
            .copied()
            .filter(|sector| {
                let page = sector / PAGE_SECTORS;
                failed.contains(&page) && is_new(&self.base, page)
            })
            .collect();
        for sector in &lost {
            self.dirty.remove(sector);
        }
        self.data(ino, lost.into_iter())
    }

    /// The sectors as they are on the disk, as changes of what processes see.
    fn data(&self, ino: Ino, sectors: impl Iterator<Item = u64>) -> Vec<MicroOp> {
        let mut changes: Vec<MicroOp> = Vec::new();
        for sector in sectors {
            let old = self.base.sector(sector).cloned();
            let old = old.unwrap_or_else(|| Sector::new([0; SECTOR]));
            match changes.last_mut() {
                Some(MicroOp::Data { first, sectors, .. })
                    if *first + sectors.len() as u64 == sector =>
                {
                    sectors.push(old);
                }
                _ => changes.push(MicroOp::Data {
                    ino,
                    first: sector,
                    sectors: vec![old],
                }),
            }
        }
        changes
    }
}

/// How a sync ended of which pages were not written.
pub(super) const fn end_of(pages: Pages) -> SyncEnd {
    match pages {
        Pages::Clean => SyncEnd::Failed,
        Pages::Torn => SyncEnd::Torn,
        Pages::Dirty => SyncEnd::Retained,
        Pages::Frozen => SyncEnd::Frozen,
        Pages::Reverted | Pages::Unallocated => SyncEnd::Reverted,
    }
}

/// Pages as ranges of bytes, neighbours joined.
pub(super) fn byte_ranges(pages: &[u64]) -> Vec<Range<u64>> {
    let mut ranges: Vec<Range<u64>> = Vec::new();
    for page in pages {
        let (start, end) = (page * PAGE, (page + 1) * PAGE);
        match ranges.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => ranges.push(start..end),
        }
    }
    ranges
}
