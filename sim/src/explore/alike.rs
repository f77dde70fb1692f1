//! Whether anybody can tell a run without a sync from the same run with it.
//!
//! After every crash of the run without the sync, recovery must show what it may show after a crash of the run with it: one between
//! the same two events, or an earlier one since which nothing more was promised. The run with the sync keeps its promises, so the
//! other one does. This rests on the states that the profile allows and on what the store makes of them, not on the order of
//! operations alone: what is made durable too late, after something that must come behind it, is not taken for harmless.
//!
//! Every legal state of every crash point has to be looked at; where there are more than [`STATES_MAX`], nothing is shown. Crashes of recoveries are followed as an exploration follows them, which is not in full.

use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::log::SyncEnd;

use super::history::{Event, Position, Step, What};
use super::promises::Promises;
use super::recording::Recording;
use super::recovered::{Canonical, Outcome, Recovered};
use super::visits::{Visit, Visits};
use crate::command::Command;

/// A crash point of the run without the sync with more legal states than this is not looked at in full.
pub(super) const STATES_MAX: u32 = 1 << 15;

/// A run and what can come of its crashes.
#[derive(Clone, Copy)]
pub(super) struct Run<'a> {
    pub(super) recording: &'a Recording,
    pub(super) visits: &'a Visits,
}

/// Whether nobody can tell `without` from `with`.
pub(super) fn is_alike(with: Run<'_>, without: Run<'_>) -> bool {
    let recordings = [with.recording, without.recording];
    if !recordings.into_iter().all(is_plain) || !has_same_events(recordings) {
        return false;
    }
    let recording = with.recording;
    let mut promises = Promises::default();
    let mut known = Known::default();
    for events in 0..=recording.events.len() {
        if let Some(event) = events.checked_sub(1).map(|last| &recording.events[last]) {
            let step = step_of(event, &recording.steps);
            promises.observe(event, step);
            known.settle(event, step, &promises, &recording.steps);
        }
        for visit in with.visits.behind(events) {
            known.add(visit);
        }
        let is_strict = promises.is_power_safe();
        let mut visits = without.visits.behind(events).iter();
        if !visits.all(|visit| known.covers(visit, is_strict)) {
            return false;
        }
    }
    true
}

/// Whether no sync succeeded falsely or took anything back, and nothing was damaged: these bend what is promised.
fn is_plain(recording: &Recording) -> bool {
    let bends = |end: SyncEnd| {
        matches!(
            end,
            SyncEnd::Lied | SyncEnd::Hidden | SyncEnd::Reverted | SyncEnd::Frozen
        )
    };
    let mut ends = recording.log.iter().filter_map(|entry| entry.sync);
    recording.finding.is_none()
        && recording.damaged_at.is_none()
        && !recording.exhausted
        && !ends.any(|(_, end)| bends(end))
}

fn has_same_events([one, other]: [&Recording; 2]) -> bool {
    let what = |recording: &Recording| -> Vec<(Position, What)> {
        let events = recording.events.iter();
        events
            .map(|event| (event.step, event.what.clone()))
            .collect()
    };
    one.steps == other.steps && what(one) == what(other)
}

fn step_of<'a>(event: &Event, steps: &'a [Step]) -> Option<&'a Step> {
    steps.get((event.step as usize).checked_sub(1)?)
}

/// What is held to one promise, and what may be seen as long as that stays as it is.
struct Seen<P, T> {
    promise: P,
    values: Vec<T>,
}

impl<P: PartialEq, T: Clone + PartialEq> Seen<P, T> {
    /// Forgets what was seen under another promise.
    fn settle(&mut self, promise: P) {
        if self.promise != promise {
            self.promise = promise;
            self.values.clear();
        }
    }

    fn add(&mut self, value: &T) {
        if !self.values.contains(value) {
            self.values.push(value.clone());
        }
    }
}

impl<P: Default, T> Default for Seen<P, T> {
    fn default() -> Self {
        Self {
            promise: P::default(),
            values: Vec::new(),
        }
    }
}

