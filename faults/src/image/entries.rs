//! The entries of a directory.

use super::tree::{Ino, Name};

/// Names and what they refer to, in order of names.
///
/// A sorted list: directories are copied whenever a crash state changes one, far more often than they are large.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    sorted: Vec<(Name, Ino)>,
}

impl Entries {
    fn find(&self, name: &str) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|(other, _)| (**other).cmp(name))
    }

    /// What a name refers to.
    pub fn get(&self, name: &str) -> Option<&Ino> {
        self.get_key_value(name).map(|(_, ino)| ino)
    }

    /// The same, with the name as it is stored.
    pub fn get_key_value(&self, name: &str) -> Option<(&Name, &Ino)> {
        let position = self.find(name).ok()?;
        self.sorted.get(position).map(|(name, ino)| (name, ino))
    }

    /// Whether there is such a name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.find(name).is_ok()
    }

    /// Number of names.
    pub const fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether there are no names.
    pub const fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }

    /// Every name and what it refers to, in order of names.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Ino)> {
        self.sorted.iter().map(|(name, ino)| (name, ino))
    }

    /// What the names refer to, in order of names.
    pub fn values(&self) -> impl Iterator<Item = &Ino> {
        self.sorted.iter().map(|(_, ino)| ino)
    }

    /// Sets what a name refers to.
    pub fn insert(&mut self, name: Name, target: Ino) {
        match self.find(&name) {
            Ok(position) => self.sorted[position].1 = target,
            Err(position) => self.sorted.insert(position, (name, target)),
        }
    }

    /// Removes a name; one that is not there stays away.
    pub fn remove(&mut self, name: &str) {
        if let Ok(position) = self.find(name) {
            self.sorted.remove(position);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Held to an ordered map.
        #[test]
        fn behaves_like_an_ordered_map(
            steps in prop::collection::vec(("[a-c]{0,2}", prop::option::of(1_u64..9)), 0..40)
        ) {
            let mut entries = Entries::default();
            let mut model: BTreeMap<String, Ino> = BTreeMap::new();
            for (name, target) in steps {
                match target {
                    Some(target) => {
                        entries.insert(Name::from(name.as_str()), Ino(target));
                        model.insert(name.clone(), Ino(target));
                    }
                    None => {
                        entries.remove(&name);
                        model.remove(&name);
                    }
                }
                prop_assert_eq!(entries.get(&name), model.get(&name));
                prop_assert_eq!(entries.contains_key(&name), model.contains_key(&name));
                prop_assert_eq!(entries.len(), model.len());
                prop_assert_eq!(entries.is_empty(), model.is_empty());
                let listed: Vec<(&str, Ino)> = entries.iter().map(|(name, &ino)| (&**name, ino)).collect();
                let wanted: Vec<(&str, Ino)> = model.iter().map(|(name, &ino)| (name.as_str(), ino)).collect();
                prop_assert_eq!(listed, wanted);
                prop_assert!(entries.values().eq(model.values()));
            }
        }
    }
}
