//! What can come of each crash of a run, between each two of its events.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::crash::{Bounds, CrashKind, Frontier};
use plimsoll_faults::image::Image;
use plimsoll_faults::rng::Rng;
use rustc_hash::FxHashSet;

use super::lab::Lab;
use super::recording::Recording;
use super::recovered::Outcome;
use crate::case::Case;

/// What can come of a crash at one position of a log. A mere kill is left out: what it leaves no sync changes.
pub(super) struct Visit {
    /// One for each image.
    pub(super) outcomes: Vec<Arc<Outcome>>,
    /// The same for a kill followed by a power loss.
    pub(super) killed: Option<Outcome>,
    /// Whether every legal state was looked at.
    pub(super) complete: bool,
}

/// The visits of a run.
pub(super) struct Visits {
    all: Vec<Visit>,
    /// Which of them lie behind each number of events: what the disk holds when an event comes is there before it and behind it.
    between: Vec<Range<usize>>,
}

impl Visits {
    /// Visits the crash points of a run behind the first `from` entries of its log. One with at most `exhaustive` legal states is looked
    /// at in full.
    pub(super) fn of(
        case: &Case,
        recording: &Recording,
        lab: &mut Lab<'_>,
        from: usize,
        exhaustive: u32,
    ) -> Self {
        let bounds = Bounds {
            exhaustive,
            samples: case.limits.samples,
        };
        let mut frontier = lab.frontier(Image::new());
        let mut rng = Rng::stream(case.seed, "states");
        let mut visits = Self {
            all: Vec::new(),
            between: Vec::new(),
        };
        let mut start = 0;
        let mut now = Duration::ZERO;
        let mut events = recording.events.iter().peekable();
        for at in 0..=recording.log.len() {
            while let Some(event) = events.next_if(|event| event.at <= at) {
                now = event.now;
                visits.between.push(start..visits.all.len());
                start = visits.all.len().saturating_sub(1);
            }
            let Some(entry) = recording.log.get(at) else {
                break;
            };
            let is_first = at == from;
            if (frontier.advance(entry) || is_first) && at >= from {
                let visit = Visit::here((case, bounds), &mut frontier, lab, &mut rng, now);
                visits.all.push(visit);
            }
        }
        visits.between.push(start..visits.all.len());
        visits
    }

    /// The visits behind this number of events, and in front of the next.
    pub(super) fn behind(&self, events: usize) -> &[Visit] {
        let range = self.between.get(events).cloned().unwrap_or_default();
        &self.all[range]
    }
}

impl Visit {
    fn here(
        (case, bounds): (&Case, Bounds),
        frontier: &mut Frontier,
        lab: &mut Lab<'_>,
        rng: &mut Rng,
        now: Duration,
    ) -> Self {
        let mut visit = Self {
            outcomes: Vec::new(),
            killed: None,
            complete: true,
        };
        let mut keys = FxHashSet::default();
        let mut states = Vec::new();
        for &kind in &case.disk.kinds {
            match kind {
                CrashKind::ProcessKill => {}
                CrashKind::KillThenPowerLoss => {
                    if frontier.pending() > 0 && !frontier.is_frozen() {
                        visit.killed = Some(lab.kill_then_power_loss(frontier, now));
                    }
                }
                _ => {
                    visit.complete &= frontier.states_of(kind, bounds, rng, &mut states);
                    for &state in &states {
                        let key = frontier.key(state);
                        if keys.insert(key) {
                            let depth = case.limits.depth;
                            let outcome = lab.explore(frontier, state, key, depth, now);
                            visit.outcomes.push(outcome);
                        }
                    }
                }
            }
        }
        visit
    }
}
