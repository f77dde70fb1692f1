//! How much longer something may take because operations on the disk stood still.

use std::time::Duration;

use super::Disturbed;
use super::requests::heard_time;
use crate::trial::history::{Life, Moment};
use crate::trial::promise::Promise;

/// A time from one point to another.
pub(super) type Span = (Duration, Duration);

/// When operations stood still, as far as that is known.
pub(super) fn spans(life: &Life) -> &[Span] {
    life.stalled.as_deref().unwrap_or_default()
}

/// What has to be allowed for stalls of which it is not known when they were.
pub(super) const fn unknown(life: &Life, disturbed: Disturbed) -> Duration {
    match life.stalled {
        Some(_) => Duration::ZERO,
        None => disturbed.delayed_by,
    }
}

/// Whether something may have stood still by a moment.
pub(super) fn had_begun(life: &Life, disturbed: Disturbed, by: Moment) -> bool {
    let began = life.began.now;
    match &life.stalled {
        Some(spans) => spans
            .iter()
            .any(|(from, until)| *from <= by.now && *until >= began),
        None => !disturbed.delayed_by.is_zero(),
    }
}

/// How much of the time between two moments is in none of these spans, which may overlap.
pub(super) fn outside(spans: impl Iterator<Item = Span>, from: Moment, until: Moment) -> Duration {
    let mut clipped: Vec<Span> = spans
        .map(|(begin, end)| (begin.max(from.now), end.min(until.now)))
        .filter(|(begin, end)| begin < end)
        .collect();
    clipped.sort_unstable();
    let (mut covered, mut reached) = (Duration::ZERO, from.now);
    for (begin, end) in clipped {
        covered += end.saturating_sub(begin.max(reached));
        reached = reached.max(end);
    }
    until.now.saturating_sub(from.now).saturating_sub(covered)
}

/// How much longer a time that passes between two moments may be.
pub(super) fn allowance(
    life: &Life,
    disturbed: Disturbed,
    from: Moment,
    until: Moment,
) -> Duration {
    let whole = until.now.saturating_sub(from.now);
    let stood = whole.saturating_sub(outside(spans(life).iter().copied(), from, until));
    unknown(life, disturbed).saturating_add(stood)
}

/// How long something took that is to take no longer than this, and how long it may; nothing where it was in time. While the disk stands
/// still it may take longer, but no more than who gives up then says that anything does.
pub(super) fn late(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    bound: Duration,
    unread: &[(Moment, Moment)],
    (from, until): (Moment, Moment),
) -> Option<(Duration, Duration)> {
    let bound = bound.saturating_add(unknown(life, disturbed));
    let took = heard_time(unread, spans(life), from, until);
    if took > bound {
        return Some((took, bound));
    }
    let most = promise.gives_up_within.filter(|_| !disturbed.by_stops)?;
    let whole = heard_time(unread, &[], from, until);
    (whole > most).then_some((whole, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment {
            event: seconds,
            now: Duration::from_secs(seconds),
        }
    }

    /// Seconds between 10 and 20 that are in none of the spans.
    fn left(spans: &[(u64, u64)]) -> u64 {
        let seconds = Duration::from_secs;
        let spans = spans
            .iter()
            .map(|&(begin, end)| (seconds(begin), seconds(end)));
        outside(spans, at(10), at(20)).as_secs()
    }

    #[test]
    fn time_counts_once_however_many_operations_stand_still() {
        assert_eq!(left(&[]), 10);
        assert_eq!(left(&[(0, 5), (25, 30)]), 10);
        assert_eq!(left(&[(0, 12), (18, 99)]), 6);
        assert_eq!(left(&[(12, 15), (13, 14), (14, 16)]), 6);
        assert_eq!(left(&[(14, 16), (12, 15)]), 6);
        assert_eq!(left(&[(0, 99), (12, 13)]), 0);
    }

    #[test]
    fn what_has_not_begun_is_no_reason() {
        let disturbed = Disturbed {
            delayed_by: Duration::from_secs(60),
            ..Disturbed::default()
        };
        let mut life = Life::new(Default::default(), at(10));
        let begun = |life: &Life| had_begun(life, disturbed, at(20));
        assert!(begun(&life), "when it was is not known");
        for (from, until, expected) in [
            (19, 30, true),
            (5, 11, true),
            (21, 30, false),
            (5, 9, false),
        ] {
            life.stalled = Some(vec![(at(from).now, at(until).now)]);
            assert_eq!(begun(&life), expected, "{from} to {until}");
        }
    }

    #[test]
    fn what_is_known_replaces_what_was_planned() {
        let disturbed = Disturbed {
            delayed_by: Duration::from_secs(60),
            ..Disturbed::default()
        };
        let mut life = Life::new(Default::default(), at(0));
        let allowed = |life: &Life| allowance(life, disturbed, at(10), at(20)).as_secs();
        assert_eq!(allowed(&life), 60);
        life.stalled = Some(Vec::new());
        assert_eq!(allowed(&life), 0);
        life.stalled = Some(vec![(Duration::from_secs(15), Duration::MAX)]);
        assert_eq!(allowed(&life), 5);
    }
}
