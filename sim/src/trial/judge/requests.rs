//! Reads show what was acknowledged, and everything is answered in time.

use std::time::Duration;

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
    } else if disturbed.by_stalls || disturbed.by_errors {
        return;
    } else {
        (promise.answers_within, Oracle::T2)
    };
    let Some(bound) = bound else { return };
    let (until, answered) = match &asked.answer {
        Some((at, _)) => (*at, true),
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
