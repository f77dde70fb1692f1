//! What was acknowledged is given up only for a reason.

use super::stalls::had_begun;
use super::{Disturbed, Finding};
use crate::oracle::Oracle;
use crate::trial::history::{Life, Moment, Notice};

/// **Not covered**: that the writes which are named are those that the error was about.
pub(super) fn judge(life: &Life, disturbed: Disturbed, findings: &mut Vec<Finding>) {
    let names = |notice: &Notice| match notice {
        Notice::Lost { first, last } => Some((*first, *last)).filter(|(first, last)| first <= last),
        _ => None,
    };
    let mut lines = life
        .notices
        .iter()
        .filter_map(|(at, notice)| Some((*at, names(notice)?)));
    // Who stands still may be given up.
    let has_reason = |at| disturbed.had_erred(at) || had_begun(life, disturbed, at);
    let groundless = lines.find(|(at, _): &(Moment, _)| !has_reason(*at));
    if let Some((at, (first, last))) = groundless {
        findings.push(Finding {
            oracle: Oracle::V2,
            at,
            expected: "what was acknowledged is kept: nothing has failed as yet".to_owned(),
            found: format!("it says that writes {first} to {last} are lost"),
        });
    }
}
