//! Reads show what was acknowledged, and everything is answered in time.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll_reference::host::{ExitStatus, Signal};
use plimsoll_reference::level::Level;

use super::company::is_alone;
use super::ends::asked_to_end;
use super::promised::{Cut, stretches};
use super::readings::Readings;
use super::stalls::{self, Span, outside};
use super::{Disturbed, Finding, stood_still};
use crate::command::Mutation;
use crate::oracle::Oracle;
use crate::trial::history::{Answer, Asked, End, Life, Moment, Notice, Request};
use crate::trial::legal::{Stretch, values};
use crate::trial::promise::{Order, Promise};

pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    readings: &Readings<'_>,
    findings: &mut Vec<Finding>,
) {
    let orphaned = orphaned(life, promise, disturbed);
    let ready = life
        .notices
        .iter()
        .find(|(_, notice)| *notice == Notice::Ready);
    let ready = ready.map(|(at, _)| *at);
    let unread = unread(life);
    for asked in &life.requests {
        // What a rule drops no read shows.
        if promise.filter.is_none() {
            show(life, asked, promise, &orphaned, readings, findings);
        }
        in_time(life, asked, promise, disturbed, (ready, &unread), findings);
    }
    passed_over(life, disturbed, findings);
}

/// The first request that was never answered by a process that ended well, and was asked to end by nothing but the end of its input, which
/// is behind all requests.
///
/// **Not covered**: the last one before that, whose line may have been cut off.
fn passed_over(life: &Life, disturbed: Disturbed, findings: &mut Vec<Finding>) {
    let is_hurried = |(_, notice): &(Moment, Notice)| match notice {
        Notice::Signalled(signal) => *signal != Signal::Usr1,
        _ => false,
    };
    let has_ended_well = life.end.1 == End::Exited(ExitStatus::Code(0));
    if !has_ended_well
        || !life.is_heard()
        || disturbed.by_errors
        || life.notices.iter().any(is_hurried)
    {
        return;
    }
    let mut notices = life.notices.iter();
    let closed = notices.find(|(_, notice)| *notice == Notice::InputClosed);
    let Some((closed, _)) = closed else { return };
    let count = life.requests.partition_point(|asked| asked.at < *closed);
    let sure = &life.requests[..count.saturating_sub(1)];
    if sure.iter().any(|asked| asked.request == Request::Close) {
        return;
    }
    if let Some(index) = sure.iter().position(|asked| asked.answer.is_none()) {
        findings.push(Finding {
            oracle: Oracle::T2,
            at: life.end.0,
            expected: "an answer to each request: it read its input to the end, and ended well"
                .to_owned(),
            found: format!("none to request {}", index + 1),
        });
    }
}

/// What orphans of earlier lives were asked, which may still take effect.
fn orphaned<'a>(life: &'a Life, promise: &Promise, disturbed: Disturbed) -> Vec<Stretch<'a>> {
    if !life.has_orphans {
        return Vec::new();
    }
    let must = vec![false; life.requests.len()];
    let mut stretches = stretches(life, promise, disturbed, (Cut::Kill, life.began), &must);
    stretches.pop();
    stretches
}

