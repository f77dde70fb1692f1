//! Object targets: the servers that the data of a file is spread over, stripe by stripe.
//!
//! **Not modelled**: files whose first stripe is on another target than the first.

use std::fmt;

/// Bytes in a page of a client, none of which lies in two stripes.
const PAGE: u64 = 4096;

/// Bytes in a stripe where nobody says: Lustre's default.
const STRIPE: u64 = 1 << 20;

/// The object target, counted from 0, that a byte of a file is on.
pub(crate) const fn target_of(byte: u64, stripe_bytes: u64, count: u64) -> u64 {
    byte / stripe_bytes % count
}

/// One of the object targets that files are spread over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectTarget {
    index: u32,
    count: u32,
    stripe_bytes: u64,
}

impl ObjectTarget {
    /// The first of two, with stripes of 1 MiB.
    pub const FIRST_OF_TWO: Self = Self {
        index: 0,
        count: 2,
        stripe_bytes: STRIPE,
    };

    /// Bytes in a stripe where nobody says: 1 MiB, Lustre's default.
    pub const STRIPE_BYTES: u64 = STRIPE;

    /// The target `index`, counted from 0, of `count`, which take turns of `stripe_bytes` bytes. There is none where `index` is not
    /// below `count`, or where [a stripe](Self::is_stripe) cannot be so long.
    pub const fn new(index: u32, count: u32, stripe_bytes: u64) -> Option<Self> {
        if index < count && Self::is_stripe(stripe_bytes) {
            Some(Self {
                index,
                count,
                stripe_bytes,
            })
        } else {
            None
        }
    }

    /// Whether a stripe can be so long: pages of 4096 bytes, one or more.
    pub const fn is_stripe(bytes: u64) -> bool {
        bytes > 0 && bytes.is_multiple_of(PAGE)
    }

    /// Whether a byte of a file is on it.
    pub fn holds(self, byte: u64) -> bool {
        let target = target_of(byte, self.stripe_bytes, u64::from(self.count));
        target == u64::from(self.index)
    }

    /// Whether any byte of `offset..offset + len` is on it.
    pub fn touches(self, offset: u64, len: u64) -> bool {
        if len == 0 {
            return false;
        }
        let (index, count) = (u64::from(self.index), u64::from(self.count));
        let first = offset / self.stripe_bytes;
        let last = offset.saturating_add(len - 1) / self.stripe_bytes;
        // Stripes from the first one on, up to one on the target.
        let skipped = (index + count - first % count) % count;
        skipped <= last - first
    }

    /// The parts of `start..end` that are on it, in order.
    pub(crate) fn runs(self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> {
        self.parts(start, end, true)
    }

    /// The parts of `start..end` that are on other targets, in order.
    pub(crate) fn runs_elsewhere(self, start: u64, end: u64) -> impl Iterator<Item = (u64, u64)> {
        self.parts(start, end, false)
    }

    /// The stripes of `start..end`, cut to that range, of which this target does or does not have the bytes.
    fn parts(self, start: u64, end: u64, held: bool) -> impl Iterator<Item = (u64, u64)> {
        let stripe = self.stripe_bytes;
        let first = start / stripe;
        let last = end.div_ceil(stripe).max(first);
        (first..last)
            .map(move |number| {
                let from = number * stripe;
                (from.max(start), from.saturating_add(stripe).min(end))
            })
            .filter(move |&(from, to)| from < to && self.holds(from) == held)
    }
}

impl fmt::Display for ObjectTarget {
    /// As in fault plans, behind `target`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.index, self.count)?;
        if self.stripe_bytes != STRIPE {
            write!(f, " stripe {}", self.stripe_bytes)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(index: u32) -> ObjectTarget {
        ObjectTarget::new(index, 3, 4096).expect("there is one")
    }

    #[test]
    fn targets_take_turns() {
        for (byte, index) in [(0, 0), (4095, 0), (4096, 1), (8192, 2), (12288, 0)] {
            assert!(target(index).holds(byte), "{byte}");
            assert!(!target((index + 1) % 3).holds(byte), "{byte}");
        }
    }

    #[test]
    fn a_range_is_cut_at_stripes() {
        let on: Vec<(u64, u64)> = target(1).runs(4000, 16400).collect();
        assert_eq!(on, [(4096, 8192), (16384, 16400)]);
        let elsewhere: Vec<(u64, u64)> = target(1).runs_elsewhere(4000, 16400).collect();
        assert_eq!(elsewhere, [(4000, 4096), (8192, 12288), (12288, 16384)]);
    }

    #[test]
    fn a_target_is_touched_by_what_reaches_into_its_stripes() {
        assert!(target(1).touches(0, 4097) && target(1).touches(8191, 1));
        assert!(!target(1).touches(0, 4096) && !target(1).touches(8192, 4096));
        assert!(!target(1).touches(5000, 0) && target(1).touches(0, u64::MAX));
    }

    #[test]
    fn there_is_no_target_beyond_the_last() {
        assert_eq!(ObjectTarget::new(2, 2, 4096), None);
        assert_eq!(ObjectTarget::new(0, 0, 4096), None);
        for bytes in [0, 2048, 5000, 4096 + 512] {
            assert_eq!(ObjectTarget::new(0, 2, bytes), None, "{bytes}");
        }
    }

    #[test]
    fn a_stripe_may_have_any_number_of_pages() {
        let target = ObjectTarget::new(1, 2, 3 * 4096).expect("there is one");
        for (byte, is_held) in [(0, false), (12287, false), (12288, true), (24576, false)] {
            assert_eq!(target.holds(byte), is_held, "{byte}");
        }
        let on: Vec<(u64, u64)> = target.runs(0, 40000).collect();
        assert_eq!(on, [(12288, 24576), (36864, 40000)]);
    }
}
