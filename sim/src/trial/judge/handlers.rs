//! Handlers of signals return, or end their process.

use std::time::Duration;

use super::requests::seconds;
use super::stalls::{self, outside};
use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::trial::history::{Life, Moment, Notice};
use crate::trial::promise::Promise;

/// How long a handler may run at most, where the system does not say how long it takes to end.
const LONGEST: Duration = Duration::from_secs(3600);

/// The first handler that ran for longer than an end may take. What it interrupted stood still meanwhile: who waits for that waits for ever.
pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    let bound = promise.ends_within.unwrap_or(LONGEST);
    let bound = bound.saturating_add(stalls::unknown(life, disturbed));
    let slow = life.notices.iter().find_map(|(at, notice)| match notice {
        Notice::Handled {
            signal,
            inside,
            returned,
        } => {
            let until = Moment {
                now: returned.unwrap_or(life.end.0.now),
                ..life.end.0
            };
            let took = outside(stalls::spans(life).iter().copied(), *at, until);
            (took > bound).then_some((*at, *signal, *inside, *returned, took))
        }
        _ => None,
    });
    let Some((at, signal, inside, returned, took)) = slow else {
        return;
    };
    let place = inside.map_or(String::new(), |other| {
        format!(" inside the handler of {other}")
    });
    let found = match returned {
        Some(_) => format!("{place} it returned after {}", seconds(took)),
        None => format!("{place} it has not returned after {}", seconds(took)),
    };
    findings.push(Finding {
        oracle: Oracle::S7,
        at,
        expected: format!(
            "the handler of {signal} returns within {}, or ends the process",
            seconds(bound)
        ),
        found: found.trim_start().to_owned(),
    });
}

#[cfg(test)]
mod tests {
    use plimsoll_reference::host::{ExitStatus, Signal};

    use super::super::judge as judge_life;
    use super::*;
    use crate::trial::history::End;

    fn at(seconds: u64) -> Moment {
        Moment {
            event: 10 * seconds,
            now: Duration::from_secs(seconds),
        }
    }

    /// Whether a handler is complained of that began in the first second of a life of 100.
    fn is_found(returned: Option<u64>, bound: u64, delayed: u64) -> bool {
        let handled = Notice::Handled {
            signal: Signal::Term,
            inside: Some(Signal::Usr1),
            returned: returned.map(Duration::from_secs),
        };
        let life = Life {
            notices: vec![
                (at(0), Notice::Ready),
                (at(1), handled),
                (at(2), Notice::InputClosed),
                (at(99), Notice::LastLine(None)),
            ],
            end: (at(100), End::Exited(ExitStatus::Code(1))),
            ..Life::new(Default::default(), at(0))
        };
        let promise = Promise {
            ends_within: Some(Duration::from_secs(bound)),
            ..Promise::default()
        };
        let disturbed = Disturbed {
            by_errors: true,
            delayed_by: Duration::from_secs(delayed),
            ..Disturbed::default()
        };
        let findings = judge_life(&life, &promise, disturbed);
        findings
            .iter()
            .any(|finding| finding.oracle == Oracle::S7 && finding.found.contains("SIGUSR1"))
    }

    #[test]
    fn a_handler_that_does_not_return_in_time_is_found() {
        assert!(is_found(None, 20, 0));
        assert!(is_found(Some(60), 20, 0));
        assert!(!is_found(Some(60), 60, 0));
        assert!(!is_found(None, 99, 0), "the process ended in time");
        assert!(!is_found(None, 20, 80), "the disk stood still");
    }
}
