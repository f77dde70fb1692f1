//! Monotonic time of the world.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_reference::clock::Clock;

use super::fiber::{self, Pause};
use super::shared::Shared;

/// The clock of every host.
pub(super) struct WorldClock(pub(super) Arc<Shared>);

impl Clock for WorldClock {
    fn now(&self) -> Duration {
        self.0.now()
    }

    /// Waits on a fiber.
    ///
    /// # Panics
    /// When a task calls it: that would keep all tasks of the process from running, and is an error in the program.
    fn sleep(&self, time: Duration) {
        assert!(
            fiber::is_active(),
            "a task sleeps without being a job: it must await the host's `sleep`, or run in `Host::blocking`"
        );
        fiber::pause(Pause::Wait(time));
    }
}
