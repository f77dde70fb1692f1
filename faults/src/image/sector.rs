//! The smallest thing a disk writes whole.

use std::sync::{Arc, OnceLock};

use xxhash_rust::xxh3::xxh3_128;

/// Bytes in a sector: the largest unit whose write BOB found atomic on every file system it tested
/// (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014, table 1).
pub const SECTOR: usize = 512;

/// The content of one sector, never changed once made.
#[derive(Debug)]
pub struct Sector {
    bytes: [u8; SECTOR],
    /// Told when it is first asked for: most of what a recovered store writes nobody ever compares. Two words, because a sector that is
    /// aligned to sixteen bytes takes the allocator twice as long.
    hash: OnceLock<[u64; 2]>,
    /// Bytes up to the last that is not zero, told when it is first asked for as well.
    used: OnceLock<u16>,
}

impl Clone for Sector {
    /// The bytes; whoever copies a sector is about to change it.
    fn clone(&self) -> Self {
        Self {
            bytes: self.bytes,
            hash: OnceLock::new(),
            used: OnceLock::new(),
        }
    }
}

impl Sector {
    /// A sector of these bytes.
    pub fn new(bytes: [u8; SECTOR]) -> Arc<Self> {
        Self::of(&bytes)
    }

    /// The same of bytes that are somewhere else: they are copied once, to where they stay.
    pub(super) fn of(bytes: &[u8; SECTOR]) -> Arc<Self> {
        Arc::new(Self {
            bytes: *bytes,
            hash: OnceLock::new(),
            used: OnceLock::new(),
        })
    }

    /// This sector with other bytes from `start` on.
    pub(super) fn patched(self: &Arc<Self>, start: usize, new: &[u8]) -> Arc<Self> {
        let mut sector = Arc::clone(self);
        Arc::make_mut(&mut sector).bytes[start..start + new.len()].copy_from_slice(new);
        sector
    }

    /// Bytes up to the last that is not zero. Many at a time: most sectors are zeros at the end, or not at all.
    fn used_of(bytes: &[u8; SECTOR]) -> u16 {
        let (blocks, _) = bytes.as_chunks::<64>();
        let (words, _) = bytes.as_chunks::<8>();
        let is_used = |block: &[u8; 64]| {
            let (words, _) = block.as_chunks::<8>();
            words
                .iter()
                .fold(0, |all, &word| all | u64::from_le_bytes(word))
                != 0
        };
        let Some(block) = blocks.iter().rposition(is_used) else {
            return 0;
        };
        let mut end = (block + 1) * 8;
        while words[end - 1] == [0; 8] {
            end -= 1;
        }
        let zeros = u64::from_le_bytes(words[end - 1]).leading_zeros() / 8;
        (end * 8) as u16 - zeros as u16
    }

    /// What a sector holds that was allocated but never written: bytes of no file, the same for the same place in every run.
    pub fn garbage(inode: u64, index: u64) -> Arc<Self> {
        let mut bytes = [0; SECTOR];
        let mut state = inode.rotate_left(32) ^ index ^ 0x6a09_e667_f3bc_c908;
        for chunk in bytes.chunks_exact_mut(8) {
            state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            chunk.copy_from_slice(&(state ^ (state >> 29)).to_le_bytes());
        }
        Self::new(bytes)
    }

    /// The bytes.
    pub const fn bytes(&self) -> &[u8; SECTOR] {
        &self.bytes
    }

    /// What this sector adds to the hash of a file in which it is the `index`th. Sectors of zeros add nothing, because a hole
    /// reads the same.
    pub(super) fn term(&self, index: u64) -> u128 {
        if self.is_zero() {
            return 0;
        }
        mix(self.hash(), index)
    }

    fn hash(&self) -> u128 {
        let [low, high] = *self.hash.get_or_init(|| {
            let hash = xxh3_128(&self.bytes);
            [hash as u64, (hash >> 64) as u64]
        });
        u128::from(high) << 64 | u128::from(low)
    }

    /// The same for a sector of which only the first `len` bytes can be read, and the rest is zeros.
    pub(super) fn head_term(&self, len: usize, index: u64) -> u128 {
        if self.is_zero_from(len) {
            return self.term(index);
        }
        let mut bytes = self.bytes;
        bytes[len..].fill(0);
        if bytes[..len].iter().all(|&byte| byte == 0) {
            return 0;
        }
        mix(xxh3_128(&bytes), index)
    }

    /// Whether every byte from `len` on is zero.
    pub(super) fn is_zero_from(&self, len: usize) -> bool {
        usize::from(self.used()) <= len
    }

    /// Whether it is nothing but zeros.
    fn is_zero(&self) -> bool {
        self.used() == 0
    }

    fn used(&self) -> u16 {
        *self.used.get_or_init(|| Self::used_of(&self.bytes))
    }
}

impl PartialEq for Sector {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Sector {}

/// Binds a hash to a position, so that sums of hashes do not commute with positions.
pub(crate) const fn mix(hash: u128, position: u64) -> u128 {
    let salt = (position as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let mixed = (hash ^ salt).wrapping_mul(0xda94_2042_e4dd_58b5_9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 67)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sector_is_used_up_to_its_last_byte_that_is_not_zero() {
        assert_eq!(Sector::used_of(&[0; SECTOR]), 0);
        for last in 0..SECTOR {
            let mut bytes = [0; SECTOR];
            bytes[last / 3] = 0xff;
            bytes[last] = 0x10;
            assert_eq!(usize::from(Sector::used_of(&bytes)), last + 1);
            assert!(Sector::new(bytes).is_zero_from(last + 1));
            assert!(!Sector::new(bytes).is_zero_from(last));
        }
    }
}
