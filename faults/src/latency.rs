//! How long operations take, in virtual time.
//!
//! Whole numbers only, so that every machine draws the same. Shapes are given by what people know of their disks: a median, a
//! 99th percentile, how often it is slow.
//!
//! **Not modelled**: bandwidth and queue depth; an operation takes as long whatever its size and whatever else is under way.

mod fixed;

use std::fmt;
use std::time::Duration;

use plimsoll_reference::digits::number;

use crate::plan::{parse_duration, show_duration};
use crate::rng::Rng;

/// A distribution of delays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Latency {
    /// Always the same.
    Constant(Duration),
    /// Anything from the first to the second, which is not less, equally likely.
    Uniform(Duration, Duration),
    /// Memoryless, with this mean.
    Exponential(Duration),
    /// Log-normal: the median, and the 99th percentile, which is not less. The median is not zero.
    LogNormal(Duration, Duration),
    /// The first mostly, the second so many times out of so many.
    Bimodal(Duration, Duration, u32, u32),
    /// A pause at every multiple of the first, zero excepted, as long as the second, which is less: what begins within it waits
    /// for its end.
    Periodic(Duration, Duration),
    /// Log-normal by median and 99th percentile, the latter growing by this factor over this time, and staying there.
    Brownout(Duration, Duration, u32, Duration),
}

impl Latency {
    /// A delay for an operation that begins `now`, `age` after the first that was delayed.
    pub fn draw(self, rng: &mut Rng, now: Duration, age: Duration) -> Duration {
        match self {
            Self::Constant(time) => time,
            Self::Uniform(least, most) => {
                let span = nanoseconds(most.saturating_sub(least));
                least + Duration::from_nanos(rng.below(span.saturating_add(1).max(1)))
            }
            Self::Exponential(mean) => {
                Duration::from_nanos(fixed::exponential(nanoseconds(mean), rng))
            }
            Self::LogNormal(p50, p99) => log_normal(nanoseconds(p50), nanoseconds(p99), rng),
            Self::Bimodal(fast, slow, numerator, denominator) => {
                if rng.ratio(u64::from(numerator), u64::from(denominator.max(1))) {
                    slow
                } else {
                    fast
                }
            }
            Self::Periodic(every, pause) => {
                let every = nanoseconds(every).max(1);
                let since = nanoseconds(now) % every;
                if nanoseconds(now) < every {
                    return Duration::ZERO;
                }
                Duration::from_nanos(nanoseconds(pause).saturating_sub(since))
            }
            Self::Brownout(p50, p99, factor, over) => {
                let grown = grown(
                    nanoseconds(p99),
                    factor,
                    nanoseconds(age),
                    nanoseconds(over),
                );
                log_normal(nanoseconds(p50), grown, rng)
            }
        }
    }
}

/// What grows linearly from `from` to `factor` times that over a time, and stays there.
fn grown(from: u64, factor: u32, age: u64, over: u64) -> u64 {
    let more = u128::from(from) * u128::from(factor.saturating_sub(1));
    let share = if age >= over {
        more
    } else {
        more * u128::from(age) / u128::from(over)
    };
    u64::try_from(u128::from(from) + share).unwrap_or(u64::MAX)
}

fn log_normal(p50: u64, p99: u64, rng: &mut Rng) -> Duration {
    Duration::from_nanos(fixed::log_normal(p50.max(1), p99.max(1), rng))
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = show_duration;
        match *self {
            Self::Constant(time) => f.write_str(&show(time)),
            Self::Uniform(least, most) => write!(f, "{}..{}", show(least), show(most)),
            Self::Exponential(mean) => write!(f, "exponential({})", show(mean)),
            Self::LogNormal(p50, p99) => write!(f, "lognormal({},{})", show(p50), show(p99)),
            Self::Bimodal(fast, slow, numerator, denominator) => write!(
                f,
                "bimodal({},{},{numerator}/{denominator})",
                show(fast),
                show(slow)
            ),
            Self::Periodic(every, pause) => write!(f, "periodic({},{})", show(every), show(pause)),
            Self::Brownout(p50, p99, factor, over) => write!(
                f,
                "brownout({},{},{factor},{})",
                show(p50),
                show(p99),
                show(over)
            ),
        }
    }
}

/// What a text must be to be a latency.
pub(crate) const GRAMMAR: &str = "a delay is a time such as `5ms`, a range `1ms..5ms`, `exponential(MEAN)`, `lognormal(MEDIAN,P99)`, \
     `bimodal(FAST,SLOW,1/100)`, `periodic(EVERY,PAUSE)` or `brownout(MEDIAN,P99,FACTOR,OVER)`";

