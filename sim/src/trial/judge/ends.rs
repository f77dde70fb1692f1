//! Exit codes and last lines say what is true, and who is asked to end ends.

use plimsoll_reference::host::{ExitStatus, Signal};

use super::requests::{seconds, unread};
use super::stalls::late;
use super::{Disturbed, Finding, stood_still};
use crate::oracle::Oracle;
use crate::trial::history::{Answer, End, Life, Moment, Notice, Request};
use crate::trial::promise::Promise;

pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    let asked = asked_to_end(life, promise);
    agree(life, promise, disturbed, asked.is_some(), findings);
    if let (Some(asked), Some(bound)) = (asked, promise.ends_within) {
        // Who cannot say anything reads nothing either, but has to listen to signals.
        let unread = match signalled_to_end(life, promise) {
            Some(at) if at == asked => Vec::new(),
            _ => unread(life),
        };
        let late = late(
            life,
            promise,
            disturbed,
            bound,
            &unread,
            (asked, life.end.0),
        );
        if let Some((took, bound)) = late
            && matches!(life.end.1, End::Running | End::Exited(_))
        {
            findings.push(Finding {
                oracle: Oracle::T3,
                at: life.end.0,
                expected: format!("an end within {}", seconds(bound)),
                found: match life.end.1 {
                    End::Running => format!("it still runs after {}", seconds(took)),
                    _ => format!("an end after {}", seconds(took)),
                },
            });
        }
    }
}

/// When it was first asked to end in good order.
pub(super) fn asked_to_end(life: &Life, promise: &Promise) -> Option<Moment> {
    let closed = life
        .notices
        .iter()
        .find(|(_, notice)| *notice == Notice::InputClosed);
    let closes = life
        .requests
        .iter()
        .filter(|asked| asked.request == Request::Close);
    let moments = closed
        .map(|(at, _)| *at)
        .into_iter()
        .chain(closes.map(|asked| asked.at))
        .chain(signalled_to_end(life, promise));
    moments.min()
}

/// When it was first sent a signal that asks it to end.
fn signalled_to_end(life: &Life, promise: &Promise) -> Option<Moment> {
    let mut notices = life.notices.iter();
    let first = notices.find(|(_, notice)| is_signal_to_end(notice, promise));
    first.map(|(at, _)| *at)
}

const fn is_signal_to_end(notice: &Notice, promise: &Promise) -> bool {
    match notice {
        Notice::Signalled(Signal::Term | Signal::Int) => promise.ends_on_signals,
        Notice::Signalled(Signal::Hup) => promise.ends_on_hangup,
        _ => false,
    }
}

fn agree(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    was_asked: bool,
    findings: &mut Vec<Finding>,
) {
    let End::Exited(status) = life.end.1 else {
        return;
    };
    let last_line = life
        .notices
        .iter()
        .rev()
        .find_map(|(_, notice)| match notice {
            Notice::LastLine(level) => Some(level.is_some()),
            _ => None,
        });
    let has = |wanted: &Notice| life.notices.iter().any(|(_, notice)| notice == wanted);
    let others = has(&Notice::OtherStarted) || life.has_orphans;
    if others && !has(&Notice::Ready) {
        // Another one has the store.
        return;
    }
    let unheard = !life.is_heard();
    let says_held = promise.says_held(status);
    if !says_held && stood_still(life, disturbed) && promise.gives_up_within.is_some() {
        // It gave up, as it is to.
        return;
    }
    if !says_held && promise.gives_up_opening && was_left_opening(life, promise) {
        return;
    }
    let is_excused = promise.says_undone(status) && is_undone(life);
    let wrong = match (status, last_line) {
        (ExitStatus::Code(_), Some(false)) if says_held => {
            "the last line says that it failed, and the code that all is held"
        }
        (ExitStatus::Code(_), Some(true)) if !says_held => {
            "the last line says that all is held, and the code that it is not"
        }
        (ExitStatus::Code(code), _)
            if code != 0 && was_asked && !disturbed.by_errors && !unheard && !is_excused =>
        {
            "nothing failed, and the code is not 0"
        }
        (ExitStatus::Code(_), _) if !was_asked && !disturbed.by_errors && !unheard => {
            "it ended though nobody asked it to"
        }
        _ => return,
    };
    findings.push(Finding {
        oracle: Oracle::E1,
        at: life.end.0,
        expected: "an exit code that says what became of the data".to_owned(),
        found: format!("{wrong} ({status})"),
    });
}

