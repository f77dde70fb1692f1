//! Which writes have to be there at a moment, and which states that leaves.

use std::time::Duration;

use plimsoll_reference::host::ExitStatus;
use plimsoll_reference::level::Level;

use super::Disturbed;
use super::stalls::allowance;
use crate::trial::history::{Answer, Asked, End, Fate, Life, Moment, Notice, Request};
use crate::trial::legal::{Stretch, Write};
use crate::trial::promise::Promise;

/// What ends a life, as levels see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// An end that says that all went well.
    Clean,
    /// The death of the process.
    Kill,
    /// The loss of power, or of a server.
    Power,
    /// None: the disk is read beside the running system.
    Beside,
}

impl Cut {
    /// What ended a life, if it has ended.
    pub(super) fn of(life: &Life, promise: &Promise) -> Option<Self> {
        match life.end.1 {
            End::Exited(status) if promise.says_held(status) => Some(Self::Clean),
            End::Exited(_) | End::Killed => Some(Self::Kill),
            End::PowerLost => Some(Self::Power),
            End::Running => None,
        }
    }
}

/// Which requests have to be there after a cut at a moment.
pub(super) fn must(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    cut: Cut,
    at: Moment,
) -> Vec<bool> {
    let has_rested = cut == Cut::Kill
        && promise
            .kept_when_idle
            .is_some_and(|idle| idle_since(life, at) > idle);
    let mut must = vec![false; life.requests.len()];
    for (index, asked) in life.requests.iter().enumerate() {
        let Some((done, Answer::Done { level, sequence })) = &asked.answer else {
            continue;
        };
        if *done > at || asked.was_taken_back {
            continue;
        }
        // What was asked for when nothing went wrong any more is not excused by what had.
        let may_have_failed = disturbed.errs_from(asked.at);
        let survives = |needed| match level {
            Level::Window(window) => {
                // A window lasts as long as the disk stands still, and what is known to have failed is no longer promised.
                let most = window.saturating_add(promise.window_slack);
                let most = most.saturating_add(allowance(life, disturbed, *done, at));
                let is_over = at.now.saturating_sub(done.now) > most;
                is_over && !(may_have_failed && was_told(life, *done))
            }
            Level::Memory => false,
            Level::Process if is_dropped(life, asked, disturbed, *done) => false,
            Level::Process | Level::Power => *level >= needed,
        };
        let counts = match cut {
            Cut::Clean => true,
            Cut::Beside => false,
            Cut::Kill => survives(Level::Process),
            Cut::Power => survives(Level::Power),
        };
        if !counts && !has_rested {
            continue;
        }
        match (&asked.request, *sequence) {
            (Request::Sync | Request::Snapshot, Some(covered)) => {
                cover(&life.requests, &mut must, |other| is_up_to(other, covered));
            }
            (Request::Sync | Request::Snapshot, None) => {
                let is_before = |other: &Asked| {
                    let answer = other.answer.as_ref();
                    answer.is_some_and(|(done, _)| *done < asked.at)
                };
                cover(&life.requests, &mut must, is_before);
            }
            _ => must[index] = true,
        }
    }
    let announced = life.notices.iter().filter_map(|(of, notice)| match notice {
        Notice::SnapshotDone(covered) if *of < at => *covered,
        _ => None,
    });
    if let Some(covered) = announced.max() {
        cover(&life.requests, &mut must, |other| is_up_to(other, covered));
    }
    must
}

/// Whether what the operating system had taken may be gone without a word, or was said to be: it may drop that as a sync fails, and who is
/// killed or loses power then cannot name it any more. A store that goes on goes on without it.
fn is_dropped(life: &Life, asked: &Asked, disturbed: Disturbed, acknowledged: Moment) -> bool {
    is_silenced(life, asked, disturbed)
        || disturbed.by_disk && disturbed.errs_from(asked.at) && was_told(life, acknowledged)
}

/// Whether the disk may have failed a write that was acknowledged before it was committed, and its process not have lived to name it.
fn is_silenced(life: &Life, asked: &Asked, disturbed: Disturbed) -> bool {
    let is_cut = matches!(life.end.1, End::Killed | End::PowerLost);
    is_cut && disturbed.by_disk && disturbed.errs_from(asked.at)
}

