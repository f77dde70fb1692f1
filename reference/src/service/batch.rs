//! The writes that are to be one commit.

use std::time::Duration;

use crate::mutation::Mutation;

use super::options::InvalidOption;
use super::protocol::{REQUEST_BYTES_MAX, bytes_of};

/// When a batch is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimits {
    /// Most changes it holds; one request may have more, and is then a batch of its own.
    pub events_max: usize,
    /// Most bytes of keys and values it holds, with the same exception.
    pub bytes_max: usize,
    /// How long it waits for more, by monotonic time, from its first write.
    pub age_max: Duration,
}

impl Default for BatchLimits {
    /// 100 changes, 64 MiB, 15 s.
    fn default() -> Self {
        Self {
            events_max: 100,
            bytes_max: REQUEST_BYTES_MAX,
            age_max: Duration::from_secs(15),
        }
    }
}

impl BatchLimits {
    pub(super) fn validate(&self) -> Result<(), InvalidOption> {
        let refuse = |option, reason| Err(InvalidOption { option, reason });
        if self.events_max == 0 {
            return refuse("events_max", "a batch holds at least 1 change");
        }
        if self.bytes_max == 0 {
            return refuse("bytes_max", "a batch holds at least 1 byte");
        }
        if self.age_max == Duration::ZERO {
            return refuse(
                "age_max",
                "a batch that waits for nothing is none; acknowledge at the commit",
            );
        }
        Ok(())
    }
}

/// Why a batch is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// It holds as many changes as it may.
    Events,
    /// It holds as many bytes as it may.
    Bytes,
    /// Its first write has waited long enough.
    Age,
    /// A write is to another bucket.
    Bucket,
}

/// The part of a key before the first `/`. Keys without one are in a bucket that has no name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Bucket {
    Nameless,
    Named(Vec<u8>),
    /// Of a request that writes to more than one. It is no other request's.
    Several,
}

impl Bucket {
    fn of(write: &[Mutation]) -> Self {
        let mut buckets = write.iter().map(|mutation| bucket_of(mutation.key()));
        let first = buckets.next().flatten();
        if buckets.any(|bucket| bucket != first) {
            return Self::Several;
        }
        match first {
            Some(name) => Self::Named(name.to_vec()),
            None => Self::Nameless,
        }
    }

    fn takes(&self, other: &Self) -> bool {
        *self != Self::Several && self == other
    }
}

fn bucket_of(key: &[u8]) -> Option<&[u8]> {
    let end = key.iter().position(|&byte| byte == b'/')?;
    key.get(..end)
}

/// The writes that are to be one commit, each with whoever waits for it.
///
/// It decides and does nothing: whoever has it asks [`before`](Self::before) a write joins and [`due`](Self::due) afterwards, and commits what
/// [`take`](Self::take) gives.
#[derive(Debug)]
pub struct Batch<T> {
    limits: BatchLimits,
    writes: Vec<(Vec<Mutation>, T)>,
    opened_at: Duration,
    bucket: Bucket,
    events: usize,
    bytes: usize,
}

impl<T> Batch<T> {
    /// An empty batch.
    pub const fn new(limits: BatchLimits) -> Self {
        Self {
            limits,
            writes: Vec::new(),
            opened_at: Duration::ZERO,
            bucket: Bucket::Nameless,
            events: 0,
            bytes: 0,
        }
    }

    /// Whether it holds no write.
    pub const fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// How many requests it holds.
    pub const fn len(&self) -> usize {
        self.writes.len()
    }

