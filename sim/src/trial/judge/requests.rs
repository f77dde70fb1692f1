//! Reads show what was acknowledged, and everything is answered in time.

use std::time::Duration;

use plimsoll_reference::level::Level;

use super::ends::asked_to_end;
use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::trial::history::{Answer, Asked, End, Fate, Life, Moment, Request};
use crate::trial::legal::is_value;
use crate::trial::promise::Promise;

pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    for asked in &life.requests {
        if let Some(answered) = &asked.answer {
            show(life, asked, answered, findings);
        }
        in_time(life, asked, promise, disturbed, findings);
    }
}

/// Holds what a read showed to what had been acknowledged.
fn show(life: &Life, asked: &Asked, (at, answer): &(Moment, Answer), findings: &mut Vec<Finding>) {
    let shown: Vec<(&[u8], Option<&Vec<u8>>)> = match (&asked.request, answer) {
        (Request::Get(key), Answer::Value(value)) => vec![(key, value.as_ref())],
        (Request::Scan, Answer::State(pairs)) => {
            let written = life.requests.iter().flat_map(Asked::mutations);
            let mut keys: Vec<&[u8]> = written.map(|mutation| mutation.key()).collect();
            keys.extend(life.base.keys().chain(pairs.keys()).map(Vec::as_slice));
            keys.sort_unstable();
            keys.dedup();
            keys.into_iter().map(|key| (key, pairs.get(key))).collect()
        }
        _ => return,
    };
    // Only what had been handed over when the answer was read can be in it; only what had been answered before it was asked for must.
    let (base, orphaned) = match &life.before {
        // What orphans of an earlier life were asked may still take effect.
        Some(before) if life.has_orphans => (&before.base, before.requests.as_slice()),
        _ => (&life.base, [].as_slice()),
    };
    let doubtful = orphaned.iter().map(|asked| Asked {
        answer: None,
        ..asked.clone()
    });
    let own = life.requests.iter().filter(|other| other.at < *at).cloned();
    let before: Vec<Asked> = doubtful.chain(own).collect();
    let must: Vec<bool> = before
        .iter()
        .map(|other| {
            other.fate() == Fate::Applied
                && other
                    .answer
                    .as_ref()
                    .is_some_and(|(done, _)| *done < asked.at)
        })
        .collect();
    for (key, value) in shown {
        if is_value(base, &before, &must, key, value) {
            continue;
        }
        let name = String::from_utf8_lossy(key);
        let value = value.map_or("nothing".into(), |value| String::from_utf8_lossy(value));
        findings.push(Finding {
            oracle: Oracle::V1,
            at: *at,
            expected: format!("`{name}` as it was last acknowledged, or later"),
            found: format!("`{name}` is {value}"),
        });
        return;
    }
}

fn in_time(
    life: &Life,
    asked: &Asked,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    if disturbed.by_client {
        return;
    }
    let is_read = matches!(asked.request, Request::Get(_) | Request::Scan);
    let (bound, oracle) = if is_read && promise.reads_within.is_some() {
        (promise.reads_within, Oracle::T1)
    } else if is_in_memory(asked) && promise.writes_within.is_some() {
        (promise.writes_within, Oracle::B3)
    } else if disturbed.by_stalls {
        (promise.gives_up_within, Oracle::T2)
    } else if disturbed.by_errors {
        return;
    } else {
        (promise.answers_within, Oracle::T2)
    };
    let Some(bound) = bound else { return };
    let (until, answered) = match &asked.answer {
        Some((at, _)) => (*at, true),
        // Who is asked to end answers no more, and how long that takes is for another oracle.
        None if oracle != Oracle::T2 => {
            let asked_to_end = asked_to_end(life, promise).unwrap_or(life.end.0);
            (asked_to_end.min(life.end.0), false)
        }
        None => (life.end.0, false),
    };
    let took = until.now.saturating_sub(asked.at.now);
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
    use crate::trial::history::Notice;
    let closed = life
        .notices
        .iter()
        .any(|(at, notice)| *at < until && matches!(notice, Notice::OutputClosed));
    !closed && matches!(life.end.1, End::Running | End::Exited(_))
}

pub(super) fn seconds(time: Duration) -> String {
    format!("{}.{:03} s", time.as_secs(), time.subsec_millis())
}

#[cfg(test)]
mod tests {
    use plimsoll_reference::host::ExitStatus;

    use super::*;
    use crate::trial::history::Notice;

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
            base: Default::default(),
            before: None,
            has_orphans: false,
            began: at(0, 0),
            requests: vec![Asked {
                at: at(1, 0),
                request: Request::Write(vec!["put a 1".parse().expect("a change")]),
                answer: answer.map(done),
                was_taken_back: false,
            }],
            notices: vec![(at(3, ends), Notice::InputClosed)],
            end: (at(4, 60_000), End::Exited(ExitStatus::Code(0))),
            left: Vec::new(),
        };
        let disturbed = Disturbed {
            by_stalls: true,
            ..Disturbed::default()
        };
        let mut findings = Vec::new();
        judge(&life, promise, disturbed, &mut findings);
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
