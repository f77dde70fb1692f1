//! A watchdog over operations on the disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll_reference::host::Host;

/// How long an operation may take.
pub(super) const LONGEST: Duration = Duration::from_secs(20);

/// How often the watchdog looks.
const PERIOD: Duration = Duration::from_secs(1);

/// The code that a process ends with whose disk stands still.
const STALLED: i32 = 10;

/// Operations that are under way, with when they began. Cloning shares it.
#[derive(Clone)]
pub(super) struct Watchdog {
    host: Host,
    under_way: Arc<Mutex<BTreeMap<u64, Duration>>>,
}

impl Watchdog {
    /// Starts the task that looks after them.
    pub(super) fn start(host: &Host) -> Self {
        let watchdog = Self {
            host: host.clone(),
            under_way: Arc::default(),
        };
        drop(host.spawn("watchdog", watchdog.clone().look()));
        watchdog
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeMap<u64, Duration>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Does an operation, and has it watched meanwhile.
    pub(super) fn watch<T>(&self, operation: impl FnOnce() -> T) -> T {
        let number = {
            let mut under_way = self.under_way();
            let number = under_way.last_key_value().map_or(0, |(last, _)| last + 1);
            under_way.insert(number, self.host.clock.now());
            number
        };
        let done = operation();
        self.under_way().remove(&number);
        done
    }

    /// Ends the process when an operation takes too long: another one can serve then, and this one cannot.
    async fn look(self) {
        loop {
            self.host.sleep(PERIOD).await;
            let now = self.host.clock.now();
            let is_stalled = self
                .under_way()
                .values()
                .any(|began| now.saturating_sub(*began) > LONGEST);
            if is_stalled {
                match self.host.process.exit(STALLED).await {}
            }
        }
    }
}
