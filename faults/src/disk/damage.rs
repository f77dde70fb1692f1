//! Bytes that are not what they should be, chosen by the seed of the plan.

use std::borrow::Cow;

use crate::image::{Image, Ino, SECTOR};
use crate::plan::Damage;
use crate::rng::Rng;

/// Bytes of a block.
const BLOCK: u64 = 4096;

/// What becomes of a write.
#[derive(Debug)]
pub(super) struct Stored<'a> {
    /// What is stored.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Where.
    pub(super) ino: Ino,
    /// At which offset.
    pub(super) offset: u64,
    /// The file that was meant is at least this long afterwards.
    pub(super) end: u64,
}

/// A place on the disk that a transfer goes to instead of its own.
struct Elsewhere {
    ino: Ino,
    offset: u64,
    len: u64,
}

/// A sector's worth of places, other than `own` at `offset`, where something is stored.
fn elsewhere(image: &Image, own: Ino, offset: u64, rng: &mut Rng) -> Option<Elsewhere> {
    let mut places = Vec::new();
    image.walk(&mut |_, ino| {
        let len = image.file(ino).map_or(0, |content| content.len());
        for sector in 0..len.div_ceil(SECTOR as u64) {
            let at = sector * SECTOR as u64;
            if ino != own || at != offset / SECTOR as u64 * SECTOR as u64 {
                places.push((ino, at, len - at));
            }
        }
    });
    if places.is_empty() {
        return None;
    }
    let &(ino, at, left) = rng.pick(&places);
    // The same place within the sector, as where only the block number is wrong.
    let within = (offset % SECTOR as u64).min(left - 1);
    Some(Elsewhere {
        ino,
        offset: at + within,
        len: left - within,
    })
}

/// Bytes `from..to` of a transfer of `len` bytes at `offset`, which some unit of the disk holds.
fn unit(offset: u64, len: usize, size: u64, rng: &mut Rng) -> (usize, usize) {
    let first = offset / size;
    let last = (offset + len as u64 - 1) / size;
    let chosen = first + rng.below(last - first + 1);
    let from = (chosen * size).saturating_sub(offset);
    let to = ((chosen + 1) * size - offset).min(len as u64);
    (from as usize, to as usize)
}

/// Damages bytes in place, where the damage is one of bytes.
fn spoil(damage: Damage, bytes: &mut [u8], offset: u64, rng: &mut Rng) {
    let len = bytes.len();
    if len == 0 {
        return;
    }
    match damage {
        Damage::Flip(bits) => {
            for _ in 0..bits {
                let at = rng.below(len as u64) as usize;
                bytes[at] ^= 1 << rng.below(8);
            }
        }
        Damage::ZeroSector => {
            let (from, to) = unit(offset, len, SECTOR as u64, rng);
            bytes[from..to].fill(0);
        }
        Damage::ZeroBlock => {
            let (from, to) = unit(offset, len, BLOCK, rng);
            bytes[from..to].fill(0);
        }
        Damage::ZeroTail => bytes[rng.below(len as u64) as usize..].fill(0),
        Damage::GarbageTail => {
            let from = rng.below(len as u64) as usize;
            bytes[from..].fill_with(|| rng.next_u64() as u8);
        }
        _ => {}
    }
}

/// Damages what a read returns. Returns how many bytes those are.
pub(super) fn spoil_read(
    damage: Damage,
    buf: &mut [u8],
    place: (Ino, u64),
    image: &Image,
    rng: &mut Rng,
) -> usize {
    let (ino, offset) = place;
    match damage {
        Damage::Eof => return 0,
        Damage::Misdirect => {
            if let Some(other) = elsewhere(image, ino, offset, rng)
                && let Some(content) = image.file(other.ino)
            {
                // What lies behind the end of the other file reads as zeros.
                let count = content.read(buf, other.offset);
                buf[count..].fill(0);
            }
        }
        _ => spoil(damage, buf, offset, rng),
    }
    buf.len()
}

/// Damages what a write stores.
pub(super) fn spoil_write<'a>(
    damage: Option<Damage>,
    buf: &'a [u8],
    place: (Ino, u64),
    image: &Image,
    rng: &mut Rng,
) -> Stored<'a> {
    let (ino, offset) = place;
    let mut stored = Stored {
        bytes: Cow::Borrowed(buf),
        ino,
        offset,
        end: offset + buf.len() as u64,
    };
    match damage {
        None | Some(Damage::Replay | Damage::Cut | Damage::Empty | Damage::Eof) => {}
        Some(Damage::Lose) => stored.bytes = Cow::Borrowed(&[]),
        Some(Damage::Tear) => {
            let (from, _) = unit(offset, buf.len(), SECTOR as u64, rng);
            stored.bytes = Cow::Borrowed(&buf[..from]);
        }
        Some(Damage::Duplicate) => {
            stored.bytes = Cow::Owned([buf, buf].concat());
            stored.end += buf.len() as u64;
        }
        Some(Damage::Misdirect) => match elsewhere(image, ino, offset, rng) {
            Some(other) => {
                let count = buf.len().min(other.len as usize);
                stored.bytes = Cow::Borrowed(&buf[..count]);
                stored.ino = other.ino;
                stored.offset = other.offset;
            }
            // There is no other place: the write is merely lost.
            None => stored.bytes = Cow::Borrowed(&[]),
        },
        Some(damage) => spoil(damage, stored.bytes.to_mut(), offset, rng),
    }
    stored
}

/// Where a file ends after damage that cuts it.
pub(super) fn cut(damage: Option<Damage>, len: u64) -> Option<u64> {
    match damage {
        Some(Damage::Empty) => Some(0),
        Some(Damage::Cut) => Some(len.saturating_sub(1) / BLOCK * BLOCK),
        _ => None,
    }
}