/// Holds what a read showed to what had been acknowledged, and to what was read before.
fn show(
    life: &Life,
    asked: &Asked,
    promise: &Promise,
    orphaned: &[Stretch<'_>],
    readings: &Readings<'_>,
    findings: &mut Vec<Finding>,
) {
    let is_alone = is_alone(life);
    for (key, reading) in readings.shown_by(asked) {
        let mut first = values(orphaned, key);
        first.push(life.base.get(key));
        let between = (reading.asked, reading.answered);
        let is_wrong = !readings.may_be_read(key, &first, between, reading.value);
        let vanished = || {
            let earlier = readings.last(key, reading.asked)?;
            let must = |_: usize, other: &Asked| {
                let answer = other.answer.as_ref();
                answer.is_some_and(|(done, _)| *done < reading.asked)
            };
            let follows =
                readings.may_follow(key, earlier, (reading.answered, false), must, reading.value);
            let is_open = promise.order == Order::ByKey && readings.is_open(key, between);
            (is_alone && !follows && !is_open).then_some(earlier)
        };
        let name = String::from_utf8_lossy(key);
        let (oracle, expected) = if is_wrong && is_emptied(life, asked) {
            (Oracle::R7, "the store that was there".to_owned())
        } else if is_wrong {
            let expected = format!("`{name}` as it was last acknowledged, or later");
            (Oracle::V1, expected)
        } else if let Some(earlier) = vanished() {
            let before = shown(earlier.value);
            (
                Oracle::D6,
                format!("`{name}` is {before}, as it was read before, or later"),
            )
        } else {
            continue;
        };
        findings.push(Finding {
            oracle,
            at: reading.answered,
            expected,
            found: format!("`{name}` is {}", shown(reading.value)),
        });
        return;
    }
}

fn shown(value: Option<&Vec<u8>>) -> String {
    value.map_or("nothing".into(), |value| {
        String::from_utf8_lossy(value).into_owned()
    })
}

/// Whether a read shows an empty store where there was one that nobody was asked to empty.
fn is_emptied(life: &Life, asked: &Asked) -> bool {
    match &asked.answer {
        Some((at, Answer::State(pairs))) => pairs.is_empty() && holds_something(life, *at),
        _ => false,
    }
}

/// Whether a key was there when a life began, and nobody had asked for its removal by a moment.
pub(super) fn holds_something(life: &Life, until: Moment) -> bool {
    let asked = life.requests.iter().filter(|asked| asked.at < until);
    let deletes = |mutation: &Mutation| matches!(mutation, Mutation::Delete { .. });
    let deleted: BTreeSet<&[u8]> = asked
        .flat_map(Asked::mutations)
        .filter(|mutation| deletes(mutation))
        .map(Mutation::key)
        .collect();
    let mut keys = life.base.keys();
    !life.has_orphans && keys.any(|key| !deleted.contains(key.as_slice()))
}

/// When nobody read its output, each time from one moment to another. Of two notices of one moment the first came first.
pub(super) fn unread(life: &Life) -> Vec<(Moment, Moment)> {
    let mut spans = Vec::new();
    let mut since = None;
    for (at, notice) in &life.notices {
        match (notice, since) {
            (Notice::ReadingStopped, None) => since = Some(*at),
            (Notice::ReadingAgain, Some(from)) => {
                spans.push((from, *at));
                since = None;
            }
            _ => {}
        }
    }
    spans.extend(since.map(|from| (from, life.end.0)));
    spans
}

/// How much time passed between two moments in which the output was read, and nothing on the disk stood still that is waited for.
pub(super) fn heard_time(
    unread: &[(Moment, Moment)],
    stalled: &[Span],
    from: Moment,
    until: Moment,
) -> Duration {
    let unread = unread.iter().map(|(begin, end)| (begin.now, end.now));
    outside(unread.chain(stalled.iter().copied()), from, until)
}

fn in_time(
    life: &Life,
    asked: &Asked,
    promise: &Promise,
    disturbed: Disturbed,
    (ready, unread): (Option<Moment>, &[(Moment, Moment)]),
    findings: &mut Vec<Finding>,
) {
    let is_read = matches!(asked.request, Request::Get(_) | Request::Scan);
    let (bound, oracle, stalled) = if is_read && promise.reads_within.is_some() {
        (promise.reads_within, Oracle::T1, &[][..])
    } else if is_in_memory(asked) && promise.writes_within.is_some() {
        (promise.writes_within, Oracle::B3, &[][..])
    } else if stood_still(life, disturbed) && promise.gives_up_within.is_some() {
        (promise.gives_up_within, Oracle::T2, &[][..])
    } else {
        let unknown = stalls::unknown(life, disturbed);
        let bound = promise.answers_within;
        let bound = bound.map(|bound| bound.saturating_add(unknown));
        (bound, Oracle::T2, stalls::spans(life))
    };
    let Some(bound) = bound.filter(|_| !disturbed.by_stops) else {
        return;
    };
    let waits = oracle == Oracle::T2;
    let from = match ready {
        _ if waits => asked.at,
        Some(ready) => asked.at.max(ready),
        // Opening takes the time that the disk takes.
        None => return,
    };
    let (until, answered) = match &asked.answer {
        Some((at, _)) => (*at, true),
        // Who is asked to end answers no more, and how long that takes is for another oracle.
        None if !waits => {
            let asked_to_end = asked_to_end(life, promise).unwrap_or(life.end.0);
            (asked_to_end.min(life.end.0), false)
        }
        None => (life.end.0, false),
    };
    let took = heard_time(unread, stalled, from, until);
    // A client that stops reading is not answered, and who dies answers no more.
    if took <= bound || (!answered && !was_listened_to(life, until)) {
        return;
    }
    findings.push(Finding {
        oracle,
        at: until,
        expected: format!("an answer within {}", seconds(bound)),
        found: if answered {
            format!("an answer after {}", seconds(took))
        } else {
            format!("none after {}", seconds(took))
        },
    });
}

/// Whether it is a write, and was acknowledged in memory or not at all.
fn is_in_memory(asked: &Asked) -> bool {
    let answer = asked.answer.as_ref().map(|(_, answer)| answer);
    let is_weak = match answer {
        Some(Answer::Done { level, .. }) => *level == Level::Memory,
        _ => true,
    };
    is_weak && matches!(asked.request, Request::Write(_))
}

/// Whether the client read what the system wrote.
fn was_listened_to(life: &Life, until: Moment) -> bool {
    let closed = life
        .notices
        .iter()
        .any(|(at, notice)| *at < until && notice.is_unheard());
    !closed && matches!(life.end.1, End::Running | End::Exited(_))
}

pub(super) fn seconds(time: Duration) -> String {
    format!("{}.{:03} s", time.as_secs(), time.subsec_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(event: u64, ms: u64) -> Moment {
        Moment {
            event,
            now: Duration::from_millis(ms),
        }
    }

    /// What is said of a write that was asked for at once and acknowledged after so many milliseconds, or not at all, by a system that
    /// was asked to end after so many, while an operation on its disk stood still.
    fn late(answer: Option<(u64, Level)>, ends: u64) -> Option<Oracle> {
        let promise = Promise {
            writes_within: Some(Duration::from_secs(1)),
            answers_within: Some(Duration::from_secs(20)),
            ..Promise::default()
        };
        late_by(&promise, answer, ends)
    }

    fn late_by(promise: &Promise, answer: Option<(u64, Level)>, ends: u64) -> Option<Oracle> {
        let done = |(ms, level)| {
            let sequence = None;
            (at(2, ms), Answer::Done { level, sequence })
        };
        let life = Life {
            requests: vec![Asked {
                at: at(1, 0),
                request: Request::Write(vec!["put a 1".parse().expect("a change")]),
                answer: answer.map(done),
                was_taken_back: false,
            }],
            notices: vec![
                (at(1, 0), Notice::Ready),
                (at(3, ends), Notice::InputClosed),
            ],
            end: (at(4, 60_000), End::Exited(ExitStatus::Code(0))),
            ..Life::new(Default::default(), at(0, 0))
        };
        let disturbed = Disturbed {
            delayed_by: Duration::from_secs(30),
            ..Disturbed::default()
        };
        let mut findings = Vec::new();
        let readings = Readings::of(&life);
        judge(&life, promise, disturbed, &readings, &mut findings);
        findings.first().map(|finding| finding.oracle)
    }

    #[test]
    fn writes_in_memory_do_not_wait_for_the_disk() {
        assert_eq!(late(Some((1000, Level::Memory)), 30_000), None);
        assert_eq!(late(Some((1001, Level::Memory)), 30_000), Some(Oracle::B3));
        assert_eq!(late(Some((30_000, Level::Power)), 30_000), None);
        assert_eq!(late(None, 30_000), Some(Oracle::B3));
        assert_eq!(late(None, 900), None, "it was asked to end");
    }

    #[test]
    fn who_stops_and_goes_on_at_one_moment_did_so_in_that_order() {
        let spans = |notices: &[(Moment, Notice)]| {
            unread(&Life {
                notices: notices.to_vec(),
                end: (at(9, 60_000), End::Running),
                ..Life::new(Default::default(), at(0, 0))
            })
        };
        let stops = (at(2, 5), Notice::ReadingStopped);
        let again = |at| (at, Notice::ReadingAgain);
        let now = at(2, 5);
        assert_eq!(spans(&[stops.clone(), again(now)]), [(now, now)]);
        let until_the_end = [(now, at(9, 60_000))];
        assert_eq!(spans(&[again(now), stops.clone()]), until_the_end);
        assert_eq!(spans(&[stops, again(at(3, 7))]), [(now, at(3, 7))]);
    }

    #[test]
    fn only_stalls_while_it_waits_make_a_request_take_longer() {
        let promise = Promise {
            answers_within: Some(Duration::from_secs(20)),
            ..Promise::default()
        };
        let said = |stalled: Option<(u64, u64)>| {
            let done = Answer::Done {
                level: Level::Power,
                sequence: None,
            };
            let life = Life {
                requests: vec![Asked {
                    at: at(1, 60_000),
                    request: Request::Sync,
                    answer: Some((at(2, 100_000), done)),
                    was_taken_back: false,
                }],
                notices: vec![(at(1, 0), Notice::Ready)],
                end: (at(4, 200_000), End::Running),
                stalled: stalled.map(|(from, until)| {
                    vec![(Duration::from_secs(from), Duration::from_secs(until))]
                }),
                ..Life::new(Default::default(), at(0, 0))
            };
            let disturbed = Disturbed {
                delayed_by: Duration::from_secs(60),
                ..Disturbed::default()
            };
            let mut findings = Vec::new();
            let readings = Readings::of(&life);
            judge(&life, &promise, disturbed, &readings, &mut findings);
            findings.first().map(|finding| finding.oracle)
        };
        assert_eq!(said(None), None, "when it was is not known");
        assert_eq!(said(Some((70, 90))), None);
        assert_eq!(said(Some((0, 80))), None);
        assert_eq!(said(Some((70, 89))), Some(Oracle::T2));
        assert_eq!(said(Some((0, 60))), Some(Oracle::T2), "it was over");
    }

    #[test]
    fn who_gives_up_does_so_in_time() {
        let patient = Promise {
            answers_within: Some(Duration::from_secs(20)),
            ..Promise::default()
        };
        let promise = Promise {
            gives_up_within: Some(Duration::from_secs(45)),
            ..patient.clone()
        };
        let answered = |ms| Some((ms, Level::Power));
        assert_eq!(late_by(&patient, answered(50_000), 60_000), None);
        assert_eq!(late_by(&promise, answered(45_000), 60_000), None);
        assert_eq!(
            late_by(&promise, answered(45_001), 60_000),
            Some(Oracle::T2)
        );
        assert_eq!(late_by(&promise, None, 60_000), Some(Oracle::T2));
    }
}
