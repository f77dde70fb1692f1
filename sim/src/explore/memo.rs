//! What came of the images seen lately.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::recovered::Outcome;

/// Images remembered per generation. A crash point shares its images with its neighbours, not with those of long ago: a sweep of any
/// length needs the same memory, and a look-up stays in the cache.
const GENERATION: usize = 1 << 13;

/// The deepest look at each image so far, forgotten by generations.
#[derive(Default)]
pub(super) struct Memo {
    young: FxHashMap<u128, (u8, Arc<Outcome>)>,
    old: FxHashMap<u128, (u8, Arc<Outcome>)>,
}

/// What is known of an image.
pub(super) enum Known {
    /// It was looked at, as deep as is wanted.
    Enough(Arc<Outcome>),
    /// It was looked at, but not as deep.
    TooShallow,
    /// It was not seen lately.
    Nothing,
}

impl Memo {
    /// What is known of an image for a look of this depth.
    pub(super) fn get(&mut self, key: u128, depth: u8) -> Known {
        let found = match self.young.get(&key) {
            Some(found) => found,
            None => match self.old.remove(&key) {
                // It is in use again.
                Some(found) => self.young.entry(key).or_insert(found),
                None => return Known::Nothing,
            },
        };
        if found.0 >= depth {
            Known::Enough(Arc::clone(&found.1))
        } else {
            Known::TooShallow
        }
    }

    /// Remembers a look.
    pub(super) fn insert(&mut self, key: u128, depth: u8, outcome: &Arc<Outcome>) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, (depth, Arc::clone(outcome)));
    }
}
