//! What really went wrong with operations on the disk: a fault that is planned and never comes disturbs nobody.

use std::io;
use std::time::Duration;

use super::plan::Happened;

/// Errors that operations meet on a disk where nothing goes wrong: ENOENT, EAGAIN, EEXIST, ENOTDIR, EISDIR, EINVAL, ENOTEMPTY, EOPNOTSUPP.
const ORDINARY: [i32; 8] = [2, 11, 17, 20, 21, 22, 39, 95];

/// Operations of living processes that failed, or stood still.
///
/// **Not seen**: what goes wrong and returns no error, and an error that a plan gives and that any disk may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mishaps {
    /// When operations returned errors that they would not have without the plan, in order.
    pub failed: Vec<Happened>,
    /// From when to when operations stood still because the plan says so; the largest time there is says that they hung.
    pub stalled: Vec<(Duration, Duration)>,
}

impl Mishaps {
    /// Takes note of an operation that returned an error.
    pub(super) fn fail(&mut self, at: Happened, error: &io::Error) {
        let is_ordinary = |number| ORDINARY.contains(&number);
        if !error.raw_os_error().is_some_and(is_ordinary) {
            self.failed.push(at);
        }
    }

    /// Takes note of an operation that stands still from now on.
    pub(super) fn stall(&mut self, now: Duration, time: Duration) {
        if !time.is_zero() {
            self.stalled.push((now, now.saturating_add(time)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_any_disk_says_is_no_failure() {
        let mut mishaps = Mishaps::default();
        let at = |step| Happened {
            step,
            time: Duration::ZERO,
        };
        for (step, number) in [(1, 2), (2, 5), (3, 17), (4, 28)] {
            mishaps.fail(at(step), &io::Error::from_raw_os_error(number));
        }
        assert_eq!(mishaps.failed, [at(2), at(4)]);
    }

    #[test]
    fn what_takes_no_time_does_not_stand_still() {
        let mut mishaps = Mishaps::default();
        let second = Duration::from_secs(1);
        mishaps.stall(second, Duration::ZERO);
        mishaps.stall(second, second);
        mishaps.stall(second, Duration::MAX);
        let spans = [(second, 2 * second), (second, Duration::MAX)];
        assert_eq!(mishaps.stalled, spans);
    }
}
