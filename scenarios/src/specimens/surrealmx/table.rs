//! The map in memory.

use std::collections::BTreeMap;

use super::record::Commit;

/// A key's value, or that it was deleted, and by which commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Versioned {
    pub(crate) version: u64,
    pub(crate) value: Option<Vec<u8>>,
}

/// Every key with its newest version. Deleted keys stay, so that an older record in the log cannot bring them back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    entries: BTreeMap<Vec<u8>, Versioned>,
    version: u64,
}

impl Table {
    /// Takes note of a version, unless a newer one is known.
    pub(crate) fn apply(&mut self, version: u64, key: &[u8], value: Option<&[u8]>) {
        self.version = self.version.max(version);
        let entry = Versioned {
            version,
            value: value.map(<[u8]>::to_vec),
        };
        match self.entries.get_mut(key) {
            Some(known) if known.version > version => {}
            Some(known) => *known = entry,
            None => {
                self.entries.insert(key.to_vec(), entry);
            }
        }
    }

    /// Takes note of a commit.
    pub(crate) fn commit(&mut self, commit: &Commit) {
        for (key, value) in &commit.writes {
            self.apply(commit.version, key, value.as_deref());
        }
    }

    /// The newest version of all.
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &Versioned)> {
        self.entries.iter().map(|(key, entry)| (&key[..], entry))
    }

    /// The keys that are there.
    pub(crate) fn live(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.iter()
            .filter_map(|(key, entry)| Some((key, entry.value.as_deref()?)))
    }
}