impl Latency {
    /// The latency that a text names, as its text form prints it.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(time) = parse_duration(text) {
            return Some(Self::Constant(time));
        }
        if let Some((least, most)) = text.split_once("..") {
            let (least, most) = (parse_duration(least)?, parse_duration(most)?);
            return (least <= most).then_some(Self::Uniform(least, most));
        }
        let (name, rest) = text.split_once('(')?;
        let arguments: Vec<&str> = rest.strip_suffix(')')?.split(',').collect();
        let shape = |p50: &str, p99: &str| {
            let (p50, p99) = (parse_duration(p50)?, parse_duration(p99)?);
            (p50 <= p99 && p50 > Duration::ZERO).then_some((p50, p99))
        };
        match (name, arguments.as_slice()) {
            ("exponential", [mean]) => parse_duration(mean).map(Self::Exponential),
            ("lognormal", [p50, p99]) => {
                shape(p50, p99).map(|(p50, p99)| Self::LogNormal(p50, p99))
            }
            ("bimodal", [fast, slow, ratio]) => {
                let (numerator, denominator) = parse_ratio(ratio)?;
                Some(Self::Bimodal(
                    parse_duration(fast)?,
                    parse_duration(slow)?,
                    numerator,
                    denominator,
                ))
            }
            ("periodic", [every, pause]) => {
                let (every, pause) = (parse_duration(every)?, parse_duration(pause)?);
                (pause < every).then_some(Self::Periodic(every, pause))
            }
            ("brownout", [p50, p99, factor, over]) => {
                let (p50, p99) = shape(p50, p99)?;
                let factor = number(factor).filter(|&factor| factor > 0)?;
                Some(Self::Brownout(p50, p99, factor, parse_duration(over)?))
            }
            _ => None,
        }
    }
}

/// `1/64`: at least once, and no more often than always.
pub(crate) fn parse_ratio(text: &str) -> Option<(u32, u32)> {
    let (numerator, denominator) = text.split_once('/')?;
    let (numerator, denominator) = (digits(numerator)?, digits(denominator)?);
    (numerator > 0 && numerator <= denominator).then_some((numerator, denominator))
}

/// A number without a sign.
pub(crate) fn digits(text: &str) -> Option<u32> {
    number(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// The median and 99th percentile of many draws.
    fn quantiles(latency: Latency) -> (Duration, Duration) {
        let mut rng = Rng::stream(7, "latency");
        let mut drawn: Vec<Duration> = (0..20_000)
            .map(|_| latency.draw(&mut rng, Duration::ZERO, Duration::ZERO))
            .collect();
        drawn.sort_unstable();
        (drawn[10_000], drawn[19_800])
    }

    /// Whether two times differ by less than a tenth.
    #[track_caller]
    fn near(found: Duration, expected: Duration) {
        let difference = found.abs_diff(expected);
        assert!(difference < expected / 10, "{found:?} is not {expected:?}");
    }

    #[test]
    fn a_log_normal_has_the_median_and_the_percentile_it_is_given() {
        for (p50, p99) in [(MS, 30 * MS), (MS / 2, 30 * MS), (2 * MS, 2 * MS)] {
            let (median, percentile) = quantiles(Latency::LogNormal(p50, p99));
            near(median, p50);
            near(percentile, p99);
        }
    }

    #[test]
    fn an_exponential_has_the_quantiles_of_its_mean() {
        let (median, percentile) = quantiles(Latency::Exponential(1000 * MS));
        // The natural logarithms of 2 and of 100.
        near(median, 693 * MS);
        near(percentile, 4605 * MS);
    }

    #[test]
    fn uniform_and_bimodal_stay_in_their_bounds() {
        let (median, percentile) = quantiles(Latency::Uniform(MS, 3 * MS));
        near(median, 2 * MS);
        near(percentile, 3 * MS);
        assert_eq!(quantiles(Latency::Bimodal(MS, 9 * MS, 1, 50)), (MS, 9 * MS));
    }

    #[test]
    fn a_periodic_pause_ends_for_everyone_at_the_same_time() {
        let mut rng = Rng::stream(7, "latency");
        let latency = Latency::Periodic(100 * MS, 10 * MS);
        for (now, wait) in [(0, 0), (5, 0), (100, 10), (104, 6), (110, 0), (201, 9)] {
            let drawn = latency.draw(&mut rng, now * MS, Duration::ZERO);
            assert_eq!(drawn, wait * MS, "at {now}");
        }
    }

    #[test]
    fn a_brownout_grows_and_then_stays() {
        assert_eq!(grown(30, 10, 0, 60), 30);
        assert_eq!(grown(30, 10, 30, 60), 30 + 135);
        assert_eq!(grown(30, 10, 60, 60), 300);
        assert_eq!(grown(30, 10, 600, 60), 300);
    }

    #[test]
    fn what_is_no_latency_is_refused() {
        for text in [
            "5",
            "5ms..1ms",
            "lognormal(5ms,1ms)",
            "lognormal(0s,1ms)",
            "bimodal(1ms,2ms,3/2)",
            "periodic(1ms,2ms)",
            "pareto(1ms)",
            "exponential(1ms",
        ] {
            assert_eq!(Latency::parse(text), None, "{text}");
        }
    }
}
