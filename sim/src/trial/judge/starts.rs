//! Who is started becomes ready.

use std::time::Duration;

use super::requests::{seconds, unread};
use super::stalls::late;
use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::trial::history::{Life, Notice};
use crate::trial::promise::Promise;

/// How long a start takes at most, where the system does not say how long a request may take.
const READY_WITHIN: Duration = Duration::from_secs(3600);

/// That a life was never ready, or not in time. One that ended before that is judged by how it ended.
///
/// **Not covered**: starts beside another process that has the store, and those in which something failed or was stopped: who meets that may
/// try again and again.
pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    let is_alone = !life.has(&Notice::OtherStarted) && !life.has_orphans;
    if !is_alone || !life.is_heard() || disturbed.by_errors || disturbed.by_stops {
        return;
    }
    let mut notices = life.notices.iter();
    let ready = notices.find(|(_, notice)| *notice == Notice::Ready);
    let at = ready.map_or(life.end.0, |(at, _)| *at);
    let bound = promise.answers_within.unwrap_or(READY_WITHIN);
    let late = late(
        life,
        promise,
        disturbed,
        bound,
        &unread(life),
        (life.began, at),
    );
    if let Some((took, bound)) = late {
        findings.push(Finding {
            oracle: Oracle::R3,
            at,
            expected: format!("it is ready within {}", seconds(bound)),
            found: match ready {
                Some(_) => format!("it was ready after {}", seconds(took)),
                None => format!("it was not ready after {}", seconds(took)),
            },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::judge as judge_life;
    use super::*;
    use crate::trial::history::{End, Moment};

    fn at(seconds: u64) -> Moment {
        Moment {
            event: 10 * seconds,
            now: Duration::from_secs(seconds),
        }
    }

    /// What is said of a life that became ready after so many seconds, or never, and ran for 100.
    fn said(ready: Option<u64>, disturbed: Disturbed, stalled: Option<(u64, u64)>) -> Vec<Oracle> {
        said_of(None, ready, disturbed, stalled)
    }

    /// The same where it gives up after so many seconds.
    fn said_of(
        gives_up: Option<u64>,
        ready: Option<u64>,
        disturbed: Disturbed,
        stalled: Option<(u64, u64)>,
    ) -> Vec<Oracle> {
        let ready = ready.map(|seconds| (at(seconds), Notice::Ready));
        let span = |(from, until)| (Duration::from_secs(from), Duration::from_secs(until));
        let life = Life {
            notices: ready.into_iter().collect(),
            end: (at(100), End::Running),
            stalled: stalled.map(|of| vec![span(of)]),
            ..Life::new(Default::default(), at(0))
        };
        let promise = Promise {
            answers_within: Some(Duration::from_secs(20)),
            gives_up_within: gives_up.map(Duration::from_secs),
            ..Promise::default()
        };
        let findings = judge_life(&life, &promise, disturbed);
        findings.iter().map(|finding| finding.oracle).collect()
    }

    #[test]
    fn who_is_never_ready_is_found_though_nobody_could_ask_it_anything() {
        let quiet = Disturbed::default();
        assert_eq!(said(None, quiet, None), [Oracle::R3]);
        assert_eq!(said(Some(21), quiet, None), [Oracle::R3]);
        assert!(said(Some(20), quiet, None).is_empty());
    }

    #[test]
    fn there_may_be_a_reason() {
        let stalled = Disturbed {
            delayed_by: Duration::from_secs(60),
            ..Disturbed::default()
        };
        assert!(said(Some(80), stalled, None).is_empty());
        assert!(said(Some(80), stalled, Some((10, 70))).is_empty());
        assert_eq!(said(Some(80), stalled, Some((90, 99))), [Oracle::R3]);
        let failing = Disturbed {
            by_errors: true,
            ..Disturbed::default()
        };
        assert!(said(None, failing, None).is_empty());
    }

    #[test]
    fn who_gives_up_is_not_to_wait_for_a_disk_that_stands_still() {
        let stalled = Disturbed {
            delayed_by: Duration::from_secs(60),
            ..Disturbed::default()
        };
        let said = |ready, span| said_of(Some(45), ready, stalled, Some(span));
        assert_eq!(said(Some(70), (10, 70)), [Oracle::R3]);
        assert_eq!(said(None, (10, 70)), [Oracle::R3]);
        assert!(said(Some(45), (10, 40)).is_empty());
        // A stall that came later is no reason to be late.
        assert_eq!(said(Some(21), (90, 99)), [Oracle::R3]);
    }
}