/// Whether a request failed, was never answered, or was cut off.
fn is_undone(life: &Life) -> bool {
    let mut requests = life.requests.iter();
    life.has(&Notice::InputCut)
        || requests.any(|asked| matches!(asked.answer, None | Some((_, Answer::Failed(_)))))
}

/// Whether it was told to end, and told again before it was ready.
fn was_left_opening(life: &Life, promise: &Promise) -> bool {
    let signals = life
        .notices
        .iter()
        .filter(|(_, notice)| is_signal_to_end(notice, promise));
    !life.has(&Notice::Ready) && signals.count() > 1
}

#[cfg(test)]
mod tests {
    use plimsoll_reference::level::Level;

    use super::super::judge as judge_life;
    use super::*;
    use crate::oracle::Oracle;
    use crate::sut::Outcome;
    use crate::trial::history::Asked;

    /// A life that was asked one write and to end, and ended so. Says whether its exit agrees with that.
    fn agrees(promise: &Promise, answer: Option<Answer>, held: bool, code: i32) -> bool {
        let moment = |event| Moment {
            event,
            ..Moment::default()
        };
        let put = "put a 1".parse().expect("a change");
        let done = matches!(answer, Some(Answer::Done { .. }));
        let left = if done {
            vec![(b"a".to_vec(), b"1".to_vec())]
        } else {
            Vec::new()
        };
        let life = Life {
            requests: vec![Asked {
                at: moment(2),
                request: Request::Write(vec![put]),
                answer: answer.map(|answer| (moment(3), answer)),
                was_taken_back: false,
            }],
            notices: vec![
                (moment(1), Notice::Ready),
                (moment(4), Notice::InputClosed),
                (moment(5), Notice::LastLine(held.then_some(Level::Power))),
            ],
            end: (moment(6), End::Exited(ExitStatus::Code(code))),
            left: vec![crate::trial::history::Found::Store(
                left.into_iter().collect(),
            )],
            ..Life::new(Default::default(), moment(0))
        };
        let findings = judge_life(&life, promise, Disturbed::default());
        assert!(findings.iter().all(|finding| finding.oracle == Oracle::E1));
        findings.is_empty()
    }

    #[test]
    fn a_code_of_its_own_says_that_a_request_failed_and_all_is_held() {
        let none = Promise {
            requests_may_fail: true,
            ..Promise::default()
        };
        let promise = Promise {
            undone_code: Some(3),
            ..none.clone()
        };
        let done = || {
            Some(Answer::Done {
                level: Level::Memory,
                sequence: Some(1),
            })
        };
        let failed = || Some(Answer::Failed(Outcome::Absent));
        assert!(agrees(&promise, done(), true, 0));
        assert!(agrees(&promise, failed(), true, 0));
        assert!(agrees(&promise, failed(), true, 3));
        assert!(agrees(&promise, None, true, 3));
        assert!(!agrees(&promise, done(), true, 3), "nothing failed");
        assert!(
            !agrees(&promise, failed(), false, 3),
            "the last line says otherwise"
        );
        assert!(!agrees(&promise, failed(), true, 1), "so does the code");
        assert!(!agrees(&none, failed(), true, 3), "it is not promised");
    }

    #[test]
    fn who_gives_up_says_so_by_its_code_and_only_where_the_disk_stands_still() {
        let promise = Promise {
            gives_up_within: Some(std::time::Duration::from_secs(45)),
            ..Promise::default()
        };
        let oracle = |promise: &Promise, by_stalls, code| {
            let life = Life {
                end: (Moment::default(), End::Exited(ExitStatus::Code(code))),
                ..Life::new(Default::default(), Moment::default())
            };
            let disturbed = Disturbed {
                delayed_by: std::time::Duration::from_secs(u64::from(by_stalls)),
                ..Disturbed::default()
            };
            let findings = judge_life(&life, promise, disturbed);
            findings.first().map(|finding| finding.oracle)
        };
        assert_eq!(oracle(&promise, true, 10), None);
        assert_eq!(
            oracle(&promise, true, 0),
            Some(Oracle::E1),
            "it says that all is well"
        );
        assert_eq!(
            oracle(&promise, false, 10),
            Some(Oracle::E1),
            "there was no reason"
        );
        assert_eq!(oracle(&Promise::default(), true, 10), Some(Oracle::E1));
        let never_came = Life {
            end: (Moment::default(), End::Exited(ExitStatus::Code(10))),
            stalled: Some(Vec::new()),
            ..Life::new(Default::default(), Moment::default())
        };
        let planned = Disturbed {
            delayed_by: std::time::Duration::from_secs(60),
            ..Disturbed::default()
        };
        let findings = judge_life(&never_came, &promise, planned);
        assert_eq!(
            findings.first().map(|finding| finding.oracle),
            Some(Oracle::E1)
        );
    }

