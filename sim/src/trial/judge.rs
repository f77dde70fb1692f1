//! Holds a life to what its system promised.

mod company;
mod ends;
mod handlers;
mod promised;
mod readings;
mod refusals;
mod remains;
mod requests;
mod retractions;
mod shown;
mod signals;
mod stalls;
mod starts;
mod words;

use std::time::Duration;

use crate::oracle::Oracle;

use super::history::{Life, Moment};
use super::promise::Promise;
use readings::Readings;

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
    /// Operations on the disk failed, or a process that was needed was killed or could not speak: what asks for it may fail, too. Of
    /// processes only those count that may have been there.
    pub by_errors: bool,
    /// The disk itself failed.
    pub by_disk: bool,
    /// For how long, at most and in all, operations stood still: what waits for the disk may take so much longer. The largest time there is
    /// says that nobody knows.
    pub delayed_by: Duration,
    /// A process that answers stood still: no bound on time holds.
    pub by_stops: bool,
    /// When the first of these errors came, and the last of them and of those of earlier lives; where that is not known, they may have come
    /// at any time.
    pub erred: Option<(Moment, Moment)>,
}

impl Disturbed {
    /// Whether something may have gone wrong by a moment.
    fn had_erred(&self, by: Moment) -> bool {
        self.by_errors && self.erred.is_none_or(|(first, _)| first <= by)
    }

    /// Whether something may have gone wrong at a moment or later.
    pub(super) fn errs_from(&self, from: Moment) -> bool {
        self.erred.map_or(self.by_errors, |(_, last)| from <= last)
    }
}

/// Whether operations on the disk may have stood still in a life.
pub(super) fn stood_still(life: &Life, disturbed: Disturbed) -> bool {
    stalls::had_begun(life, disturbed, life.end.0)
}

/// The oracles that do not hold of what a life has left.
pub(super) fn judge_left(life: &Life, promise: &Promise, disturbed: Disturbed) -> Vec<Finding> {
    let mut findings = Vec::new();
    remains::judge(life, promise, disturbed, &Readings::of(life), &mut findings);
    shown::judge(life, promise, &mut findings);
    findings
}

/// Every oracle that a life does not hold, in the order in which they show.
pub fn judge(life: &Life, promise: &Promise, disturbed: Disturbed) -> Vec<Finding> {
    let mut findings = Vec::new();
    let readings = Readings::of(life);
    starts::judge(life, promise, disturbed, &mut findings);
    words::judge(life, promise, disturbed, &mut findings);
    requests::judge(life, promise, disturbed, &readings, &mut findings);
    refusals::judge(life, promise, disturbed, &mut findings);
    retractions::judge(life, disturbed, &mut findings);
    signals::judge(life, promise, disturbed, &mut findings);
    handlers::judge(life, promise, disturbed, &mut findings);
    ends::judge(life, promise, disturbed, &mut findings);
    remains::judge(life, promise, disturbed, &readings, &mut findings);
    shown::judge(life, promise, &mut findings);
    findings.sort_by_key(|finding| (finding.at, finding.oracle));
    findings
}
