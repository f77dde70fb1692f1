//! A set of atoms, by position.

/// Most atoms that can be pending at once; beyond, the oldest are merged.
pub(super) const ATOMS_MAX: usize = 256;

const WORDS: usize = ATOMS_MAX / 64;

/// A set of positions below [`ATOMS_MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AtomSet([u64; WORDS]);

impl AtomSet {
    pub(crate) const EMPTY: Self = Self([0; WORDS]);

    /// The positions below `count`.
    pub(crate) fn first(count: usize) -> Self {
        let mut words = [0; WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            let below = count.saturating_sub(index * 64).min(64);
            *word = if below == 64 {
                u64::MAX
            } else {
                (1 << below) - 1
            };
        }
        Self(words)
    }

    #[cfg(test)]
    pub(crate) fn one(position: usize) -> Self {
        let mut set = Self::EMPTY;
        set.insert(position);
        set
    }

    pub(crate) fn insert(&mut self, position: usize) {
        self.0[position / 64] |= 1 << (position % 64);
    }

    pub(crate) fn remove(&mut self, position: usize) {
        self.0[position / 64] &= !(1 << (position % 64));
    }

    pub(crate) const fn contains(&self, position: usize) -> bool {
        self.0[position / 64] >> (position % 64) & 1 == 1
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [0; WORDS]
    }

    pub(crate) fn union(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    pub(crate) fn intersection(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    pub(crate) fn difference(self, other: Self) -> Self {
        self.zip(other, |a, b| a & !b)
    }

    pub(crate) fn is_subset(&self, of: &Self) -> bool {
        self.0.iter().zip(&of.0).all(|(a, b)| a & !b == 0)
    }

    fn zip(self, other: Self, f: impl Fn(u64, u64) -> u64) -> Self {
        let mut words = self.0;
        for (word, other) in words.iter_mut().zip(other.0) {
            *word = f(*word, other);
        }
        Self(words)
    }

    /// The positions, in order.
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        let mut words = self.0.into_iter().enumerate();
        let (mut index, mut rest) = words.next().unwrap_or_default();
        std::iter::from_fn(move || {
            while rest == 0 {
                (index, rest) = words.next()?;
            }
            let position = index * 64 + rest.trailing_zeros() as usize;
            rest &= rest - 1;
            Some(position)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn positions() -> impl Strategy<Value = BTreeSet<usize>> {
        prop::collection::btree_set(0..ATOMS_MAX, 0..40)
    }

    fn set(positions: &BTreeSet<usize>) -> AtomSet {
        positions.iter().fold(AtomSet::EMPTY, |set, &position| {
            set.union(AtomSet::one(position))
        })
    }

    proptest! {
        #[test]
        fn behaves_like_a_set(a in positions(), b in positions(), count in 0..=ATOMS_MAX) {
            let (x, y) = (set(&a), set(&b));
            prop_assert_eq!(x.iter().collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(x.union(y), set(&(&a | &b)));
            prop_assert_eq!(x.intersection(y), set(&(&a & &b)));
            prop_assert_eq!(x.difference(y), set(&(&a - &b)));
            prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
            prop_assert_eq!(AtomSet::first(count), set(&(0..count).collect()));
        }
    }
}
