//! One run on one disk, of which barriers are dropped.

use std::collections::BTreeMap;

use plimsoll_faults::crash::Frontier;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::{Entry, SyncEnd};
use plimsoll_faults::plan::FaultPlan;

use super::barrier::Barrier;
use super::lab::Lab;
use super::recording::{Recording, record};
use super::redundancy::{Pending, moved_past};
use super::sweep::Sweep;
use super::visits::Visits;
use crate::calibrate::Redundancy;
use crate::case::Case;
use crate::counters::Counters;
use crate::oracle::Oracle;

/// A run with all its syncs, and what is known of it.
pub(crate) struct Deletions<'a> {
    pub(super) case: &'a Case,
    pub(super) recording: Recording,
    barriers: Vec<Barrier>,
    /// Recoveries are shared by all runs: each is that of an image, however it came about.
    pub(super) lab: Lab<'a>,
    /// What each operation made durable.
    pub(super) made_durable: Vec<Pending>,
    /// What can come of crashes of the run with all its syncs.
    pub(super) visits: Visits,
    /// Whether that run keeps its promises on this disk.
    is_kept: bool,
}

/// What came of a run without a barrier.
pub(crate) struct Without {
    /// The first oracle that it violates.
    pub(crate) violated: Option<Oracle>,
    /// Why nobody notices, or why somebody may.
    pub(crate) redundancy: Redundancy,
}

impl<'a> Deletions<'a> {
    /// Performs the run of a case.
    pub(crate) fn new(case: &'a Case) -> Self {
        let recording = record(case, &case.plan);
        let mut lab = Lab::new(case);
        let mut frontier = lab.frontier(Image::new());
        let log = recording.log.iter();
        let violated = violated(case, &recording, &mut lab);
        Self {
            is_kept: violated.is_none(),
            case,
            barriers: Barrier::all(&recording.log),
            made_durable: log.map(|entry| moved_past(&mut frontier, entry)).collect(),
            visits: Visits::of(case, &recording, &mut lab, 0, case.limits.exhaustive_states),
            lab,
            recording,
        }
    }

    /// Performs the run with a plan that drops the barrier with this index, from 0, and nothing else in addition. Returns nothing when a
    /// sync of it was not dropped, or when the run breaks a promise with all its syncs.
    pub(crate) fn without(&mut self, index: usize, plan: &FaultPlan) -> Option<Without> {
        let barrier = self.barriers.get(index).filter(|_| self.is_kept)?;
        let at = barrier.at.clone();
        let without = record(self.case, plan);
        let is_dropped = |entry: &Entry| matches!(entry.sync, Some((_, SyncEnd::Dropped)));
        if !without.log.get(at.clone())?.iter().all(is_dropped) {
            return None;
        }
        Some(Without {
            violated: violated(self.case, &without, &mut self.lab),
            redundancy: self.redundancy(&without, at),
        })
    }

    /// The frontier in front of an entry of the log.
    pub(super) fn frontier(&self, at: usize) -> Frontier {
        let mut frontier = self.lab.frontier(Image::new());
        let passed: &[Entry] = &self.recording.log[..at];
        for entry in passed {
            frontier.advance(entry);
        }
        frontier
    }
}

/// The first oracle that a run violates when it is crashed.
fn violated(case: &Case, recording: &Recording, lab: &mut Lab<'_>) -> Option<Oracle> {
    lab.counters = Counters::default();
    let mut found = BTreeMap::new();
    Sweep::new(case, recording, lab, &mut found).run();
    let of_run = recording.findings().map(|finding| finding.oracle);
    found.into_keys().chain(of_run).min()
}
