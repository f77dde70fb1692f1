//! The bytes of a file: copy-on-write sectors in copy-on-write chunks.

use std::sync::Arc;

use super::sector::{SECTOR, Sector, mix};
use super::tree::Ino;
use crate::log::MicroOp;

/// Sectors in a chunk: small, because changing one sector copies the chunk's pointers.
const CHUNK: usize = 16;

/// What a sector reads as that is absent.
const ZEROS: [u8; SECTOR] = [0; SECTOR];

type Chunk = [Option<Arc<Sector>>; CHUNK];

/// The content of a regular file. Sectors that are absent read as zeros.
///
/// A file a process sees holds nothing beyond its length. The durable side of a crash may: data can reach the disk before the size
/// that makes it readable.
#[derive(Clone, Debug)]
pub struct Content {
    len: u64,
    chunks: Vec<Option<Arc<Chunk>>>,
    /// No sector is stored from this index on.
    end: u64,
    /// Sum (exclusive or) of the terms of all sectors stored, where it is kept up: what processes change is rarely compared.
    sum: Option<u128>,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            len: 0,
            chunks: Vec::new(),
            end: 0,
            sum: Some(0),
        }
    }
}

impl Content {
    /// A file of these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut content = Self::default();
        let (first, sectors) = content.patch(bytes, 0);
        content.set_sectors(first, &sectors);
        content.set_len(bytes.len() as u64);
        content
    }

    /// Length in bytes.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether the length is zero.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sector at `index`, if it was ever written.
    pub fn sector(&self, index: u64) -> Option<&Arc<Sector>> {
        let index = usize::try_from(index).ok()?;
        self.chunks
            .get(index / CHUNK)?
            .as_ref()?
            .get(index % CHUNK)?
            .as_ref()
    }

    /// Replaces the sector at `index`; `None` makes it zeros. The length stays as it is.
    pub fn set_sector(&mut self, index: u64, sector: Option<Arc<Sector>>) {
        let position = usize::try_from(index).expect("a simulated file fits into memory");
        let (chunk, slot) = (position / CHUNK, position % CHUNK);
        if self.chunks.len() <= chunk {
            if sector.is_none() {
                return;
            }
            self.chunks.resize(chunk + 1, None);
        }
        if sector.is_none() && self.chunks[chunk].is_none() {
            return;
        }
        let entry = self.chunks[chunk].get_or_insert_with(|| Arc::new(Chunk::default()));
        let place = &mut Arc::make_mut(entry)[slot];
        if let Some(sum) = &mut self.sum {
            let term = |sector: &Option<Arc<Sector>>| {
                sector.as_ref().map_or(0, |sector| sector.term(index))
            };
            *sum ^= term(place) ^ term(&sector);
        }
        if sector.is_some() {
            self.end = self.end.max(index + 1);
        }
        *place = sector;
    }

    /// Replaces the sectors from `first` on. The length stays as it is.
    fn set_sectors(&mut self, first: u64, sectors: &[Arc<Sector>]) {
        let mut position = usize::try_from(first).expect("a simulated file fits into memory");
        let mut rest = sectors;
        while !rest.is_empty() {
            let (chunk, slot) = (position / CHUNK, position % CHUNK);
            let (now, later) = rest.split_at(rest.len().min(CHUNK - slot));
            if self.chunks.len() <= chunk {
                self.chunks.resize(chunk + 1, None);
            }
            let entry = self.chunks[chunk].get_or_insert_with(|| Arc::new(Chunk::default()));
            let places = &mut Arc::make_mut(entry)[slot..slot + now.len()];
            for (index, (place, sector)) in (position as u64..).zip(places.iter_mut().zip(now)) {
                if place.as_ref().is_some_and(|old| Arc::ptr_eq(old, sector)) {
                    continue;
                }
                if let Some(sum) = &mut self.sum {
                    let old = place.as_ref().map_or(0, |old| old.term(index));
                    *sum ^= old ^ sector.term(index);
                }
                *place = Some(Arc::clone(sector));
            }
            position += now.len();
            self.end = self.end.max(position as u64);
            rest = later;
        }
    }

    /// Keeps the sum of terms up from here on, so that a hash costs nothing.
    pub(super) fn keep_sum(&mut self) {
        self.sum = Some(self.sum());
    }

    /// No longer keeps it up, so that a change costs less; a hash then reads every sector.
    pub(super) const fn forget_sum(&mut self) {
        self.sum = None;
    }

    /// Whether it is kept up.
    pub(super) const fn keeps_sum(&self) -> bool {
        self.sum.is_some()
    }

    fn sum(&self) -> u128 {
        self.sum.unwrap_or_else(|| self.terms_from(0))
    }

    /// Sets the length alone; bytes beyond it stay where they are and cannot be read.
    pub const fn set_len(&mut self, len: u64) {
        self.len = len;
    }

    /// Makes every sector in `from..to` zeros.
    pub fn clear(&mut self, from: u64, to: u64) {
        for index in from..to.min(self.end) {
            if self.sector(index).is_some() {
                self.set_sector(index, None);
            }
        }
        if to >= self.end {
            self.end = self.end.min(from);
        }
    }

    /// Applies one change of this file, whose inode is `ino`.
    pub(crate) fn apply(&mut self, ino: Ino, change: &MicroOp) {
        match change {
            MicroOp::Data { first, sectors, .. } => self.set_sectors(*first, sectors),
            MicroOp::Garbage { first, count, .. } => {
                for index in *first..first + count {
                    if self.sector(index).is_none() {
                        self.set_sector(index, Some(Sector::garbage(ino.0, index)));
                    }
                }
            }
            MicroOp::Zero { from, .. } => self.cut(*from),
            MicroOp::Size { len, change, .. } => self.set_len(change.applied(self.len, *len)),
            MicroOp::Inode { .. }
            | MicroOp::Free { .. }
            | MicroOp::Name { .. }
            | MicroOp::Evicted { .. }
            | MicroOp::Held { .. }
            | MicroOp::Released { .. } => {}
        }
    }

    /// Whether everything stored can be read.
    pub(crate) fn is_trimmed(&self) -> bool {
        let whole = self.len / SECTOR as u64;
        let rest = (self.len % SECTOR as u64) as usize;
        let beyond = whole + u64::from(rest > 0);
        let tail_is_clean = rest == 0
            || self
                .sector(whole)
                .is_none_or(|last| last.is_zero_from(rest));
        tail_is_clean && (beyond..self.end).all(|index| self.sector(index).is_none())
    }

    /// Makes every byte from `from` on zero.
    pub fn cut(&mut self, from: u64) {
        let (whole, rest) = (from / SECTOR as u64, (from % SECTOR as u64) as usize);
        if rest > 0
            && let Some(last) = self.sector(whole)
            && !last.is_zero_from(rest)
        {
            let mut bytes = *last.bytes();
            bytes[rest..].fill(0);
            self.set_sector(whole, Some(Sector::new(bytes)));
        }
        self.clear(whole + u64::from(rest > 0), u64::MAX);
    }

    /// Removes everything that cannot be read: sectors beyond the length, and the rest of the last one.
    pub fn trim(&mut self) {
        self.cut(self.len);
        let sectors = self.len.div_ceil(SECTOR as u64) as usize;
        self.chunks.truncate(sectors.div_ceil(CHUNK));
    }

    /// Hash of what can be read. The content must be trimmed.
    pub fn hash(&self) -> u128 {
        mix(self.sum(), self.len)
    }

    /// The hash that the content would have at this length, with these sectors, trimmed. Each comes once, in order of indexes,
    /// with its [delta](Self::delta).
    pub(crate) fn hash_with<'a>(
        &self,
        len: u64,
        sectors: impl Iterator<Item = (u64, u128, &'a Sector)>,
    ) -> u128 {
        let (whole, rest) = (len / SECTOR as u64, (len % SECTOR as u64) as usize);
        let visible = whole + u64::from(rest > 0);
        let mut sum = self.sum() ^ self.terms_from(visible);
        let mut last = self.sector(whole).map(|sector| &**sector);
        for (index, delta, sector) in sectors {
            if index >= visible {
                break;
            }
            sum ^= delta;
            if index == whole {
                last = Some(sector);
            }
        }
        if rest > 0
            && let Some(last) = last
        {
            // Of the last sector only the head can be read.
            sum ^= last.term(whole) ^ last.head_term(rest, whole);
        }
        mix(sum, len)
    }

    /// What a sector changes in the sum of terms when it takes the place of what is there.
    pub(crate) fn delta(&self, index: u64, sector: &Sector) -> u128 {
        sector.term(index) ^ self.term(index)
    }

    fn term(&self, index: u64) -> u128 {
        self.sector(index).map_or(0, |sector| sector.term(index))
    }

    /// Sum of the terms of all sectors stored from `first` on.
    fn terms_from(&self, first: u64) -> u128 {
        (first..self.end).fold(0, |sum, index| sum ^ self.term(index))
    }

    /// Copies out bytes from `offset` on, and says how many there were.
    pub fn read(&self, buf: &mut [u8], offset: u64) -> usize {
        let available = self.len.saturating_sub(offset);
        let wanted = (buf.len() as u64).min(available) as usize;
        let mut done = 0;
        while done < wanted {
            let at = offset + done as u64;
            let start = (at % SECTOR as u64) as usize;
            let count = (SECTOR - start).min(wanted - done);
            let target = &mut buf[done..done + count];
            match self.sector(at / SECTOR as u64) {
                Some(sector) => target.copy_from_slice(&sector.bytes()[start..start + count]),
                None => target.fill(0),
            }
            done += count;
        }
        wanted
    }

    /// All the bytes that can be read.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut bytes =
            vec![0; usize::try_from(self.len).expect("a simulated file fits into memory")];
        self.read(&mut bytes, 0);
        bytes
    }

    /// The sectors that a write of `buf` at `offset` writes, from the first on, with their new content. Those that stay as they are are
    /// shared: a store that rewrites a page changes little of it.
    pub fn patch(&self, buf: &[u8], offset: u64) -> (u64, Vec<Arc<Sector>>) {
        let first = offset / SECTOR as u64;
        let end = (offset + buf.len() as u64).div_ceil(SECTOR as u64);
        let mut sectors = Vec::with_capacity((end - first) as usize);
        let mut zeros: Option<Arc<Sector>> = None;
        let mut done = 0;
        while done < buf.len() {
            let at = offset + done as u64;
            let start = (at % SECTOR as u64) as usize;
            let count = (SECTOR - start).min(buf.len() - done);
            let new = &buf[done..done + count];
            done += count;
            let old = self.sector(at / SECTOR as u64);
            sectors.push(match (old, <&[u8; SECTOR]>::try_from(new)) {
                (Some(old), _) if old.bytes()[start..start + count] == *new => Arc::clone(old),
                (_, Ok(whole)) if *whole == ZEROS => {
                    Arc::clone(zeros.get_or_insert_with(|| Sector::of(whole)))
                }
                (_, Ok(whole)) => Sector::of(whole),
                (Some(old), Err(_)) => old.patched(start, new),
                (None, Err(_)) => {
                    let mut bytes = ZEROS;
                    bytes[start..start + count].copy_from_slice(new);
                    Sector::new(bytes)
                }
            });
        }
        (first, sectors)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    fn write(content: &mut Content, buf: &[u8], offset: u64) {
        let (first, sectors) = content.patch(buf, offset);
        for (index, sector) in sectors.into_iter().enumerate() {
            content.set_sector(first + index as u64, Some(sector));
        }
        content.set_len(content.len().max(offset + buf.len() as u64));
    }

    proptest! {
        /// Held to a plain byte vector, over writes and truncations.
        #[test]
        fn behaves_like_a_vector(
            steps in prop::collection::vec((0_u64..20_000, prop::option::of(prop::collection::vec(any::<u8>(), 1..1500))), 1..20)
        ) {
            let mut content = Content::default();
            let mut model: Vec<u8> = Vec::new();
            for (offset, data) in steps {
                match data {
                    Some(data) => {
                        write(&mut content, &data, offset);
                        let end = offset as usize + data.len();
                        if model.len() < end {
                            model.resize(end, 0);
                        }
                        model[offset as usize..end].copy_from_slice(&data);
                    }
                    None => {
                        content.set_len(offset);
                        content.trim();
                        model.resize(offset as usize, 0);
                    }
                }
                prop_assert_eq!(content.to_vec(), &model[..]);
            }
            let mut fresh = Content::default();
            write(&mut fresh, &model, 0);
            prop_assert_eq!(fresh.hash(), content.hash(), "the hash depends on what can be read, and on nothing else");
            let mut seen = content.clone();
            seen.forget_sum();
            write(&mut seen, b"more", 100);
            write(&mut content, b"more", 100);
            prop_assert_eq!(seen.hash(), content.hash(), "nor on whether its sum is kept up");
            seen.keep_sum();
            prop_assert_eq!(seen.hash(), content.hash());
        }

        /// A store that writes what is there already costs nothing, and changes nothing.
        #[test]
        fn sectors_that_stay_as_they_are_are_shared(
            base in prop::collection::vec(any::<u8>(), 1..4_000),
            place in any::<prop::sample::Index>(),
        ) {
            let content = Content::from_bytes(&base);
            let offset = place.index(base.len());
            let (first, sectors) = content.patch(&base[offset..], offset as u64);
            for (index, sector) in (first..).zip(&sectors) {
                prop_assert!(content.sector(index).is_some_and(|old| Arc::ptr_eq(old, sector)));
            }
        }

        /// Held to what it stands for.
        #[test]
        fn a_hash_is_told_without_building(
            base in prop::collection::vec(any::<u8>(), 0..4_000),
            shown in 0_u64..5_000,
            steps in prop::collection::vec((0_u64..6_000, prop::option::of(prop::collection::vec(any::<u8>(), 1..1500))), 0..6)
        ) {
            let mut content = Content::from_bytes(&base);
            // What the disk holds may reach beyond the length.
            content.set_len(shown);
            let mut built = content.clone();
            let mut written = BTreeMap::new();
            for (offset, data) in steps {
                let Some(data) = data else {
                    built.set_len(offset);
                    continue;
                };
                let (first, sectors) = built.patch(&data, offset);
                for (index, sector) in (first..).zip(sectors) {
                    built.set_sector(index, Some(Arc::clone(&sector)));
                    written.insert(index, sector);
                }
            }
            let len = built.len();
            built.trim();
            let sectors = written.iter().map(|(&index, sector)| (index, content.delta(index, sector), &**sector));
            prop_assert_eq!(content.hash_with(len, sectors), built.hash());
        }
    }
}
