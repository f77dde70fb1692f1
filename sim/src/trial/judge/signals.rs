//! Signals end nobody who handles them, and each request for a snapshot is met.

use plimsoll_reference::host::{ExitStatus, Signal};

use super::ends::asked_to_end;
use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::trial::history::{Answer, Asked, End, Life, Moment, Notice, Request};
use crate::trial::log::before_step;
use crate::trial::promise::Promise;

/// Steps after which a signal has arrived.
const STEPS_TO_ARRIVE: u64 = 64;

pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    died(life, promise, findings);
    others(life, promise, disturbed, findings);
    for (at, notice) in &life.notices {
        let asks = matches!(notice, Notice::Signalled(Signal::Usr1));
        // Who is about to end leaves everything on disk anyway, and a signal takes some steps to arrive.
        let ends = asked_to_end(life, promise)
            .is_some_and(|asked| asked.event < at.event + before_step(STEPS_TO_ARRIVE));
        if asks && promise.snapshots_on_signal && is_ready(life, *at) && !ends {
            let until = next_snapshot_wanted(life, disturbed);
            answered(life, *at, until, findings);
        }
    }
    for asked in &life.requests {
        requested(life, asked, findings);
    }
}

/// Another process of the same store that became ready while this one ran.
fn others(life: &Life, promise: &Promise, disturbed: Disturbed, findings: &mut Vec<Finding>) {
    let when = |wanted: Notice| {
        let found = life.notices.iter().find(|(_, notice)| *notice == wanted);
        found.map(|(at, _)| *at)
    };
    let Some(other) = when(Notice::OtherReady).filter(|at| is_ready(life, *at)) else {
        return;
    };
    // Who is asked to end lets go of the store before it is gone, and who meets an error may open it anew.
    let is_leaving = asked_to_end(life, promise).is_some_and(|asked| asked < other);
    if !is_leaving && !disturbed.by_errors {
        findings.push(Finding {
            oracle: Oracle::F4,
            at: other,
            expected: "one process that serves the store".to_owned(),
            found: "another process became ready while this one had the store".to_owned(),
        });
        return;
    }
    let until = when(Notice::OtherEnded).unwrap_or(life.end.0);
    let wrote = life.requests.iter().find_map(|asked| match asked.answer {
        Some((at, Answer::Done { .. })) if asked.at > other && at < until => {
            (!asked.mutations().is_empty()).then_some(at)
        }
        _ => None,
    });
    if let Some(at) = wrote {
        findings.push(Finding {
            oracle: Oracle::F4,
            at,
            expected: "one process that serves the store".to_owned(),
            found: "a write was acknowledged while another process was ready".to_owned(),
        });
    }
}

fn is_ready(life: &Life, at: Moment) -> bool {
    life.notices
        .iter()
        .any(|(ready, notice)| *ready < at && *notice == Notice::Ready)
}

/// The signal of which it died, if it was ready and handles that signal.
fn died(life: &Life, promise: &Promise, findings: &mut Vec<Finding>) {
    let End::Exited(ExitStatus::Signal(number)) = life.end.1 else {
        return;
    };
    let handled = [
        (Signal::Usr1, promise.snapshots_on_signal),
        (Signal::Term, promise.ends_on_signals),
        (Signal::Int, promise.ends_on_signals),
        (Signal::Hup, promise.ends_on_hangup),
    ];
    for (signal, is_handled) in handled {
        let sent = life
            .notices
            .iter()
            .any(|(at, notice)| *notice == Notice::Signalled(signal) && is_ready(life, *at));
        if is_handled && sent && signal.number() == number {
            findings.push(Finding {
                oracle: Oracle::S1,
                at: life.end.0,
                expected: format!("{signal} is handled from the readiness line on"),
                found: format!("the process died of {signal}"),
            });
        }
    }
}

/// Whether a snapshot must have come by the end: only an orderly end, without errors, has to see to everything.
fn next_snapshot_wanted(life: &Life, disturbed: Disturbed) -> bool {
    !disturbed.by_errors
        && !disturbed.by_stalls
        && matches!(life.end.1, End::Running | End::Exited(ExitStatus::Code(_)))
}

/// Number of the last write that had been acknowledged.
fn acknowledged(life: &Life, before: Moment) -> Option<u64> {
    let kept = life.requests.iter().filter(|asked| !asked.was_taken_back);
    let numbers = kept.filter_map(|asked| match asked.answer {
        Some((at, Answer::Done { sequence, .. }))
            if at < before && !asked.mutations().is_empty() =>
        {
            sequence
        }
        _ => None,
    });
    numbers.max()
}

/// Whether a snapshot was announced after a signal that covers what was acknowledged before it.
fn answered(life: &Life, signal: Moment, wanted: bool, findings: &mut Vec<Finding>) {
    let Some(sequence) = acknowledged(life, signal) else {
        return;
    };
    let met = life.notices.iter().any(|(at, notice)| {
        *at > signal
            && match notice {
                Notice::SnapshotDone(covered) => covered.is_none_or(|covered| covered >= sequence),
                Notice::SnapshotFailed => true,
                _ => false,
            }
    });
    let unheard = life
        .notices
        .iter()
        .any(|(_, notice)| *notice == Notice::OutputClosed);
    if met || !wanted || unheard {
        return;
    }
    findings.push(Finding {
        oracle: Oracle::S2,
        at: life.end.0,
        expected: format!("a snapshot of everything up to write {sequence} after SIGUSR1"),
        found: "none was announced".to_owned(),
    });
}

/// A snapshot that answers a request must not be older than the request.
fn requested(life: &Life, asked: &Asked, findings: &mut Vec<Finding>) {
    let (Request::Snapshot, Some((at, Answer::Done { sequence, .. }))) =
        (&asked.request, &asked.answer)
    else {
        return;
    };
    let (Some(covered), Some(needed)) = (*sequence, acknowledged(life, asked.at)) else {
        return;
    };
    if covered < needed {
        findings.push(Finding {
            oracle: Oracle::S2,
            at: *at,
            expected: format!("a snapshot of everything up to write {needed}"),
            found: format!("one that ends at write {covered}"),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said when another process became ready at 5 while one ran that was ready at 1, and was asked to end at this moment.
    fn said(closed: Option<u64>, disturbed: Disturbed) -> Vec<Oracle> {
        let at = |event| Moment {
            event,
            ..Moment::default()
        };
        let mut notices = vec![(at(1), Notice::Ready), (at(2), Notice::OtherStarted)];
        notices.extend(closed.map(|event| (at(event), Notice::InputClosed)));
        notices.push((at(5), Notice::OtherReady));
        let life = Life {
            base: Default::default(),
            before: None,
            has_orphans: false,
            began: at(0),
            requests: Vec::new(),
            notices,
            end: (at(9), End::Exited(ExitStatus::Code(0))),
            left: Vec::new(),
        };
        let mut findings = Vec::new();
        judge(&life, &Promise::default(), disturbed, &mut findings);
        findings.iter().map(|finding| finding.oracle).collect()
    }

    #[test]
    fn nobody_else_becomes_ready_while_one_has_the_store() {
        let quiet = Disturbed::default();
        assert_eq!(said(None, quiet), [Oracle::F4]);
        assert_eq!(said(Some(7), quiet), [Oracle::F4]);
        assert!(
            said(Some(3), quiet).is_empty(),
            "it lets go before it is gone"
        );
        let failing = Disturbed {
            by_errors: true,
            ..quiet
        };
        assert!(said(None, failing).is_empty(), "it may open the store anew");
    }
}
