//! Which snapshots are asked for, and which one is being written.

use super::protocol::Cause;

/// A snapshot that is being taken.
#[derive(Debug, PartialEq, Eq)]
pub struct Run<T> {
    /// Its number, from 1.
    pub number: u64,
    /// Why it is taken.
    pub cause: Cause,
    /// Whoever waits for it. All of them asked before its cut.
    pub waiters: Vec<T>,
}

/// Which snapshots are asked for, and which one is being written.
///
/// One is written at a time. Whoever asks while one is written is answered by the next one, whose cut is not older than the question; all who
/// wait for the next one share it.
#[derive(Debug)]
pub struct Runs<T> {
    count: u64,
    wanted: Option<(Cause, Vec<T>)>,
    current: Option<Run<T>>,
}

impl<T> Default for Runs<T> {
    fn default() -> Self {
        Self {
            count: 0,
            wanted: None,
            current: None,
        }
    }
}

impl<T> Runs<T> {
    /// Asks for a snapshot of what is there now.
    pub fn ask(&mut self, cause: Cause, waiter: Option<T>) {
        let (wanted, waiters) = self.wanted.get_or_insert((cause, Vec::new()));
        *wanted = cause.max(*wanted);
        waiters.extend(waiter);
    }

    /// Whether somebody asked since the last cut.
    pub const fn is_wanted(&self) -> bool {
        self.wanted.is_some()
    }

    /// Whether one is being written.
    pub const fn is_running(&self) -> bool {
        self.current.is_some()
    }

    /// Whether one can begin now.
    pub const fn can_begin(&self) -> bool {
        self.is_wanted() && !self.is_running()
    }

    /// Begins the one that is asked for: its number and cause. The cut has to be taken before anybody can ask again.
    pub fn begin(&mut self) -> Option<(u64, Cause)> {
        if self.is_running() {
            return None;
        }
        let (cause, waiters) = self.wanted.take()?;
        self.count += 1;
        self.current = Some(Run {
            number: self.count,
            cause,
            waiters,
        });
        Some((self.count, cause))
    }

    /// Ends the one that is being written, well or badly.
    pub fn end(&mut self) -> Option<Run<T>> {
        self.current.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(runs: &mut Runs<u32>) -> Option<(u64, Cause, Vec<u32>)> {
        runs.end().map(|run| (run.number, run.cause, run.waiters))
    }

    #[test]
    fn nobody_is_answered_by_a_cut_that_is_older_than_the_question() {
        let mut runs = Runs::default();
        assert_eq!(runs.begin(), None);
        runs.ask(Cause::Request, Some(1));
        assert_eq!(runs.begin(), Some((1, Cause::Request)));
        runs.ask(Cause::Request, Some(2));
        runs.ask(Cause::Signal, None);
        runs.ask(Cause::Interval, None);
        assert!(!runs.can_begin(), "one at a time");
        assert_eq!(runs.begin(), None);
        assert_eq!(ended(&mut runs), Some((1, Cause::Request, vec![1])));
        assert_eq!(runs.begin(), Some((2, Cause::Signal)));
        assert_eq!(ended(&mut runs), Some((2, Cause::Signal, vec![2])));
        assert_eq!(runs.begin(), None, "nobody asked again");
        assert_eq!(ended(&mut runs), None);
    }

    #[test]
    fn all_who_ask_before_a_cut_share_it() {
        let mut runs = Runs::default();
        for waiter in 1..=3 {
            runs.ask(Cause::Request, Some(waiter));
        }
        runs.ask(Cause::Final, None);
        assert_eq!(runs.begin(), Some((1, Cause::Final)));
        assert_eq!(ended(&mut runs), Some((1, Cause::Final, vec![1, 2, 3])));
        assert!(!runs.is_wanted());
    }
}
