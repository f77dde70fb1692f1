//! What the scheduler, the processes and the harness share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::state::State;
use super::task::Wakes;

/// A world at work. All of it is used by one thread; the locks are there because hosts can be sent.
///
/// The state is never locked while code of a process runs, nor over a suspension.
pub(super) struct Shared {
    state: Mutex<State>,
    now: AtomicU64,
    pub(super) wakes: Arc<Wakes>,
}

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self {
            state: Mutex::new(state),
            now: AtomicU64::new(0),
            wakes: Arc::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The virtual time since the beginning.
    pub(super) fn now(&self) -> Duration {
        Duration::from_nanos(self.now.load(Ordering::Relaxed))
    }

    /// Moves to a time.
    pub(super) fn set_now(&self, now: Duration) {
        let nanoseconds = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        self.now.store(nanoseconds, Ordering::Relaxed);
    }
}
