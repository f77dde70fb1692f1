//! Virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_reference::clock::Clock;

/// A clock that stands still until it is advanced. Clones show the same time.
#[derive(Clone, Debug, Default)]
pub struct SimClock {
    nanoseconds: Arc<AtomicU64>,
}

impl SimClock {
    /// A clock that reads `now`.
    pub fn at(now: Duration) -> Self {
        let clock = Self::default();
        clock.advance(now);
        clock
    }

    /// Moves to a time, for whoever keeps the time elsewhere. It may be an earlier one: what was charged to one process since then is
    /// not charged to the others.
    pub fn set(&self, now: Duration) {
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.store(now, Ordering::Relaxed);
    }

    /// Lets time pass. Time stops at its end, after 584 years.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_nanos()).unwrap_or(u64::MAX);
        let now = self.nanoseconds.load(Ordering::Relaxed);
        self.nanoseconds
            .store(now.saturating_add(by), Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.nanoseconds.load(Ordering::Relaxed))
    }
    /// Lets the time pass at once: nobody else is there to use it.
    fn sleep(&self, time: Duration) {
        self.advance(time);
    }
}
