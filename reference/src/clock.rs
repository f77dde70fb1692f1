//! Monotonic time as a store sees it.

use std::sync::Arc;
use std::time::Duration;

/// A monotonic clock. Wall-clock time is deliberately absent: a store that orders by it loses data when it steps.
pub trait Clock: Send + Sync {
    /// Time since an arbitrary fixed point; it never goes back.
    fn now(&self) -> Duration;

    /// Waits at least this long.
    fn sleep(&self, time: Duration);
}

/// The monotonic clock of the operating system.
#[derive(Clone, Copy, Debug)]
pub struct StdClock {
    origin: std::time::Instant,
}

impl StdClock {
    /// A clock that reads zero now.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where real time enters"
    )]
    pub fn new() -> Self {
        Self {
            origin: std::time::Instant::now(),
        }
    }
}

impl Default for StdClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for StdClock {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place where real time enters"
    )]
    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn sleep(&self, time: Duration) {
        (**self).sleep(time);
    }
}