/// What crashes of the run with the sync may leave, by what judges it.
#[derive(Default)]
struct Known {
    /// What recoveries showed, and what must be there after a power loss.
    shown: Seen<(Position, bool), Recovered>,
    /// What is at the canonical path, and how far an acknowledged snapshot reaches.
    canonical: Seen<Option<Position>, Canonical>,
    /// How many snapshots there are, and how many must be there.
    snapshots: Seen<u32, Option<Result<u32, Arc<str>>>>,
    /// What is in the places of copies, and how far each acknowledged copy reaches.
    copies: Seen<Vec<(u8, Position)>, (u8, Canonical)>,
    /// Whether a command or an open has failed.
    has_failed: bool,
}

impl Known {
    /// Forgets what may not be seen any more after an event.
    fn settle(&mut self, event: &Event, step: Option<&Step>, promises: &Promises, steps: &[Step]) {
        // Of several commits that go together a crash may leave some only until they are acknowledged; of a command that failed, only
        // until it did. A restart or a read settles what was unknown, and a restart that has lost something keeps it from coming back.
        self.has_failed |= matches!(event.what, What::Failed(..) | What::OpenFailed(_));
        let settles = match &event.what {
            What::Invoked => false,
            What::Acked(_) => matches!(step, Some(Step::Command(Command::Together(_)))),
            What::Opened(shown) => self.has_failed || shown.last + 1 < event.step,
            What::Failed(..) | What::Read | What::OpenFailed(_) => true,
        };
        if settles {
            *self = Self {
                has_failed: self.has_failed,
                ..Self::default()
            };
        }
        let floor = changed_to(promises.floor(CrashKind::PowerLoss), steps);
        self.shown.settle((floor, promises.is_power_safe()));
        let snapshot = promises.snapshot_floor();
        let snapshot = snapshot.map(|floor| changed_to(floor, steps));
        self.canonical.settle(snapshot);
        self.snapshots.settle(promises.snapshots_floor(u32::MAX));
        self.copies.settle(promises.copy_floors());
    }

    /// Adds what the run with the sync may leave.
    fn add(&mut self, visit: &Visit) {
        for outcome in visit.outcomes.iter().map(AsRef::as_ref) {
            self.shown.add(&outcome.first);
            self.add_later(outcome);
            self.canonical.add(&outcome.canonical);
            self.snapshots.add(&outcome.snapshots);
            outcome.copies.iter().for_each(|copy| self.copies.add(copy));
        }
        if let Some(killed) = &visit.killed {
            self.add_later(killed);
        }
    }

    fn add_later(&mut self, outcome: &Outcome) {
        for result in outcome.during.iter().chain(&outcome.after) {
            self.shown.add(result);
        }
    }

    /// Whether all that comes of a crash here is known. A power-safe store has to stay with what it showed (`is_strict`).
    fn covers(&self, visit: &Visit, is_strict: bool) -> bool {
        let has_first = |outcome: &Outcome| {
            self.shown.values.contains(&outcome.first)
                && self.canonical.values.contains(&outcome.canonical)
                && self.snapshots.values.contains(&outcome.snapshots)
                && outcome
                    .copies
                    .iter()
                    .all(|copy| self.copies.values.contains(copy))
                && outcome.leftover.is_none()
                && outcome.used.is_none()
        };
        let mut outcomes = visit.outcomes.iter().map(AsRef::as_ref);
        let mut killed = visit.killed.iter();
        visit.complete
            && outcomes.all(|outcome| has_first(outcome) && self.has_later(outcome, is_strict))
            && killed.all(|outcome| self.has_later(outcome, is_strict))
    }

    fn has_later(&self, outcome: &Outcome, is_strict: bool) -> bool {
        let is_known = |result: &Recovered| self.shown.values.contains(result);
        let mut after = outcome.after.iter();
        outcome.again.is_none()
            && outcome.during.iter().all(is_known)
            && after.all(|result| {
                if is_strict {
                    *result == outcome.first
                } else {
                    is_known(result)
                }
            })
    }
}

/// The last step up to a position that may have changed what the store holds: the state after all steps from there on is the same.
fn changed_to(position: Position, steps: &[Step]) -> Position {
    let is_change = |step: &Step| match step {
        Step::Command(_) => !step.mutations().is_empty() || step.restores_from().is_some(),
        Step::Open | Step::Read => true,
    };
    let mut steps = steps.iter().take(position as usize);
    let last = steps.rposition(is_change);
    last.map_or(0, |last| last as Position + 1)
}
