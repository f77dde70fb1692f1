//! One recorded program held to one profile.

use std::collections::BTreeSet;

use super::archive::Observed;
use super::membership::Allowed;
use crate::litmus::Tree;
use crate::profile::Profile;

/// States of one interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntervalCount {
    /// Those that the profile allows, counted block by block; none when there are too many to count.
    pub allowed: Option<usize>,
    /// Those that were seen.
    pub seen: usize,
}

/// What a profile allows of a program beside what was seen.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// By number of steps that had returned.
    pub intervals: Vec<IntervalCount>,
    /// The same over all intervals, each state counted once.
    pub total: IntervalCount,
    /// Interval and state of everything that was seen and is not allowed.
    pub forbidden: Vec<(usize, Tree)>,
}

impl Comparison {
    /// Compares. None if [`Allowed`] does not do for the profile or the program.
    pub fn of(observed: &Observed, profile: &Profile) -> Option<Self> {
        let (mut intervals, mut forbidden) = (Vec::new(), Vec::new());
        let (mut all_allowed, mut all_seen) = (BTreeSet::new(), BTreeSet::new());
        let mut is_counted = true;
        for (after, seen) in observed.intervals.iter().enumerate() {
            let allowed = Self::allowed(observed, after, profile)?;
            let mut counted = BTreeSet::new();
            let is_complete = allowed.iter().all(|one| one.count(&mut counted));
            is_counted &= is_complete;
            intervals.push(IntervalCount {
                allowed: is_complete.then_some(counted.len()),
                seen: seen.len(),
            });
            all_allowed.extend(counted);
            for state in seen {
                if !allowed.iter().any(|one| one.contains(state)) {
                    forbidden.push((after, state.clone()));
                }
                all_seen.insert(state);
            }
        }
        Some(Self {
            intervals,
            total: IntervalCount {
                allowed: is_counted.then_some(all_allowed.len()),
                seen: all_seen.len(),
            },
            forbidden,
        })
    }

    /// What a crash may leave in one interval: the union over the positions in it.
    pub(super) fn allowed(
        observed: &Observed,
        after: usize,
        profile: &Profile,
    ) -> Option<Vec<Allowed>> {
        let timeline = &observed.timeline;
        let positions = timeline.positions(after);
        positions
            .map(|position| Allowed::at(timeline, position, profile))
            .collect()
    }
}
