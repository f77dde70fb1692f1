//! Signals end nobody who handles them, and each request for a snapshot is met.

use std::time::Duration;

use plimsoll_reference::host::{ExitStatus, Signal};

use super::ends::asked_to_end;
use super::{Disturbed, Finding, stood_still};
use crate::oracle::Oracle;
use crate::trial::history::{Answer, Asked, End, Life, Moment, Notice, Request};
use crate::trial::promise::Promise;

/// How long a signal takes to arrive at most, where nobody sees it arrive: a process that stands still gets none.
const ARRIVES_WITHIN: Duration = Duration::from_secs(1);

pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    died(life, promise, findings);
    others(life, promise, disturbed, findings);
    strangers(life, findings);
    let wanted = promise.snapshots_on_signal && is_snapshot_wanted(life, disturbed);
    let asks = |(_, notice): &&(Moment, Notice)| *notice == Notice::Signalled(Signal::Usr1);
    for (at, _) in life.notices.iter().filter(asks) {
        let ends = asked_to_end(life, promise);
        if wanted && is_ready(life, *at) && arrived(life, disturbed, *at, ends) {
            answered(life, *at, findings);
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
    // What it says may come late: one that was asked to end by then may have had the store, and let go of it, before this one took it.
    let asked = when(Notice::OtherAsked);
    if asked.is_some_and(|asked| asked <= other) {
        return;
    }
    // Who is asked to end lets go of the store before it is gone, and who meets an error may open it anew.
    // So does who cannot say anything any more.
    let is_unheard = |(at, notice): &(Moment, Notice)| *at < other && notice.is_unheard();
    let is_leaving = asked_to_end(life, promise).is_some_and(|asked| asked < other)
        || life.notices.iter().any(is_unheard);
    if !is_leaving && !disturbed.by_errors {
        findings.push(Finding {
            oracle: Oracle::F4,
            at: other,
            expected: "one process that serves the store".to_owned(),
            found: "another process became ready while this one had the store".to_owned(),
        });
        return;
    }
    let ended = when(Notice::OtherEnded).unwrap_or(life.end.0);
    let until = asked.map_or(ended, |asked| asked.min(ended));
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

/// The first signal that went to a process of others.
fn strangers(life: &Life, findings: &mut Vec<Finding>) {
    let hit = life.notices.iter().find_map(|(at, notice)| match notice {
        Notice::StrangerSignalled(signal) => Some((*at, *signal)),
        _ => None,
    });
    if let Some((at, signal)) = hit {
        findings.push(Finding {
            oracle: Oracle::S3,
            at,
            expected: "signals to processes of the store only".to_owned(),
            found: format!("{signal} was sent to a process that has the number of one that ended"),
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

/// Whether a snapshot, or a line that says why there is none, must have come by the end: an orderly end sees to everything. Where
/// operations failed an end that says so may have come before that.
fn is_snapshot_wanted(life: &Life, disturbed: Disturbed) -> bool {
    life.is_heard()
        && match life.end.1 {
            End::Exited(ExitStatus::Code(code)) => code == 0 || !disturbed.by_errors,
            End::Running => !disturbed.by_errors && !stood_still(life, disturbed),
            End::Exited(ExitStatus::Signal(_)) | End::Killed | End::PowerLost => false,
        }
}

/// Whether a signal that was sent at a moment had arrived when the end was asked for.
fn arrived(life: &Life, disturbed: Disturbed, sent: Moment, ends: Option<Moment>) -> bool {
    let arrivals = || {
        let of = |notice: &Notice| *notice == Notice::Arrived(Signal::Usr1);
        life.notices.iter().filter(move |(_, notice)| of(notice))
    };
    let Some(ends) = ends else { return true };
    if arrivals().next().is_none() {
        return !disturbed.by_stops && sent.now.saturating_add(ARRIVES_WITHIN) < ends.now;
    }
    arrivals().any(|(at, _)| *at >= sent && at.event < ends.event)
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
fn answered(life: &Life, signal: Moment, findings: &mut Vec<Finding>) {
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
    if met {
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
    use plimsoll_reference::level::Level;

    use super::*;

    #[test]
    fn a_signal_to_a_stranger_is_found() {
        let moment = |event| Moment {
            event,
            ..Moment::default()
        };
        let found = |notice| {
            let life = Life {
                notices: vec![(moment(1), notice)],
                end: (moment(2), End::Running),
                ..Life::new(Default::default(), moment(0))
            };
            let mut findings = Vec::new();
            judge(
                &life,
                &Promise::default(),
                Disturbed::default(),
                &mut findings,
            );
            findings.first().map(|finding| (finding.oracle, finding.at))
        };
        let hit = found(Notice::StrangerSignalled(Signal::Usr1));
        assert_eq!(hit, Some((Oracle::S3, moment(1))));
        assert_eq!(found(Notice::Signalled(Signal::Usr1)), None);
    }

    #[test]
    fn a_signal_that_arrives_too_late_is_told_unless_the_process_was_stopped() {
        let at = |seconds: u64| Moment {
            event: seconds,
            now: Duration::from_secs(seconds),
        };
        let done = Answer::Done {
            level: Level::Power,
            sequence: Some(1),
        };
        let found = |arrived: Option<u64>, by_stops| {
            let mut life = Life {
                requests: vec![Asked {
                    at: at(1),
                    request: Request::Write(vec!["put a 1".parse().expect("a change")]),
                    answer: Some((at(2), done.clone())),
                    was_taken_back: false,
                }],
                notices: vec![
                    (at(0), Notice::Ready),
                    (at(3), Notice::Signalled(Signal::Usr1)),
                    (at(60), Notice::InputClosed),
                ],
                end: (at(61), End::Exited(ExitStatus::Code(0))),
                ..Life::new(Default::default(), Moment::default())
            };
            let arrival = |seconds| (at(seconds), Notice::Arrived(Signal::Usr1));
            life.notices.extend(arrived.map(arrival));
            let promise = Promise {
                snapshots_on_signal: true,
                ..Promise::default()
            };
            let disturbed = Disturbed {
                by_stops,
                ..Disturbed::default()
            };
            let mut findings = Vec::new();
            judge(&life, &promise, disturbed, &mut findings);
            findings.first().map(|finding| finding.oracle)
        };
        // One that is held back for ever never arrives, too.
        assert_eq!(found(None, false), Some(Oracle::S2));
        assert_eq!(found(Some(4), false), Some(Oracle::S2));
        assert_eq!(found(Some(4), true), Some(Oracle::S2));
        assert_eq!(found(Some(61), false), None);
        assert_eq!(found(None, true), None);
    }

    /// What is said when another process became ready at 5 while one ran that was ready at 1, and was asked to end at this moment.
    fn said(closed: Option<u64>, disturbed: Disturbed) -> Vec<Oracle> {
        said_with(closed, None, disturbed)
    }

    /// The same where the other one was asked to end, too.
    fn said_with(closed: Option<u64>, other: Option<u64>, disturbed: Disturbed) -> Vec<Oracle> {
        let at = |event| Moment {
            event,
            ..Moment::default()
        };
        let mut notices = vec![(at(1), Notice::Ready), (at(2), Notice::OtherStarted)];
        notices.extend(closed.map(|event| (at(event), Notice::InputClosed)));
        notices.push((at(5), Notice::OtherReady));
        notices.extend(other.map(|event| (at(event), Notice::OtherAsked)));
        notices.sort_by_key(|(at, _)| *at);
        let life = Life {
            notices,
            end: (at(9), End::Exited(ExitStatus::Code(0))),
            ..Life::new(Default::default(), at(0))
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
        assert_eq!(said_with(None, Some(6), quiet), [Oracle::F4]);
        let late = said_with(None, Some(4), quiet);
        assert!(late.is_empty(), "it may have said so late");
    }
}
