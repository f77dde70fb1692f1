//! What tells the pairs of two readings apart.

/// A sum over keys and values in their order, whatever file they are in and however that is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest {
    crc: u32,
    count: u64,
    bytes: u64,
}

impl Digest {
    /// Adds the next pair.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.count += 1;
        self.bytes += (key.len() + value.len()) as u64;
        // With its length, so that a byte cannot pass from a key to its value unseen.
        let len = (key.len() as u64).to_le_bytes();
        for part in [&len[..], key, value] {
            self.crc = crc32c::crc32c_append(self.crc, part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(pairs: &[(&[u8], &[u8])]) -> Digest {
        let mut digest = Digest::default();
        pairs.iter().for_each(|(key, value)| digest.add(key, value));
        digest
    }

    #[test]
    fn every_other_reading_has_another_digest() {
        let pairs: &[(&[u8], &[u8])] = &[(b"a", b"12"), (b"b", b"")];
        assert_eq!(digest(pairs), digest(pairs));
        let others: [&[(&[u8], &[u8])]; 6] = [
            &[],
            &[(b"a", b"12")],
            &[(b"b", b""), (b"a", b"12")],
            &[(b"a1", b"2"), (b"b", b"")],
            &[(b"a", b"13"), (b"b", b"")],
            &[(b"a", b"12"), (b"b", b""), (b"c", b"")],
        ];
        for other in others {
            assert_ne!(digest(pairs), digest(other), "{other:?}");
        }
    }
}
