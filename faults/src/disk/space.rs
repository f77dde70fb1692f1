//! Limits on space at work.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::errno::Errno;
use crate::plan::{Freed, Space};

/// What the files of a disk take.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) bytes: u64,
    pub(super) inodes: u64,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Portion {
    /// As many bytes as there is room for.
    Any,
    /// All of them or none.
    Whole,
}

/// A limit, and how often it was met.
#[derive(Clone, Debug)]
pub(super) struct ActiveSpace {
    limit: Space,
    refused: u32,
    /// Limits on bytes that would have answered everything so far as this one did.
    alike: RangeInclusive<u64>,
}

/// The limits of a plan.
#[derive(Clone, Debug, Default)]
pub(super) struct ActiveSpaces {
    limits: Vec<ActiveSpace>,
    /// Bytes freed since the last sync, which some limits still count.
    held: u64,
    /// The most bytes that were ever asked for.
    peak: u64,
}

impl ActiveSpaces {
    pub(super) fn new(limits: &[Space]) -> Self {
        let limits = limits
            .iter()
            .map(|&limit| ActiveSpace {
                limit,
                refused: 0,
                alike: 0..=u64::MAX,
            })
            .collect();
        Self {
            limits,
            held: 0,
            peak: 0,
        }
    }

    /// Whether nothing has to be counted.
    pub(super) fn is_empty(&self) -> bool {
        self.limits.is_empty()
    }

    /// Bytes were freed by some operation.
    pub(super) fn free(&mut self, bytes: u64) {
        self.held = self.held.saturating_add(bytes);
    }

    /// A sync succeeded: what was freed can be used again.
    pub(super) fn commit(&mut self) {
        self.held = 0;
    }

    /// Lifts every limit.
    pub(super) fn lift(&mut self) {
        for active in &mut self.limits {
            active.limit.freed = Some(Freed::Time(Duration::ZERO));
        }
    }

    /// How many of `growth` more bytes there is room for, and what is said to who asks for more.
    pub(super) fn take_bytes(
        &mut self,
        growth: u64,
        portion: Portion,
        used: Usage,
        operation: u64,
        now: Duration,
    ) -> (u64, Errno) {
        self.peak = self.peak.max(used.bytes.saturating_add(growth));
        let held = self.held;
        let mut room = growth;
        let mut errno = Errno::ENOSPC;
        for active in &mut self.limits {
            let Some(bytes) = active
                .limit
                .bytes
                .filter(|_| !active.is_lifted(operation, now))
            else {
                continue;
            };
            let held = if active.limit.reserved { held } else { 0 };
            let taken = used.bytes.saturating_add(held);
            active.narrow(bytes, taken, growth, portion);
            let left = bytes.saturating_sub(taken);
            if left < room {
                active.refused += 1;
                room = left;
                errno = active.limit.errno;
            }
        }
        (room, errno)
    }

    /// Whether there is room for one more file or directory.
    pub(super) fn take_inode(
        &mut self,
        used: Usage,
        operation: u64,
        now: Duration,
    ) -> Result<(), Errno> {
        for active in &mut self.limits {
            if active
                .limit
                .inodes
                .is_some_and(|inodes| used.inodes >= inodes && !active.is_lifted(operation, now))
            {
                active.refused += 1;
                return Err(active.limit.errno);
            }
        }
        Ok(())
    }

    /// How often each limit was met, in the order of the plan.
    pub(super) fn refused(&self) -> impl Iterator<Item = u32> {
        self.limits.iter().map(|active| active.refused)
    }

    /// The limits that would have done in place of the first, with nothing else happening in the whole run.
    pub(super) fn alike(&self) -> RangeInclusive<u64> {
        let first = self.limits.first();
        first.map_or(0..=u64::MAX, |active| active.alike.clone())
    }

    /// The most bytes that were ever asked for.
    pub(super) const fn peak(&self) -> u64 {
        self.peak
    }
}

impl ActiveSpace {
    /// Takes note of an answer to who asked for more, by which some other limits would have told themselves from this one.
    fn narrow(&mut self, bytes: u64, taken: u64, growth: u64, portion: Portion) {
        let enough = taken.saturating_add(growth);
        let (mut least, mut most) = (*self.alike.start(), *self.alike.end());
        if bytes >= enough {
            least = least.max(enough);
        } else if portion == Portion::Whole {
            most = most.min(enough - 1);
        } else if bytes <= taken {
            most = most.min(taken);
        } else {
            // A part fits, and its length is the answer.
            (least, most) = (bytes, bytes);
        }
        self.alike = least..=most;
    }

    fn is_lifted(&self, operation: u64, now: Duration) -> bool {
        match self.limit.freed {
            None => false,
            Some(Freed::Operation(number)) => operation >= u64::from(number),
            Some(Freed::Time(time)) => now >= time,
        }
    }
}
