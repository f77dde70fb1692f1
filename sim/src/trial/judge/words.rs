//! What a system says makes sense, and what it says of itself agrees with what happened.

use std::time::Duration;

use super::ends::asked_to_end;
use super::promised::stretch;
use super::requests::seconds;
use super::stalls::had_begun;
use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::trial::history::{Answer, Asked, Claim, Found, Life, Moment, Notice};
use crate::trial::legal::wrong;
use crate::trial::promise::Promise;

pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    strange(life, findings);
    queues(life, promise, findings);
    let claimed = life.notices.iter().find_map(|(at, notice)| match notice {
        Notice::Claimed(claim) => Some((*at, *claim)),
        _ => None,
    });
    let Some((at, claim)) = claimed else { return };
    if let Some(found) = untrue(life, promise, disturbed, at, claim) {
        findings.push(Finding {
            oracle: Oracle::E1,
            at,
            expected: "a last line that says why".to_owned(),
            found,
        });
    }
}

/// The first line that makes no sense.
fn strange(life: &Life, findings: &mut Vec<Finding>) {
    let strange = life.notices.iter().find_map(|(at, notice)| match notice {
        Notice::Strange(text) => Some((*at, text)),
        _ => None,
    });
    if let Some((at, text)) = strange {
        findings.push(Finding {
            oracle: Oracle::V3,
            at,
            expected: "lines of the protocol, and one answer to each request".to_owned(),
            found: text.clone(),
        });
    }
}

/// The first queue that was said to be longer than is promised.
fn queues(life: &Life, promise: &Promise, findings: &mut Vec<Finding>) {
    let Some(most) = promise.queue_max else {
        return;
    };
    let longer = life.notices.iter().find_map(|(at, notice)| match notice {
        Notice::Queued(count) if *count > most => Some((*at, *count)),
        _ => None,
    });
    if let Some((at, count)) = longer {
        findings.push(Finding {
            oracle: Oracle::T5,
            at,
            expected: format!("queues of {most} at most"),
            found: format!("{count} wait in one"),
        });
    }
}

/// Why a claim cannot be true, if it cannot.
fn untrue(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    at: Moment,
    claim: Claim,
) -> Option<String> {
    let ended = life.notices.iter().find_map(|(ended, notice)| {
        let is_end = *ended < at && matches!(notice, Notice::ChildEnded(_));
        is_end.then_some(*ended)
    });
    match (claim, ended) {
        (Claim::ChildEnded, Some(_)) => None,
        (Claim::ChildEnded, None) => {
            Some("it says that a process has ended, and none has".to_owned())
        }
        (Claim::TimedOut, Some(ended)) => {
            let since = asked_to_end(life, promise).map_or(ended, |asked| asked.min(ended));
            hasty(at.now.saturating_sub(since.now), promise.patience?)
        }
        (Claim::TimedOut, None) => {
            let waited = had_begun(life, disturbed, at);
            (!disturbed.by_disk && !waited && is_held(life, promise))
                .then(|| "it says that time was up, and everything is in place".to_owned())
        }
    }
}

/// Whoever says that time was up has to have waited: it was told at once that nobody will answer.
fn hasty(waited: Duration, patience: Duration) -> Option<String> {
    (waited < patience).then(|| {
        let waited = seconds(waited);
        format!("it says that time was up after {waited}, and who was to answer had ended")
    })
}

/// Whether something was acknowledged, and all of it is on the disk.
fn is_held(life: &Life, promise: &Promise) -> bool {
    let is_acked = |asked: &Asked| {
        let done = matches!(asked.answer, Some((_, Answer::Done { .. })));
        done && !asked.mutations().is_empty()
    };
    let must: Vec<bool> = life.requests.iter().map(is_acked).collect();
    let stretches = [stretch(life, promise, Disturbed::default(), &must, None)];
    let holds = |found: &Found| match found {
        Found::Store(pairs) => wrong(&stretches, promise.rules(), pairs).is_none(),
        Found::Nothing | Found::Unreadable(_) => false,
    };
    must.contains(&true) && life.before.is_empty() && life.left.iter().all(holds)
}

#[cfg(test)]
mod tests {
    use plimsoll_reference::host::ExitStatus;
    use plimsoll_reference::level::Level;

