//! What is on the disk, while a system runs and after it has ended.

use std::time::Duration;

use plimsoll_reference::host::ExitStatus;
use plimsoll_reference::level::Level;

use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::trial::history::{
    Answer, Asked, Before, End, Fate, Found, Life, Moment, Notice, Request,
};
use crate::trial::legal::{Wrong, wrong};
use crate::trial::promise::{Order, Promise};

/// What ends a life, as levels see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// An end that says that all went well.
    Clean,
    /// The death of the process.
    Kill,
    /// The loss of power.
    Power,
    /// None: the disk is read beside the running system.
    Beside,
}

pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    for (at, notice) in &life.notices {
        if let Notice::Inspected(found) = notice {
            held(
                life,
                promise,
                disturbed,
                (Cut::Beside, *at),
                found,
                findings,
            );
        }
    }
    let cut = match life.end.1 {
        End::Exited(status) if promise.says_held(status) => Cut::Clean,
        End::Exited(_) | End::Killed => Cut::Kill,
        End::PowerLost => Cut::Power,
        End::Running => return,
    };
    for found in &life.left {
        held(life, promise, disturbed, (cut, life.end.0), found, findings);
    }
}

/// Which requests have to be there if the power is lost when a life has ended.
pub(super) fn must_survive(life: &Life, promise: &Promise, disturbed: Disturbed) -> Vec<bool> {
    must(life, promise, disturbed, Cut::Power, life.end.0)
}

/// Which requests have to be there at a moment.
fn must(life: &Life, promise: &Promise, disturbed: Disturbed, cut: Cut, at: Moment) -> Vec<bool> {
    let mut must = vec![false; life.requests.len()];
    for (index, asked) in life.requests.iter().enumerate() {
        let Some((done, Answer::Done { level, sequence })) = &asked.answer else {
            continue;
        };
        if *done > at || asked.was_taken_back {
            continue;
        }
        let age = at.now.saturating_sub(done.now);
        let survives = |needed| match level {
            // A disk that fails makes a window last until the system has noticed; then it tells what is lost.
            Level::Window(_) if disturbed.by_errors && was_told(life) => false,
            // Nor can a window be kept by a disk that stands still.
            Level::Window(_) if disturbed.by_stalls => false,
            Level::Window(window) => age > *window + promise.window_slack,
            Level::Memory => false,
            Level::Process | Level::Power => *level >= needed,
        };
        let counts = match cut {
            Cut::Clean => true,
            Cut::Beside => false,
            Cut::Kill => survives(Level::Process),
            Cut::Power => survives(Level::Power),
        };
        let has_rested = cut == Cut::Kill
            && promise
                .kept_when_idle
                .is_some_and(|idle| idle_since(life, at) > idle);
        if !counts && !has_rested {
            continue;
        }
        match (&asked.request, *sequence) {
            (Request::Sync | Request::Snapshot, Some(covered)) => {
                cover(&life.requests, &mut must, |other| is_up_to(other, covered));
            }
            (Request::Sync | Request::Snapshot, None) => {
                let is_before = |other: &Asked| {
                    other
                        .answer
                        .as_ref()
                        .is_some_and(|(done, _)| *done < asked.at)
                };
                cover(&life.requests, &mut must, is_before);
            }
            _ => must[index] = true,
        }
    }
    for (announced, notice) in &life.notices {
        if let Notice::SnapshotDone(Some(covered)) = notice
            && *announced < at
        {
            cover(&life.requests, &mut must, |other| is_up_to(other, *covered));
        }
    }
    must
}

/// Whether the client was told that not everything is held.
fn was_told(life: &Life) -> bool {
    let says = |(_, notice): &(Moment, Notice)| {
        matches!(notice, Notice::Lost { .. } | Notice::LastLine(None))
    };
    let failed = |asked: &Asked| matches!(asked.answer, Some((_, Answer::Failed(_))));
    life.notices.iter().any(says)
        || life.requests.iter().any(failed)
        || matches!(life.end.1, End::Exited(ExitStatus::Code(code)) if code != 0)
}

/// Whether a write has one of the numbers up to this one.
fn is_up_to(asked: &Asked, covered: u64) -> bool {
    match asked.answer {
        Some((_, Answer::Done { sequence, .. })) => {
            !asked.was_taken_back && sequence.is_some_and(|number| number <= covered)
        }
        _ => false,
    }
}

/// How long nothing had been asked of it.
fn idle_since(life: &Life, at: Moment) -> Duration {
    let asked = life.requests.iter().map(|asked| asked.at.now);
    let answered = life
        .requests
        .iter()
        .filter_map(|asked| asked.answer.as_ref());
    let last = asked.chain(answered.map(|(at, _)| at.now)).max();
    at.now.saturating_sub(last.unwrap_or(life.began.now))
}

