//! When a fault may strike, beyond the kind of the operation and its path.

use std::time::Duration;

use crate::object_target::ObjectTarget;

/// Bytes of a file, from the first to before the second; without a second, to the end of every file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ByteRange {
    /// The first byte.
    pub first: u64,
    /// The byte behind the last.
    pub end: Option<u64>,
}

impl ByteRange {
    /// Whether any byte of `offset..offset + len` is in the range. No byte at all is in no range.
    pub fn touches(self, offset: u64, len: u64) -> bool {
        len > 0
            && offset.saturating_add(len) > self.first
            && self.end.is_none_or(|end| offset < end)
    }
}

/// What the store is doing, as far as whoever runs it can tell from the call that it is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// It is opened for the first time, on an empty disk.
    Open,
    /// It performs commands.
    #[default]
    Steady,
    /// It takes a snapshot.
    Snapshot,
    /// It does background work.
    Compaction,
    /// It is opened on what an earlier life left.
    Recovery,
    /// It is closed.
    Close,
}

impl Phase {
    /// Every phase.
    pub const ALL: &'static [Self] = &[
        Self::Open,
        Self::Steady,
        Self::Snapshot,
        Self::Compaction,
        Self::Recovery,
        Self::Close,
    ];

    /// The name in plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Steady => "steady",
            Self::Snapshot => "snapshot",
            Self::Compaction => "compaction",
            Self::Recovery => "recovery",
            Self::Close => "close",
        }
    }
}

/// How often an operation that is otherwise selected is hit, and how many after it are hit with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chance {
    /// So many times, at least once ...
    pub numerator: u32,
    /// ... out of so many, at least as often.
    pub denominator: u32,
    /// Operations hit in a row each time: 1 without a burst.
    pub burst: u32,
}

/// What must hold, besides operation, path and occurrence, for a fault to count an operation. The default is: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct When {
    /// The operation reads, writes, cuts or reserves some of these bytes.
    pub bytes: Option<ByteRange>,
    /// The operation touches a stripe of this object target, as for a fault [of that scope](super::Scope::Target).
    pub target: Option<ObjectTarget>,
    /// The store is in this phase.
    pub phase: Option<Phase>,
    /// The operation begins at this virtual time or later.
    pub from: Option<Duration>,
    /// The operation begins before this virtual time.
    pub until: Option<Duration>,
    /// The operation is counted, and then hit only by this chance.
    pub chance: Option<Chance>,
}

impl When {
    /// Whether the window of time is open.
    pub fn is_now(&self, now: Duration) -> bool {
        self.from.is_none_or(|from| now >= from) && self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_touched_by_what_overlaps_it() {
        let range = ByteRange {
            first: 10,
            end: Some(20),
        };
        assert!(range.touches(0, 11) && range.touches(19, 1) && range.touches(0, 100));
        assert!(!range.touches(0, 10) && !range.touches(20, 5) && !range.touches(15, 0));
    }
}
