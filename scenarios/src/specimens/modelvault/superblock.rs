//! The superblocks: `TSB0 | generation u64 | manifest start, end u64 | checkpoint u64 | CRC32C u32`, in two slots in turn.

use super::segment::u64_at;

const MAGIC: &[u8; 4] = b"TSB0";
const LEN: usize = 40;

/// Bytes of the header of the file, which is in front of the slots.
pub(super) const FILE_HEADER: usize = 32;
const SLOT: usize = 4096;
/// Where the log starts.
pub(super) const LOG_START: usize = FILE_HEADER + 2 * SLOT;

/// What a superblock says of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Superblock {
    pub(super) generation: u64,
    pub(super) manifest: u64,
    /// Where the manifest ends, which is the last segment.
    pub(super) manifest_end: u64,
    /// Where the last checkpoint starts; zero when there is none.
    pub(super) checkpoint: u64,
}

impl Superblock {
    pub(super) fn encode(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let fields = [
            self.generation,
            self.manifest,
            self.manifest_end,
            self.checkpoint,
        ];
        for field in fields {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    /// The place of the slot that this generation goes to.
    pub(super) const fn slot(self) -> usize {
        FILE_HEADER + SLOT * ((self.generation + 1) % 2) as usize
    }

    /// The newer of the two that are whole.
    pub(super) fn newest(file: &[u8]) -> Option<Self> {
        [FILE_HEADER, FILE_HEADER + SLOT]
            .into_iter()
            .filter_map(|at| Self::decode(file.get(at..at + LEN)?))
            .max_by_key(|superblock| superblock.generation)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (fields, crc) = bytes.split_last_chunk()?;
        if !fields.starts_with(MAGIC) || crc32c::crc32c(fields) != u32::from_le_bytes(*crc) {
            return None;
        }
        Some(Self {
            generation: u64_at(fields, 4),
            manifest: u64_at(fields, 12),
            manifest_end: u64_at(fields, 20),
            checkpoint: u64_at(fields, 28),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_of_two_whole_superblocks_counts() {
        let block = |generation| Superblock {
            generation,
            manifest: 1,
            manifest_end: 2,
            checkpoint: 3,
        };
        let mut file = vec![0; LOG_START];
        assert_eq!(Superblock::newest(&file), None);
        for generation in 1..4 {
            let at = block(generation).slot();
            file[at..at + LEN].copy_from_slice(&block(generation).encode());
            assert_eq!(Superblock::newest(&file), Some(block(generation)));
        }
        file[block(3).slot() + 4] ^= 1;
        assert_eq!(Superblock::newest(&file), Some(block(2)));
    }
}
