//! Counts per second.

use std::time::Duration;

use crate::stopwatch::Stopwatch;

/// The median time of some repetitions of the same work, after one that is not measured; and what the work returned.
pub(super) fn median<T>(repetitions: u32, mut work: impl FnMut() -> T) -> (T, Duration) {
    let mut result = work();
    let mut times = Vec::new();
    for _ in 0..repetitions {
        let stopwatch = Stopwatch::start();
        result = work();
        times.push(stopwatch.elapsed());
    }
    (result, middle(&mut times))
}

/// The median; of an even number, the greater of the two in the middle.
pub(super) fn middle(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// How many there are in a second.
pub(super) fn per_second(count: u64, time: Duration) -> f64 {
    (count as f64 / time.as_secs_f64()).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_an_element() {
        let mut times: Vec<Duration> = [3, 1, 4, 2].map(Duration::from_millis).to_vec();
        assert_eq!(middle(&mut times), Duration::from_millis(3));
        assert_eq!(middle(&mut times[..3]), Duration::from_millis(2));
        assert_eq!(per_second(500, Duration::from_millis(250)), 2_000.0);
    }
}
