//! What was acknowledged is given up only for a reason.

use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::trial::history::{Life, Moment, Notice};
use crate::trial::promise::Promise;

/// **Not covered**: that the writes which are named are those that the error was about.
pub(super) fn judge(
    life: &Life,
    promise: &Promise,
    disturbed: Disturbed,
    findings: &mut Vec<Finding>,
) {
    // Who waits for a disk that stands still may be allowed to give up.
    let may_give_up = promise.gives_up_within.is_some() && !disturbed.delayed_by.is_zero();
    if may_give_up {
        return;
    }
    let names = |notice: &Notice| match notice {
        Notice::Lost { first, last } => Some((*first, *last)).filter(|(first, last)| first <= last),
        _ => None,
    };
    let mut lines = life
        .notices
        .iter()
        .filter_map(|(at, notice)| Some((*at, names(notice)?)));
    let groundless = lines.find(|(at, _): &(Moment, _)| !disturbed.had_erred(*at));
    if let Some((at, (first, last))) = groundless {
        findings.push(Finding {
            oracle: Oracle::V2,
            at,
            expected: "what was acknowledged is kept: nothing has failed as yet".to_owned(),
            found: format!("it says that writes {first} to {last} are lost"),
        });
    }
}
