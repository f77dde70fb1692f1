//! Requests fail only for a reason.

use super::ends::asked_to_end;
use super::stalls::had_begun;
use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::sut::Outcome;
use crate::trial::history::{Answer, Life, Moment, Notice, Request};
use crate::trial::promise::Promise;

pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    // Two processes of one store may be in each other's way, and who stands still may be given up.
    let is_alone = !life.has(&Notice::OtherStarted) && life.is_heard();
    if !is_alone || life.has_orphans {
        return;
    }
    let ends = asked_to_end(life, promise);
    let failed = life
        .requests
        .iter()
        .find_map(|asked| match (&asked.request, &asked.answer) {
            (Request::Close, _) => None,
            (request, Some((at, Answer::Failed(outcome)))) => {
                let is_reason = *outcome == Outcome::Unsupported
                    || (*outcome == Outcome::Absent && promise.requests_may_fail)
                    || ends.is_some_and(|ends| ends < *at)
                    || had_begun(life, disturbed, *at)
                    || (disturbed.had_erred(*at) && !must_read(request, promise));
                (!is_reason).then(|| finding(*at, *outcome, disturbed.had_erred(*at)))
            }
            _ => None,
        });
    findings.extend(failed);
}

/// Whether a request is a read that errors of writes must not keep from being answered.
const fn must_read(request: &Request, promise: &Promise) -> bool {
    promise.reads_despite_errors && matches!(request, Request::Get(_) | Request::Scan)
}

/// What is wrong with a failure for which there is no reason. Where something had failed by then, it is that of a read.
fn finding(at: Moment, outcome: Outcome, had_erred: bool) -> Finding {
    if had_erred {
        return Finding {
            oracle: Oracle::F3,
            at,
            expected: "a store that can be read although writes to the disk failed".to_owned(),
            found: "a read failed".to_owned(),
        };
    }
    Finding {
        oracle: Oracle::V2,
        at,
        expected: "an answer: nothing on the disk has failed, and it was not asked to end"
            .to_owned(),
        found: match outcome {
            Outcome::Unknown => "a request may have failed".to_owned(),
            _ => "a request failed".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plimsoll_reference::host::ExitStatus;

    use super::*;
    use crate::trial::history::{Asked, End, Pairs};

    fn moment(event: u64) -> Moment {
        Moment {
            event,
            now: Duration::from_secs(event),
        }
    }

    /// A life in which a request of number 2 was answered at 4.
    fn life(request: Request, answer: Answer, notices: Vec<(Moment, Notice)>) -> Life {
        Life {
            requests: vec![Asked {
                at: moment(2),
                request,
                answer: Some((moment(4), answer)),
                was_taken_back: false,
            }],
            notices,
            end: (moment(9), End::Exited(ExitStatus::Code(0))),
            ..Life::new(Pairs::new(), moment(0))
        }
    }

    fn found(life: &Life, disturbed: Disturbed, reads_despite_errors: bool) -> Vec<Oracle> {
        let promise = Promise {
            reads_despite_errors,
            ..Promise::default()
        };
        let mut findings = Vec::new();
        judge(life, &promise, disturbed, &mut findings);
        findings.iter().map(|finding| finding.oracle).collect()
    }

    fn failed(outcome: Outcome) -> Answer {
        Answer::Failed(outcome)
    }

    #[test]
    fn a_request_that_fails_for_nothing_is_found() {
        for outcome in [Outcome::Absent, Outcome::Unknown] {
            for request in [Request::Sync, Request::Get(b"a".to_vec())] {
                let life = life(request, failed(outcome), Vec::new());
                assert_eq!(found(&life, Disturbed::default(), false), [Oracle::V2]);
            }
        }
        let answered = life(Request::Get(b"a".to_vec()), Answer::Value(None), Vec::new());
        assert!(found(&answered, Disturbed::default(), true).is_empty());
    }

    #[test]
    fn there_may_be_a_reason() {
        let quiet = Disturbed::default();
        let unsupported = life(Request::Sync, failed(Outcome::Unsupported), Vec::new());
        assert!(found(&unsupported, quiet, true).is_empty());
        let close = life(Request::Close, failed(Outcome::Unknown), Vec::new());
        assert!(found(&close, quiet, true).is_empty());
        for notice in [
            Notice::InputClosed,
            Notice::OutputClosed,
            Notice::OtherStarted,
        ] {
            let life = life(
                Request::Sync,
                failed(Outcome::Absent),
                vec![(moment(3), notice)],
            );
            assert!(found(&life, quiet, true).is_empty());
        }
        let stalled = Disturbed {
            delayed_by: Duration::from_secs(1),
            ..quiet
        };
        let life = life(Request::Sync, failed(Outcome::Unknown), Vec::new());
        assert!(found(&life, stalled, true).is_empty());
    }

    #[test]
    fn the_end_is_a_reason_only_when_it_was_asked_for_before() {
        let late = vec![(moment(5), Notice::InputClosed)];
        let life = life(Request::Sync, failed(Outcome::Absent), late);
        assert_eq!(found(&life, Disturbed::default(), false), [Oracle::V2]);
    }

    #[test]
    fn a_read_fails_for_a_failed_write_only_where_nothing_else_is_promised() {
        let failing = Disturbed {
            by_errors: true,
            ..Disturbed::default()
        };
        let read = life(
            Request::Get(b"a".to_vec()),
            failed(Outcome::Unknown),
            Vec::new(),
        );
        assert!(found(&read, failing, false).is_empty());
        assert_eq!(found(&read, failing, true), [Oracle::F3]);
        let write = life(Request::Sync, failed(Outcome::Unknown), Vec::new());
        assert!(found(&write, failing, true).is_empty());
        // What goes wrong later is no reason, and has nothing to do with it.
        let later = Disturbed {
            erred: Some((moment(5), moment(5))),
            ..failing
        };
        assert_eq!(found(&write, later, true), [Oracle::V2]);
    }
}
