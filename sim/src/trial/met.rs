//! Which disturbances a trial really met: one that is planned and never comes has tested nothing.

use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll_faults::crash::CrashKind;
use plimsoll_reference::host::Signal;

use super::disturbance::{is_slow, was_killed, was_stopped};
use super::family::Family;
use super::history::{End, Life, Notice};
use super::run::{Outcome, moment};
use super::script::{Ending, Script, Step};
use crate::world::Action;

/// A time that no request takes by itself: where more has passed, the system was idle.
const IDLE: Duration = Duration::from_secs(1);

/// The families whose disturbances came, and struck what they were meant for.
pub(super) fn met(script: &Script, outcome: &Outcome) -> BTreeSet<Family> {
    let mut met = BTreeSet::new();
    for (life, planned) in outcome.lives.iter().zip(&script.lives) {
        met.extend(in_life(life));
        if planned.early {
            met.insert(Family::Early);
        }
        if planned.ending == Ending::MidLine && life.has(&Notice::InputClosed) {
            met.insert(Family::MidLine);
        }
        let rests = |step: &Step| matches!(step, Step::Pause(time) if *time >= IDLE);
        if planned.steps.iter().any(rests) && life.end.0.now - life.began.now >= IDLE {
            met.insert(Family::Idle);
        }
    }
    if outcome.lives.len() > 1 {
        met.insert(Family::Restart);
    }
    if is_slow(script.pace) && !outcome.lives.is_empty() {
        met.insert(Family::Slow);
    }
    if outcome.run.interrupted > 0 {
        met.insert(Family::Interrupts);
    }
    met.extend(by_plan(script, outcome));
    met
}

/// What can be seen in a life.
fn in_life(life: &Life) -> BTreeSet<Family> {
    let is_end = |notice: &Notice| {
        matches!(
            notice,
            Notice::InputClosed | Notice::Signalled(Signal::Term | Signal::Int)
        )
    };
    let notices = || life.notices.iter().map(|(_, notice)| notice);
    let first_end = notices().position(is_end);
    let is_second = |notice: &Notice| is_end(notice) || matches!(notice, Notice::Signalled(_));
    let twice = first_end.is_some_and(|first| notices().skip(first + 1).any(is_second));
    let seen = [
        (
            Family::Snapshots,
            life.has(&Notice::Signalled(Signal::Usr1)),
        ),
        (
            Family::Endings,
            notices().any(|notice| is_end(notice) && *notice != Notice::InputClosed),
        ),
        (Family::Twice, twice),
        (Family::Kill, life.end.1 == End::Killed),
        (Family::Deaf, life.has(&Notice::OutputClosed)),
        (Family::Second, life.has(&Notice::OtherStarted)),
    ];
    let seen = seen.into_iter().filter(|(_, is_seen)| *is_seen);
    seen.map(|(family, _)| family).collect()
}

/// What only the world knows: lines of the plan that happened, and faults that took effect.
fn by_plan(script: &Script, outcome: &Outcome) -> BTreeSet<Family> {
    let crashed = |is: fn(CrashKind) -> bool| {
        let crashes = outcome.run.eras.iter().filter_map(|era| era.crash);
        crashes.into_iter().any(is)
    };
    let crashes = [
        (Family::Servers, crashed(is_of_servers)),
        (Family::Power, crashed(|kind| !is_of_servers(kind))),
    ];
    let crashes = crashes.into_iter().filter(|(_, has_come)| *has_come);
    let fired = outcome.run.eras.iter().flat_map(|era| &era.fired);
    let has_fired = fired.copied().any(|count| count > 0);
    let happened = script.plan.0.iter().zip(&outcome.run.happened);
    happened
        .filter_map(|(planned, happened)| Some((planned, moment((*happened)?))))
        .filter_map(|(planned, at)| match &planned.action {
            Action::StopReading(_) => Some(Family::Unread),
            Action::Clock { .. } => Some(Family::Clock),
            Action::Kill(program) => was_killed(&outcome.run, program, at).then_some(Family::Kill),
            Action::Start(_) => Some(Family::Strangers),
            Action::FailStdout { .. } => Some(Family::Full),
            Action::Signal(Signal::Stop, _) => {
                was_stopped(&outcome.run, at).then_some(Family::Stopped)
            }
            Action::Fault(plan) if has_fired => {
                let is_wait = plan.faults.iter().all(|fault| fault.effect.is_wait());
                Some(if is_wait {
                    Family::Stalls
                } else {
                    Family::Errors
                })
            }
            _ => None,
        })
        .chain(crashes.map(|(family, _)| family))
        .collect()
}

/// Whether the processes' own machine goes on.
const fn is_of_servers(kind: CrashKind) -> bool {
    matches!(
        kind,
        CrashKind::MetadataTargetCrash
            | CrashKind::ObjectTargetCrash
            | CrashKind::Eviction
            | CrashKind::ServerCrash
    )
}
