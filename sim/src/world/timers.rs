//! What waits for a time.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::shared::Shared;

/// A place among the timers: a time, and a number that tells those of one time apart.
pub(super) type Key = (Duration, u64);

/// Timers, earliest first.
#[derive(Debug, Default)]
pub(super) struct Timers {
    waiting: BTreeMap<Key, Waker>,
    next: u64,
}

impl Timers {
    pub(super) fn add(&mut self, at: Duration, waker: Waker) -> Key {
        let key = (at, self.next);
        self.next += 1;
        self.waiting.insert(key, waker);
        key
    }

    pub(super) fn remove(&mut self, key: Key) {
        self.waiting.remove(&key);
    }

    /// The earliest time that something waits for.
    pub(super) fn first(&self) -> Option<Duration> {
        self.waiting.first_key_value().map(|(key, _)| key.0)
    }

    /// Wakes all whose time has come.
    pub(super) fn fire(&mut self, now: Duration) {
        while let Some(entry) = self.waiting.first_entry()
            && entry.key().0 <= now
        {
            entry.remove().wake();
        }
    }
}

/// Ready at a time. Dropping it takes the timer back, so that what nobody waits for moves no clock.
pub(super) struct Sleep {
    shared: Arc<Shared>,
    until: Duration,
    key: Option<Key>,
}

impl Sleep {
    pub(super) fn new(shared: Arc<Shared>, time: Duration) -> Self {
        let until = shared.now().saturating_add(time);
        Self {
            shared,
            until,
            key: None,
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.shared.now() >= self.until {
            return Poll::Ready(());
        }
        let mut state = self.shared.state();
        if let Some(key) = self.key {
            state.timers.remove(key);
        }
        let key = state.timers.add(self.until, context.waker().clone());
        drop(state);
        self.key = Some(key);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.shared.state().timers.remove(key);
        }
    }
}
