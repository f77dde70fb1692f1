//! A hash over everything that happened in a run.

use std::fmt;

use xxhash_rust::xxh3::Xxh3;

/// Hash over every operation, byte and result of a run: equal seeds give equal fingerprints, on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Collects what happens into a [`Fingerprint`].
#[derive(Clone)]
pub struct Fingerprinter {
    hasher: Box<Xxh3>,
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Self {
            hasher: Box::new(Xxh3::new()),
        }
    }
}

impl Fingerprinter {
    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        self.hasher.update(&number.to_le_bytes());
    }

    /// Adds a 128-bit hash.
    pub fn hash(&mut self, hash: u128) {
        self.hasher.update(&hash.to_le_bytes());
    }

    /// Adds bytes, with their length, so that neighbours cannot run into each other.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.hasher.update(bytes);
    }

    /// The fingerprint of all that was added.
    pub fn finish(&self) -> Fingerprint {
        Fingerprint(self.hasher.digest128())
    }
}
