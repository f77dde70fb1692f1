//! What was computed for each choice of atoms.

use rustc_hash::FxHashMap;

use super::atom_set::AtomSet;

/// Choices that are looked for one after the other; beyond, they are indexed.
const LISTED_MAX: usize = 16;

/// A value for each choice seen so far. Neighbouring states share most of their choices, so the last one is looked at first.
#[derive(Debug)]
pub(super) struct Choices<T> {
    list: Vec<(AtomSet, T)>,
    index: FxHashMap<AtomSet, usize>,
    last: usize,
}

impl<T> Default for Choices<T> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            index: FxHashMap::default(),
            last: 0,
        }
    }
}

impl<T> Choices<T> {
    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.index.clear();
    }

    /// The value of this choice, computed if it was not seen before.
    pub(super) fn get(&mut self, choice: AtomSet, compute: impl FnOnce() -> T) -> &mut T {
        let position = match self.find(&choice) {
            Some(position) => position,
            None => self.add(choice, compute()),
        };
        self.last = position;
        &mut self.list[position].1
    }

    fn find(&self, choice: &AtomSet) -> Option<usize> {
        if let Some((last, _)) = self.list.get(self.last)
            && last == choice
        {
            return Some(self.last);
        }
        if self.list.len() > LISTED_MAX {
            return self.index.get(choice).copied();
        }
        self.list.iter().position(|(other, _)| other == choice)
    }

    fn add(&mut self, choice: AtomSet, value: T) -> usize {
        let position = self.list.len();
        self.list.push((choice, value));
        if position == LISTED_MAX {
            for (position, (choice, _)) in self.list.iter().enumerate() {
                self.index.insert(*choice, position);
            }
        } else if position > LISTED_MAX {
            self.index.insert(choice, position);
        }
        position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_choice_is_computed_once(positions in prop::collection::vec(0_usize..40, 0..120)) {
            let mut choices = Choices::default();
            let mut computed = [0; 40];
            for (step, &position) in positions.iter().enumerate() {
                let value = *choices.get(AtomSet::one(position), || {
                    computed[position] += 1;
                    position
                });
                prop_assert_eq!(value, position);
                if step == 100 {
                    choices.clear();
                    computed.fill(0);
                }
            }
            prop_assert!(computed.iter().all(|&count| count <= 1));
        }
    }
}
