//! The decisions of a run as data.

use std::fmt;
use std::str::FromStr;

use plimsoll_reference::digits::number;
use thiserror::Error;

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Which of the ready tasks is next, counted by their age.
    Task,
    /// How long something takes, in microseconds.
    Delay,
    /// One of several other things.
    Choice,
}

const KINDS: [(Kind, char); 3] = [(Kind::Task, 't'), (Kind::Delay, 'd'), (Kind::Choice, 'c')];

/// Bits of a number; above them is the kind.
const NUMBER_BITS: u32 = 30;

/// Largest number that a decision holds: as a delay it is 17 minutes.
pub(super) const NUMBER_MAX: u32 = (1 << NUMBER_BITS) - 1;

/// One decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decision(u32);

impl Decision {
    pub(super) const fn new(kind: Kind, number: u32) -> Self {
        Self((kind as u32) << NUMBER_BITS | number & NUMBER_MAX)
    }

    /// The number, if it is a decision of this kind.
    pub(super) const fn number(self, kind: Kind) -> Option<u32> {
        if self.0 >> NUMBER_BITS == kind as u32 {
            Some(self.0 & NUMBER_MAX)
        } else {
            None
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, letter) in KINDS {
            if let Some(number) = self.number(kind) {
                write!(f, "{letter}{number}")?;
            }
        }
        Ok(())
    }
}

/// Every decision of a run that had an alternative, in order. With it a run replays without its seed.
///
/// Its text form is one word a decision: `t2` for the third-oldest ready task, `d120` for 120 us, `c1` for the second of other
/// alternatives.
///
/// **Not covered**: the chances and damage of disk faults, which come from [`Setup::seed`](super::Setup::seed).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule(pub Vec<Decision>);

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, decision) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{decision}")?;
        }
        Ok(())
    }
}

/// A text that is no schedule.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no decision; decisions are `t`, `d` or `c` and a number below 2^30")]
pub struct ParseScheduleError(String);

impl FromStr for Schedule {
    type Err = ParseScheduleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let decision = |word: &str| {
            let (_, digits) = word.split_at_checked(1)?;
            let (kind, _) = KINDS.into_iter().find(|&(_, l)| word.starts_with(l))?;
            let number: u32 = number(digits).filter(|&number| number <= NUMBER_MAX)?;
            Some(Decision::new(kind, number))
        };
        let words = text.split_whitespace();
        words
            .map(|word| decision(word).ok_or_else(|| ParseScheduleError(word.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_back_what_it_parses() {
        let text = "t0 d120 c1 t3 d1073741823";
        let schedule: Schedule = text.parse().unwrap();
        assert_eq!(schedule.0.len(), 5);
        assert_eq!(schedule.to_string(), text);
        for wrong in ["x1", "t", "t-1", "t+1", "d1073741824", "7"] {
            assert!(wrong.parse::<Schedule>().is_err(), "{wrong}");
        }
    }
}
