//! Holds a life to what its system promised.

mod ends;
mod refusals;
mod remains;
mod requests;
mod signals;

use crate::oracle::Oracle;

use super::history::{Life, Moment};
use super::promise::Promise;

/// An oracle that a life does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The oracle.
    pub oracle: Oracle,
    /// What it is about: the event where it shows.
    pub at: Moment,
    /// What was promised.
    pub expected: String,
    /// What was found.
    pub found: String,
}

/// What the harness did to the life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Disturbed {
    /// Operations on the disk failed: what asks for it may fail, too.
    pub by_errors: bool,
    /// Operations stood still: bounds on time are off, but those of reads.
    pub by_stalls: bool,
    /// The client did not read for a while: all bounds on time are off.
    pub by_client: bool,
}

/// Which requests have to be there if the power is lost when a life has ended, whatever it ended by.
pub(super) fn must_survive(life: &Life, promise: &Promise, disturbed: Disturbed) -> Vec<bool> {
    remains::must_survive(life, promise, disturbed)
}

/// The oracles that do not hold of what a life has left.
pub(super) fn judge_left(life: &Life, promise: &Promise, disturbed: Disturbed) -> Vec<Finding> {
    let mut findings = Vec::new();
    remains::judge(life, promise, disturbed, &mut findings);
    findings
}

/// Every oracle that a life does not hold, in the order in which they show.
pub fn judge(life: &Life, promise: &Promise, disturbed: Disturbed) -> Vec<Finding> {
    let mut findings = Vec::new();
    requests::judge(life, promise, disturbed, &mut findings);
    refusals::judge(life, promise, disturbed, &mut findings);
    signals::judge(life, promise, disturbed, &mut findings);
    ends::judge(life, promise, disturbed, &mut findings);
    remains::judge(life, promise, disturbed, &mut findings);
    findings.sort_by_key(|finding| (finding.at, finding.oracle));
    findings
}
