//! The map in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::change::Change;

/// Keys and values in key order. Both are shared, so that a copy of the table, which a commit makes while a snapshot job holds
/// the table it was cut from, copies no bytes of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    entries: BTreeMap<Arc<[u8]>, Arc<[u8]>>,
}

impl Table {
    pub(super) fn apply(&mut self, change: Change<'_>) {
        match change.value {
            Some(value) => self.insert(change.key, value),
            None => {
                self.entries.remove(change.key);
            }
        }
    }

    pub(super) fn insert(&mut self, key: &[u8], value: &[u8]) {
        match self.entries.get_mut(key) {
            Some(old) => match Arc::get_mut(old) {
                // Nobody shares it, and it has the room.
                Some(bytes) if bytes.len() == value.len() => bytes.copy_from_slice(value),
                _ => *old = Arc::from(value),
            },
            None => {
                self.entries.insert(Arc::from(key), Arc::from(value));
            }
        }
    }

    pub(super) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.entries.get(key).map(|value| &**value)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.entries.iter().map(|(key, value)| (&**key, &**value))
    }
}
