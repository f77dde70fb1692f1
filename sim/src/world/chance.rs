//! Where decisions come from.

use std::time::Duration;

use plimsoll_faults::latency::Latency;
use plimsoll_faults::rng::Rng;

use super::policy::{Policy, Priorities};
use super::schedule::{Decision, Kind, NUMBER_MAX, Schedule};

/// Takes decisions and keeps those that had an alternative.
#[derive(Debug)]
pub(super) struct Chance {
    source: Source,
    taken: Vec<Decision>,
    diverged: u64,
}

#[derive(Debug)]
enum Source {
    /// A stream for each kind, so that one more draw of one does not change the others.
    Seeded {
        tasks: Rng,
        /// Where they say which task is next, and not a draw.
        priorities: Option<Priorities>,
        delays: Rng,
        choices: Rng,
    },
    Recorded {
        schedule: Vec<Decision>,
        next: usize,
    },
}

impl Chance {
    /// Decisions of a seed.
    pub(super) fn seeded(seed: u64, policy: &Policy) -> Self {
        let priorities = match policy {
            Policy::Walk => None,
            Policy::Priorities { changes } => Some(Priorities::new(seed, changes)),
        };
        Self::from(Source::Seeded {
            priorities,
            tasks: Rng::stream(seed, "world tasks"),
            delays: Rng::stream(seed, "world delays"),
            choices: Rng::stream(seed, "world choices"),
        })
    }

    /// The decisions of an earlier run.
    pub(super) fn recorded(schedule: &Schedule) -> Self {
        Self::from(Source::Recorded {
            schedule: schedule.0.clone(),
            next: 0,
        })
    }

    const fn from(source: Source) -> Self {
        Self {
            source,
            taken: Vec::new(),
            diverged: 0,
        }
    }

    /// The place of the one that is next among these ready tasks.
    pub(super) fn task(&mut self, ready: &[u32]) -> usize {
        if let Source::Seeded {
            priorities: Some(priorities),
            ..
        } = &mut self.source
            && ready.len() > 1
        {
            let first = priorities.first(ready);
            self.taken.push(Decision::new(Kind::Task, first as u32));
            return first;
        }
        self.decide(Kind::Task, ready.len())
    }

    /// One of so many alternatives.
    pub(super) fn choose(&mut self, count: usize) -> usize {
        self.decide(Kind::Choice, count)
    }

    /// True so many times out of so many.
    pub(super) fn ratio(&mut self, numerator: u32, denominator: u32) -> bool {
        if numerator == 0 || numerator >= denominator {
            return numerator > 0;
        }
        let drawn = match &mut self.source {
            Source::Seeded { choices, .. } => {
                usize::from(choices.ratio(u64::from(numerator), u64::from(denominator)))
            }
            Source::Recorded { .. } => self.replay(Kind::Choice, 2),
        };
        self.taken.push(Decision::new(Kind::Choice, drawn as u32));
        drawn == 1
    }

    /// How long something takes that begins `now`, in whole microseconds.
    pub(super) fn delay(&mut self, latency: Latency, now: Duration) -> Duration {
        if let Latency::Constant(time) = latency {
            return time;
        }
        let drawn = match &mut self.source {
            Source::Seeded { delays, .. } => {
                let us = latency.draw(delays, now, now).as_micros();
                us.min(u128::from(NUMBER_MAX)) as usize
            }
            Source::Recorded { .. } => self.replay(Kind::Delay, NUMBER_MAX as usize + 1),
        };
        self.taken.push(Decision::new(Kind::Delay, drawn as u32));
        Duration::from_micros(drawn as u64)
    }

    fn decide(&mut self, kind: Kind, count: usize) -> usize {
        if count < 2 {
            return 0;
        }
        let drawn = match &mut self.source {
            Source::Seeded { tasks, choices, .. } => {
                let rng = if kind == Kind::Task { tasks } else { choices };
                rng.below(count as u64) as usize
            }
            Source::Recorded { .. } => self.replay(kind, count),
        };
        self.taken.push(Decision::new(kind, drawn as u32));
        drawn
    }

    /// The next recorded decision; the first alternative where the record has none that fits.
    fn replay(&mut self, kind: Kind, count: usize) -> usize {
        let Source::Recorded { schedule, next } = &mut self.source else {
            return 0;
        };
        let recorded = schedule
            .get(*next)
            .and_then(|decision| decision.number(kind));
        *next += 1;
        match recorded {
            Some(number) if (number as usize) < count => number as usize,
            _ => {
                self.diverged += 1;
                0
            }
        }
    }

    /// The decisions taken, and how often a record had none that fitted.
    pub(super) fn finish(&mut self) -> (Schedule, u64) {
        (Schedule(std::mem::take(&mut self.taken)), self.diverged)
    }
}
