//! What a store holds, as a hash that is cheap to update.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_128;

use crate::command::Mutation;

/// Hash of a set of pairs, whatever their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PairHash {
    sum: u128,
    count: u64,
}

impl PairHash {
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.sum ^= pair(key, value);
        self.count += 1;
    }

    fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.sum ^= pair(key, value);
        self.count -= 1;
    }

    /// The hash. The count is part of it: a pair listed twice is not the same as none.
    pub(super) fn finish(self) -> StateHash {
        let salt = u128::from(self.count).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        StateHash(self.sum.wrapping_add(salt))
    }
}

fn pair(key: &[u8], value: &[u8]) -> u128 {
    let value = xxh3_128(value);
    xxh3_128(key)
        .rotate_left(31)
        .wrapping_mul(0xda94_2042_e4dd_58b5_9e37_79b9_7f4a_7c15)
        ^ value.wrapping_mul(0x2545_f491_4f6c_dd1d_8000_0000_0000_0001)
}

/// Hash of all that a store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct StateHash(pub(super) u128);

/// All that a store should hold.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    pairs: BTreeMap<Vec<u8>, Vec<u8>>,
    hash: PairHash,
}

impl State {
    pub(super) fn apply(&mut self, mutations: &[Mutation]) {
        for mutation in mutations {
            match mutation {
                Mutation::Put { key, value } => {
                    if let Some(old) = self.pairs.insert(key.clone(), value.clone()) {
                        self.hash.remove(key, &old);
                    }
                    self.hash.add(key, value);
                }
                Mutation::Delete { key } => {
                    if let Some(old) = self.pairs.remove(key) {
                        self.hash.remove(key, &old);
                    }
                }
            }
        }
    }

    pub(super) fn hash(&self) -> StateHash {
        self.hash.finish()
    }

    pub(super) const fn pairs(&self) -> &BTreeMap<Vec<u8>, Vec<u8>> {
        &self.pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_hashes_like_its_pairs_in_any_order() {
        let put = |key: &str, value: &str| Mutation::Put {
            key: key.into(),
            value: value.into(),
        };
        let mut state = State::default();
        state.apply(&[put("a", "1"), put("b", "2"), put("a", "3")]);
        state.apply(&[Mutation::Delete { key: "x".into() }]);
        let mut pairs = PairHash::default();
        pairs.add(b"b", b"2");
        pairs.add(b"a", b"3");
        assert_eq!(state.hash(), pairs.finish());
        pairs.add(b"a", b"3");
        pairs.add(b"a", b"3");
        assert_ne!(
            state.hash(),
            pairs.finish(),
            "a pair that is listed twice shows"
        );
    }
}
