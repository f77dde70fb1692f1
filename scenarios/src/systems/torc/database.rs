//! What the server has in memory.

use std::time::Duration;

use plimsoll_reference::mutation::Mutation;
use plimsoll_sim::trial::history::Pairs;

/// How long a connection may be idle, and how old it may become, before the pool closes it.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(600);
const LIFETIME_MAX: Duration = Duration::from_secs(1800);

/// What is said of a job that fails.
pub(super) const NO_SUCH_JOB: &str = "no such job";

/// Why a request is refused.
pub(super) type Refusal = &'static str;

/// A database that is there as long as a connection to it is open.
pub(super) struct Database {
    /// None once the last connection was closed and another one opened: then there are no tables.
    pairs: Option<Pairs>,
    /// Number of the last write.
    sequence: u64,
    opened: Duration,
    used: Duration,
}

impl Database {
    pub(super) fn new(pairs: Pairs, now: Duration) -> Self {
        Self {
            pairs: Some(pairs),
            sequence: 0,
            opened: now,
            used: now,
        }
    }

    pub(super) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Makes changes that take effect together, and returns the number that they have.
    pub(super) fn write(&mut self, mutations: &[Mutation], now: Duration) -> Result<u64, Refusal> {
        let pairs = self.tables(now)?;
        if let [Mutation::Delete { key }] = mutations
            && !pairs.contains_key(key)
        {
            return Err(NO_SUCH_JOB);
        }
        for mutation in mutations {
            mutation.apply_to(pairs);
        }
        self.sequence += 1;
        Ok(self.sequence)
    }

    pub(super) fn read(&mut self, now: Duration) -> Result<&Pairs, Refusal> {
        self.tables(now).map(|pairs| &*pairs)
    }

    /// A consistent copy, and the number of the last write in it.
    pub(super) fn cut(&self) -> (Pairs, u64) {
        (self.pairs.clone().unwrap_or_default(), self.sequence)
    }

    fn tables(&mut self, now: Duration) -> Result<&mut Pairs, Refusal> {
        self.used = now;
        self.pairs.as_mut().ok_or("no such table")
    }

    /// What the pool does every now and then: closes the connection when it is idle or old, and opens another one, for which there is
    /// then a new database.
    pub(super) fn reap(&mut self, now: Duration) {
        if now - self.used >= IDLE_MAX || now - self.opened >= LIFETIME_MAX {
            self.pairs = None;
            (self.opened, self.used) = (now, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: &str) -> Vec<Mutation> {
        vec![text.parse().expect("a change")]
    }

    #[test]
    fn a_job_that_is_not_there_cannot_be_deleted() {
        let mut database = Database::new(Pairs::new(), Duration::ZERO);
        assert_eq!(database.write(&put("put a 1"), Duration::ZERO), Ok(1));
        assert!(database.write(&put("delete b"), Duration::ZERO).is_err());
        assert_eq!(database.write(&put("delete a"), Duration::ZERO), Ok(2));
        assert_eq!(database.cut(), (Pairs::new(), 2));
    }

    #[test]
    fn a_pool_that_closes_the_last_connection_takes_the_database_with_it() {
        let mut database = Database::new(Pairs::new(), Duration::ZERO);
        let used = Duration::from_secs(1);
        assert_eq!(database.write(&put("put a 1"), used), Ok(1));
        database.reap(IDLE_MAX);
        assert_eq!(database.cut().0.len(), 1, "it is not idle for long enough");
        database.reap(IDLE_MAX + used);
        assert!(database.read(IDLE_MAX).is_err());
    }
}