    /// The changes that it holds, in order.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = &Mutation> {
        self.writes.iter().flat_map(|(write, _)| write)
    }

    /// Why it has to be committed before this write may join it.
    pub fn before(&self, write: &[Mutation]) -> Option<Closing> {
        if self.is_empty() {
            None
        } else if !self.bucket.takes(&Bucket::of(write)) {
            Some(Closing::Bucket)
        } else if self.events + write.len() > self.limits.events_max {
            Some(Closing::Events)
        } else if self.bytes.saturating_add(size(write)) > self.limits.bytes_max {
            Some(Closing::Bytes)
        } else {
            None
        }
    }

    /// Takes a write, at a time of the monotonic clock.
    pub fn join(&mut self, now: Duration, write: Vec<Mutation>, waiter: T) {
        debug_assert_eq!(self.before(&write), None, "it was asked before");
        if self.is_empty() {
            self.opened_at = now;
            self.bucket = Bucket::of(&write);
        }
        self.events += write.len();
        self.bytes = self.bytes.saturating_add(size(&write));
        self.writes.push((write, waiter));
    }

    /// Why it has to be committed now.
    pub fn due(&self, now: Duration) -> Option<Closing> {
        let deadline = self.deadline()?;
        if self.events >= self.limits.events_max {
            Some(Closing::Events)
        } else if self.bytes >= self.limits.bytes_max {
            Some(Closing::Bytes)
        } else if self.bucket == Bucket::Several {
            Some(Closing::Bucket)
        } else if deadline <= now {
            Some(Closing::Age)
        } else {
            None
        }
    }

    /// When its first write has waited long enough.
    pub fn deadline(&self) -> Option<Duration> {
        (!self.is_empty()).then(|| self.opened_at.saturating_add(self.limits.age_max))
    }

    /// All writes in order; it is empty then.
    pub fn take(&mut self) -> Vec<(Vec<Mutation>, T)> {
        (self.events, self.bytes) = (0, 0);
        std::mem::take(&mut self.writes)
    }
}

/// Bytes of keys and values.
fn size(write: &[Mutation]) -> usize {
    write.iter().map(bytes_of).fold(0, usize::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BatchLimits = BatchLimits {
        events_max: 3,
        bytes_max: 100,
        age_max: Duration::from_secs(15),
    };

    fn write(text: &str) -> Vec<Mutation> {
        text.split(';')
            .map(|part| part.parse().expect("it is a change"))
            .collect()
    }

    /// Offers writes one after the other, a second apart, and says what came of each: joined, or closed before or behind it.
    fn check(writes: &[&str], expected: &str) {
        let mut batch = Batch::new(LIMITS);
        let mut seen = Vec::new();
        for (second, text) in writes.iter().enumerate() {
            let now = Duration::from_secs(second as u64);
            let write = write(text);
            if let Some(closing) = batch.before(&write) {
                seen.push(format!("{closing:?} {}", batch.take().len()));
            }
            batch.join(now, write, ());
            if let Some(closing) = batch.due(now) {
                seen.push(format!("{closing:?} {}", batch.take().len()));
            }
        }
        seen.push(format!("left {}", batch.len()));
        assert_eq!(seen.join(", "), expected, "{writes:?}");
    }

    #[test]
    fn it_closes_when_it_is_full_and_holds_no_more() {
        check(&["put a 1", "put b 1"], "left 2");
        check(&["put a 1", "put b 1", "delete a"], "Events 3, left 0");
        check(
            &["put a 1; put b 1", "put c 1; put d 1"],
            "Events 1, left 1",
        );
        check(&["put a 1; put b 1; put c 1; put d 1"], "Events 1, left 0");
        check(&["put a x*60", "put b x*60"], "Bytes 1, left 1");
        check(&["put a x*60", "put b x*38"], "Bytes 2, left 0");
        check(&["put a x*600", "put b 1"], "Bytes 1, left 1");
    }

    #[test]
    fn it_holds_one_bucket() {
        check(&["put a/x 1", "put a/y 1"], "left 2");
        check(&["put a/x 1", "put b/x 1"], "Bucket 1, left 1");
        check(&["put a/x 1", "delete a"], "Bucket 1, left 1");
        check(&["put a 1", "put b 1"], "left 2");
        check(&["put /x 1", "put x 1"], "Bucket 1, left 1");
        check(
            &["put a/x 1", "put a/y 1; put b/y 1", "put a/x 1"],
            "Bucket 1, Bucket 1, left 1",
        );
    }

    #[test]
    fn it_ages_from_its_first_write() {
        let mut batch = Batch::new(LIMITS);
        assert_eq!(batch.deadline(), None);
        batch.join(Duration::from_secs(7), write("put a 1"), ());
        batch.join(Duration::from_secs(20), write("put b 1"), ());
        assert_eq!(batch.deadline(), Some(Duration::from_secs(22)));
        assert_eq!(batch.due(Duration::from_secs(21)), None);
        assert_eq!(batch.due(Duration::from_secs(22)), Some(Closing::Age));
        batch.take();
        assert_eq!(batch.due(Duration::from_secs(99)), None);
        batch.join(Duration::from_secs(30), write("put a 1"), ());
        assert_eq!(batch.deadline(), Some(Duration::from_secs(45)));
    }
}