    #[test]
    fn who_gives_up_ends_though_the_disk_stands_still() {
        let seconds = std::time::Duration::from_secs;
        let said = |gives_up: Option<u64>, ended: u64, stalled: (u64, u64)| {
            let at = |time: u64| Moment {
                event: time,
                now: seconds(time),
            };
            let life = Life {
                notices: vec![(at(1), Notice::Ready), (at(2), Notice::InputClosed)],
                end: (at(ended), End::Exited(ExitStatus::Code(0))),
                stalled: Some(vec![(seconds(stalled.0), seconds(stalled.1))]),
                ..Life::new(Default::default(), at(0))
            };
            let promise = Promise {
                ends_within: Some(seconds(20)),
                gives_up_within: gives_up.map(seconds),
                ..Promise::default()
            };
            let disturbed = Disturbed {
                delayed_by: seconds(600),
                ..Disturbed::default()
            };
            let findings = judge_life(&life, &promise, disturbed);
            findings.first().map(|finding| finding.oracle)
        };
        assert_eq!(said(None, 80, (10, 75)), None);
        assert_eq!(said(Some(45), 80, (10, 75)), Some(Oracle::T3));
        assert_eq!(said(Some(45), 47, (10, 40)), None);
        let soon_over = said(Some(45), 40, (3, 4));
        assert_eq!(soon_over, Some(Oracle::T3), "the disk was no reason");
    }

    /// What is said of a life that ended with this code and nothing of which was asked but what these notices tell.
    fn of_notices(promise: &Promise, notices: &[Notice], code: i32) -> Option<Oracle> {
        let moment = |event| Moment {
            event,
            ..Moment::default()
        };
        let notices = notices.iter().cloned().zip(1..);
        let life = Life {
            notices: notices.map(|(notice, at)| (moment(at), notice)).collect(),
            end: (moment(9), End::Exited(ExitStatus::Code(code))),
            ..Life::new(Default::default(), moment(0))
        };
        let findings = judge_life(&life, promise, Disturbed::default());
        findings.first().map(|finding| finding.oracle)
    }

    #[test]
    fn a_line_that_was_cut_off_is_a_request_that_was_not_made() {
        let promise = Promise {
            undone_code: Some(3),
            ..Promise::default()
        };
        let held = Notice::LastLine(Some(Level::Power));
        let whole = [Notice::Ready, Notice::InputClosed, held.clone()];
        let cut = [Notice::Ready, Notice::InputCut, Notice::InputClosed, held];
        assert_eq!(of_notices(&promise, &cut, 3), None);
        assert_eq!(of_notices(&promise, &whole, 3), Some(Oracle::E1));
        assert_eq!(of_notices(&promise, &cut, 1), Some(Oracle::E1));
        let none = Promise::default();
        assert_eq!(of_notices(&none, &cut, 3), Some(Oracle::E1));
    }

    #[test]
    fn who_is_told_twice_before_it_is_ready_may_leave_it_at_that() {
        let promise = Promise {
            gives_up_opening: true,
            ..Promise::default()
        };
        let term = || Notice::Signalled(Signal::Term);
        let failed = || Notice::LastLine(None);
        assert_eq!(of_notices(&promise, &[term(), term(), failed()], 1), None);
        let once = [term(), failed()];
        assert_eq!(of_notices(&promise, &once, 1), Some(Oracle::E1));
        let ready = [Notice::Ready, term(), term(), failed()];
        assert_eq!(of_notices(&promise, &ready, 1), Some(Oracle::E1));
        let well = [term(), term(), failed()];
        assert_eq!(of_notices(&promise, &well, 0), Some(Oracle::E1));
        let none = Promise::default();
        assert_eq!(of_notices(&none, &well, 1), Some(Oracle::E1));
    }
}
