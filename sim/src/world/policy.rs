//! Who goes first among those that can go on.

use std::fmt;
use std::str::FromStr;

use plimsoll_faults::rng::Rng;
use plimsoll_reference::digits::number;

/// Turns in a row after which a task lets others go first: one that asks again and again whether something has happened would keep those
/// from running who make it happen.
const STREAK_MAX: u32 = 128;

/// Priorities that tasks begin with are above this, and those that they are lowered to below.
const LOW: u64 = 1 << 32;

/// How the next of the ready tasks is chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// Each of them is as likely as the others, at every step.
    #[default]
    Walk,
    /// Each task has a priority from its beginning, and the highest goes first. At so many choices it is lowered below all others.
    ///
    /// A bug that takes d steps in one order is found with at least the chance 1/(n k^(d-1)), for n tasks and k choices, by d - 1 changes
    /// (Burckhardt, Kothari, Musuvathi and Nagarakatte, "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS
    /// 2010). That is for programs whose tasks all exist from the beginning and whose choices are counted first; here they come and go.
    Priorities {
        /// Choices at which whoever would go first is lowered, counted from 0 over those that had an alternative, in ascending order.
        changes: Vec<u64>,
    },
}

const WALK: &str = "random walk";
const PRIORITIES: &str = "priorities";
const CHANGES: &str = ", lowered at ";

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Walk => f.write_str(WALK),
            Self::Priorities { changes } => {
                f.write_str(PRIORITIES)?;
                for (index, change) in changes.iter().enumerate() {
                    let gap = if index == 0 { CHANGES } else { " " };
                    write!(f, "{gap}{change}")?;
                }
                Ok(())
            }
        }
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let grammar = || {
            format!(
                "a schedule is `{WALK}`, `{PRIORITIES}` or `{PRIORITIES}{CHANGES}N N`, in ascending order"
            )
        };
        if text == WALK {
            return Ok(Self::Walk);
        }
        let rest = text.strip_prefix(PRIORITIES).ok_or_else(grammar)?;
        if rest.is_empty() {
            let changes = Vec::new();
            return Ok(Self::Priorities { changes });
        }
        let words = rest.strip_prefix(CHANGES).ok_or_else(grammar)?.split(' ');
        let changes: Option<Vec<u64>> = words.map(number).collect();
        match changes {
            Some(changes) if changes.is_sorted() => Ok(Self::Priorities { changes }),
            _ => Err(grammar()),
        }
    }
}

/// Priorities at work.
#[derive(Debug)]
pub(super) struct Priorities {
    rng: Rng,
    changes: Vec<u64>,
    /// Choices so far.
    choices: u64,
    /// Of tasks, by number; nothing until one is first ready with others.
    of: Vec<Option<u64>>,
    /// The next that a task is lowered to.
    low: u64,
    /// Who went first last, and how often in a row.
    streak: (u32, u32),
}

impl Priorities {
    pub(super) fn new(seed: u64, changes: &[u64]) -> Self {
        Self {
            rng: Rng::stream(seed, "world priorities"),
            changes: changes.to_vec(),
            choices: 0,
            of: Vec::new(),
            low: LOW,
            streak: (u32::MAX, 0),
        }
    }

    /// The place of whoever goes first among these tasks.
    pub(super) fn first(&mut self, ready: &[u32]) -> usize {
        for &task in ready {
            let slot = task as usize;
            if self.of.len() <= slot {
                self.of.resize(slot + 1, None);
            }
            if self.of[slot].is_none() {
                self.of[slot] = Some(LOW + 1 + self.rng.below(LOW));
            }
        }
        let mut first = self.highest(ready);
        let due = self.changes.iter().filter(|&&at| at == self.choices);
        let is_due = due.count() > 0 || self.streak == (ready[first], STREAK_MAX);
        self.choices += 1;
        if is_due {
            self.low = self.low.saturating_sub(1);
            self.of[ready[first] as usize] = Some(self.low);
            first = self.highest(ready);
        }
        let (last, count) = self.streak;
        let count = if last == ready[first] { count + 1 } else { 1 };
        self.streak = (ready[first], count);
        first
    }

    fn highest(&self, ready: &[u32]) -> usize {
        let priority = |&place: &usize| self.of[ready[place] as usize];
        (0..ready.len()).max_by_key(priority).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_back_what_it_parses() {
        for text in [
            "random walk",
            "priorities",
            "priorities, lowered at 3 17 400",
        ] {
            let policy: Policy = text.parse().unwrap();
            assert_eq!(policy.to_string(), text);
        }
        for wrong in [
            "",
            "walk",
            "priorities, lowered at ",
            "priorities, lowered at 4 3",
            "priorities, lowered at +3",
            "priorities 3",
        ] {
            assert!(wrong.parse::<Policy>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_highest_goes_first_until_it_is_lowered() {
        let mut priorities = Priorities::new(7, &[3]);
        let mut taken = Vec::new();
        for _ in 0..6 {
            taken.push(priorities.first(&[0, 1, 2]));
        }
        assert!(taken[..3].iter().all(|&task| task == taken[0]), "{taken:?}");
        assert!(taken[3..].iter().all(|&task| task == taken[3]), "{taken:?}");
        assert_ne!(taken[0], taken[3]);
        let seen: std::collections::BTreeSet<usize> = (0..30)
            .map(|seed| Priorities::new(seed, &[]).first(&[0, 1, 2]))
            .collect();
        assert_eq!(seen.len(), 3, "each is first for some seed");
    }

    #[test]
    fn nobody_keeps_the_others_from_running_for_ever() {
        let mut priorities = Priorities::new(7, &[]);
        let taken: Vec<usize> = (0..1000).map(|_| priorities.first(&[0, 1])).collect();
        let turns = taken.iter().filter(|&&task| task != taken[0]).count();
        assert!(turns >= 100, "{turns}");
    }
}