fn cover(requests: &[Asked], must: &mut [bool], is_covered: impl Fn(&Asked) -> bool) {
    for (asked, must) in requests.iter().zip(must) {
        let is_write = !asked.mutations().is_empty() && asked.fate() == Fate::Applied;
        *must |= is_write && is_covered(asked);
    }
}

fn held(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    (cut, at): (Cut, Moment),
    found: &Found,
    findings: &mut Vec<Finding>,
) {
    let must = must(life, promise, disturbed, cut, at);
    let nothing = Default::default();
    let left = match found {
        Found::Store(pairs) => pairs,
        Found::Nothing if cut == Cut::Beside && !must.contains(&true) && life.base.is_empty() => {
            return;
        }
        Found::Nothing => &nothing,
        Found::Unreadable(message) => {
            findings.push(Finding {
                oracle: if cut == Cut::Beside {
                    Oracle::C1
                } else {
                    Oracle::R3
                },
                at,
                expected: "a complete store".to_owned(),
                found: message.clone(),
            });
            return;
        }
    };
    let asked: Vec<Asked> = life
        .requests
        .iter()
        .filter(|asked| asked.at < at)
        .cloned()
        .collect();
    let must_asked = must.get(..asked.len()).unwrap_or(&must);
    let wrong = match &life.before {
        Some(before) if cut == Cut::Power || life.has_orphans => {
            let (requests, must) = joined(life, before, &must);
            wrong(&before.base, &requests, &must, Order::ByKey, left)
        }
        _ => wrong(&life.base, &asked, must_asked, promise.order, left),
    };
    let Some(wrong) = wrong else { return };
    let oracle = match wrong {
        Wrong::Hole => Oracle::D3,
        Wrong::Invented => Oracle::D5,
        Wrong::Returned => Oracle::D4,
        Wrong::Lost => match (cut, found) {
            (Cut::Clean, _) => Oracle::E1,
            (Cut::Beside, Found::Nothing) => Oracle::C1,
            (Cut::Kill, _) if is_by_level(life, Level::Process) => Oracle::B2,
            (Cut::Kill | Cut::Power, _) if is_by_window(life) => Oracle::B1,
            _ => Oracle::D1,
        },
    };
    findings.push(Finding {
        oracle,
        at,
        expected: match cut {
            Cut::Clean => "everything that was acknowledged: its exit code says so".to_owned(),
            _ => format!("everything up to {}", last_must(&asked, &must)),
        },
        found: show(found),
    });
}

/// The requests of a life behind those that went before, none of which has to be there, and what stood between them.
fn joined(life: &Life, before: &Before, must: &[bool]) -> (Vec<Asked>, Vec<bool>) {
    let doubtful = |asked: &Asked| Asked {
        answer: None,
        ..asked.clone()
    };
    let mut requests: Vec<Asked> = before.requests.iter().map(doubtful).collect();
    let mut all = vec![false; requests.len()];
    requests.extend(life.requests.iter().cloned());
    all.extend_from_slice(must);
    (requests, all)
}

fn is_by_level(life: &Life, level: Level) -> bool {
    has_ack(life, |of| of >= level)
}

fn is_by_window(life: &Life) -> bool {
    has_ack(life, |of| matches!(of, Level::Window(_)))
}

fn has_ack(life: &Life, is: impl Fn(Level) -> bool) -> bool {
    life.requests.iter().any(|asked| match asked.answer {
        Some((_, Answer::Done { level, .. })) => is(level),
        _ => false,
    })
}

fn last_must(asked: &[Asked], must: &[bool]) -> String {
    let last = asked.iter().zip(must).rposition(|(_, must)| *must);
    match last {
        Some(index) => format!("request {}", index + 1),
        None => "what was there when it began".to_owned(),
    }
}

/// What was found, for people.
pub(super) fn show(found: &Found) -> String {
    match found {
        Found::Nothing => "nothing".to_owned(),
        Found::Unreadable(message) => message.clone(),
        Found::Store(pairs) if pairs.is_empty() => "an empty store".to_owned(),
        Found::Store(pairs) => {
            let shown: Vec<String> = pairs
                .iter()
                .take(8)
                .map(|(key, value)| {
                    let (key, value) =
                        (String::from_utf8_lossy(key), String::from_utf8_lossy(value));
                    format!("{key}={value}")
                })
                .collect();
            let more = pairs.len().saturating_sub(shown.len());
            let rest = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            format!("{}{rest}", shown.join(" "))
        }
    }
}