    use super::*;
    use crate::trial::history::{End, Pairs, Request};

    fn moment(event: u64) -> Moment {
        Moment {
            event,
            now: Duration::from_secs(event),
        }
    }

    /// A life with one acknowledged write that was asked to end after 10 s, and this on the disk.
    fn life(notices: &[(u64, Notice)], is_held: bool) -> Life {
        let put = "put a 1".parse().expect("a change");
        let done = Answer::Done {
            level: Level::Memory,
            sequence: Some(1),
        };
        let mut pairs = Pairs::new();
        if is_held {
            pairs.insert(b"a".to_vec(), b"1".to_vec());
        }
        let mut all = vec![(moment(10), Notice::InputClosed)];
        let more = notices.iter().cloned();
        all.extend(more.map(|(event, notice)| (moment(event), notice)));
        all.sort_by_key(|(at, _)| *at);
        Life {
            requests: vec![Asked {
                at: moment(1),
                request: Request::Write(vec![put]),
                answer: Some((moment(2), done)),
                was_taken_back: false,
            }],
            notices: all,
            end: (moment(90), End::Exited(ExitStatus::Code(1))),
            left: vec![Found::Store(pairs)],
            ..Life::new(Pairs::new(), moment(0))
        }
    }

    fn found(life: &Life, disturbed: Disturbed) -> Vec<Oracle> {
        let promise = Promise {
            patience: Some(Duration::from_secs(5)),
            queue_max: Some(2),
            ..Promise::default()
        };
        let mut findings = Vec::new();
        judge(life, &promise, disturbed, &mut findings);
        findings.iter().map(|finding| finding.oracle).collect()
    }

    const KILLED: Notice = Notice::ChildEnded(ExitStatus::Signal(9));
    const TIMED_OUT: Notice = Notice::Claimed(Claim::TimedOut);
    const ENDED: Notice = Notice::Claimed(Claim::ChildEnded);

    #[test]
    fn who_says_that_time_was_up_has_waited() {
        let quiet = Disturbed::default();
        assert_eq!(
            found(&life(&[(9, KILLED), (11, TIMED_OUT)], false), quiet),
            [Oracle::E1]
        );
        assert_eq!(
            found(&life(&[(12, KILLED), (14, TIMED_OUT)], false), quiet),
            [Oracle::E1]
        );
        assert!(found(&life(&[(12, KILLED), (15, TIMED_OUT)], false), quiet).is_empty());
        assert!(found(&life(&[(15, TIMED_OUT), (16, KILLED)], false), quiet).is_empty());
    }

    #[test]
    fn who_says_that_time_was_up_does_not_have_it() {
        let quiet = Disturbed::default();
        assert_eq!(found(&life(&[(15, TIMED_OUT)], true), quiet), [Oracle::E1]);
        assert!(found(&life(&[(15, TIMED_OUT)], false), quiet).is_empty());
        for disturbed in [
            Disturbed {
                delayed_by: Duration::from_secs(1),
                ..quiet
            },
            Disturbed {
                by_disk: true,
                ..quiet
            },
        ] {
            assert!(found(&life(&[(15, TIMED_OUT)], true), disturbed).is_empty());
        }
        let mut nothing = life(&[(15, TIMED_OUT)], true);
        nothing.requests.clear();
        nothing.left = vec![Found::Store(Pairs::new())];
        assert!(
            found(&nothing, quiet).is_empty(),
            "there was nothing to keep"
        );
    }

    #[test]
    fn a_process_that_is_said_to_have_ended_has() {
        let quiet = Disturbed::default();
        assert!(found(&life(&[(9, KILLED), (11, ENDED)], true), quiet).is_empty());
        assert_eq!(found(&life(&[(11, ENDED)], true), quiet), [Oracle::E1]);
        assert_eq!(
            found(&life(&[(11, ENDED), (12, KILLED)], true), quiet),
            [Oracle::E1]
        );
    }

    #[test]
    fn a_queue_stays_within_its_bound() {
        let quiet = Disturbed::default();
        assert!(found(&life(&[(3, Notice::Queued(2))], true), quiet).is_empty());
        assert_eq!(
            found(&life(&[(3, Notice::Queued(3))], true), quiet),
            [Oracle::T5]
        );
    }
}
