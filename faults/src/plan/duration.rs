//! Spans of virtual time in text: a whole number and a unit.

use std::time::Duration;

/// Units, largest first, in nanoseconds.
const UNITS: [(&str, u64); 4] = [
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// The time as text, in the largest unit that divides it.
pub fn show(time: Duration) -> String {
    let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| nanoseconds % size == 0)
        .unwrap_or(("ns", 1));
    format!("{}{unit}", nanoseconds / size)
}

/// The time that a text names; nothing when it names none, or one beyond 584 years.
pub fn parse(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = text.split_at(end);
    let count: u64 = count.parse().ok()?;
    let (_, size) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    count.checked_mul(size).map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn prints_back_what_it_parses(nanoseconds: u64) {
            let time = Duration::from_nanos(nanoseconds);
            prop_assert_eq!(parse(&show(time)), Some(time));
        }
    }

    #[test]
    fn uses_the_largest_unit() {
        for (text, expected) in [("1000ms", "1s"), ("1500us", "1500us"), ("0ns", "0s")] {
            assert_eq!(parse(text).map(show).as_deref(), Some(expected));
        }
        for text in ["5", "s", "5m", "-5s", "1.5s", "99999999999999999999s"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
