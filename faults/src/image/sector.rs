//! The smallest thing a disk writes whole.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

/// Bytes in a sector: the largest unit whose write BOB found atomic on every file system it tested
/// (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014, table 1).
pub const SECTOR: usize = 512;

/// The content of one sector, never changed once made, with its hash.
#[derive(Debug, PartialEq, Eq)]
pub struct Sector {
    bytes: [u8; SECTOR],
    hash: u128,
}

impl Sector {
    /// A sector of these bytes.
    pub fn new(bytes: [u8; SECTOR]) -> Arc<Self> {
        let hash = xxh3_128(&bytes);
        Arc::new(Self { bytes, hash })
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
        mix(self.hash, index)
    }

    fn is_zero(&self) -> bool {
        static ZERO: std::sync::LazyLock<u128> =
            std::sync::LazyLock::new(|| xxh3_128(&[0; SECTOR]));
        self.hash == *ZERO
    }
}

/// Binds a hash to a position, so that sums of hashes do not commute with positions.
pub(crate) const fn mix(hash: u128, position: u64) -> u128 {
    let salt = (position as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let mixed = (hash ^ salt).wrapping_mul(0xda94_2042_e4dd_58b5_9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 67)
}