/// What is known of the effect of a write, in a life to which this was done.
fn fate(life: &Life, asked: &Asked, disturbed: Disturbed) -> Fate {
    let Some((at, Answer::Done { level, .. })) = &asked.answer else {
        return asked.fate();
    };
    let may_be_gone = match level {
        Level::Process => is_dropped(life, asked, disturbed, *at),
        Level::Window(_) => is_silenced(life, asked, disturbed),
        Level::Memory | Level::Power => false,
    };
    match asked.fate() {
        Fate::Applied if may_be_gone => Fate::Unknown,
        fate => fate,
    }
}

/// Whether the client was told, after a write was acknowledged, that what went before may not be held: by a request to make it safe that
/// failed, or by the end. Writes that are named as lost are [taken back](Asked::was_taken_back) one by one, and say nothing of others.
fn was_told(life: &Life, acknowledged: Moment) -> bool {
    let secures = |asked: &Asked| {
        matches!(
            asked.request,
            Request::Sync | Request::Snapshot | Request::Maintain | Request::Close
        )
    };
    let failed = |asked: &Asked| match &asked.answer {
        Some((at, Answer::Failed(_))) => *at > acknowledged && secures(asked),
        _ => false,
    };
    life.has(&Notice::LastLine(None))
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

/// The writes of a life that had been handed over by a moment, and of the lives before it as far as they may still be seen after a cut.
///
/// Without a loss of power those are the lives whose processes still ran when the next one began. With one, or after a sync that failed, they
/// are all lives since the last time that what a store showed was durable: each may have lost what it did not have to keep, and with it
/// what came later.
pub(super) fn stretches<'a>(
    life: &'a Life,
    promise: &Promise,
    disturbed: Disturbed,
    (cut, at): (Cut, Moment),
    must: &[bool],
) -> Vec<Stretch<'a>> {
    let lives: Vec<&Life> = life.before.iter().map(AsRef::as_ref).collect();
    // What a failed sync did not write the operating system takes for written, and may drop from then on: a kill is followed by another
    // look at the disk (Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
    let may_drop = cut == Cut::Kill && disturbed.by_disk;
    let is_loose = |life: &Life| (cut == Cut::Power || may_drop) && !is_durable(life, promise);
    // From the back, as long as something reaches further back.
    let reaches = |life: &Life| life.has_orphans || is_loose(life);
    let mut first = lives.len();
    let mut next = life;
    while first > 0 && reaches(next) {
        first -= 1;
        next = lives[first];
    }
    let mut all = Vec::with_capacity(lives.len() - first + 1);
    for &earlier in &lives[first..] {
        let end = earlier.end.0;
        let kept = if cut == Cut::Power {
            kept_from_power(earlier, promise, disturbed)
        } else {
            let cut = Cut::of(earlier, promise).unwrap_or(Cut::Kill);
            self::must(earlier, promise, disturbed, cut, end)
        };
        let stretch = stretch(earlier, promise, disturbed, &kept, None);
        all.push(stretch.beside(earlier.has_orphans).loose(is_loose(earlier)));
    }
    let last = stretch(life, promise, disturbed, must, Some(at));
    all.push(last.beside(life.has_orphans).loose(is_loose(life)));
    all
}

/// Whether what a life began with is durable: where a system promises that, it is once the store is open, and not before.
fn is_durable(life: &Life, promise: &Promise) -> bool {
    promise.shows_durable && life.has(&Notice::Ready)
}

/// What an earlier life wrote that a later loss of power must leave.
fn kept_from_power(life: &Life, promise: &Promise, disturbed: Disturbed) -> Vec<bool> {
    let says_power = life.has(&Notice::LastLine(Some(Level::Power)));
    if says_power && Cut::of(life, promise) == Some(Cut::Clean) {
        return must(life, promise, disturbed, Cut::Clean, life.end.0);
    }
    must(life, promise, disturbed, Cut::Power, life.end.0)
}

/// The writes of a life that had been handed over by a moment.
pub(super) fn stretch<'a>(
    life: &'a Life,
    promise: &Promise,
    disturbed: Disturbed,
    must: &[bool],
    until: Option<Moment>,
) -> Stretch<'a> {
    let asked = life.requests.iter().zip(must);
    let asked = asked.filter(|(asked, _)| until.is_none_or(|until| asked.at < until));
    let writes = asked.filter(|(asked, _)| !asked.mutations().is_empty());
    let writes = writes.map(|(asked, &must)| Write {
        mutations: asked.mutations(),
        fate: fate(life, asked, disturbed),
        must,
    });
    Stretch::new(&life.base, promise.order, writes.collect())
}
