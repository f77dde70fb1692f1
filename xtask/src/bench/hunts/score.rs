//! What the hunts for one bug took.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::hunt::{Hunt, TrialCase};

use crate::exit::Ending;
use crate::sim::worlds::ending;

/// What the hunts for one bug took.
pub(super) struct Score {
    /// The case.
    pub(super) id: String,
    /// Seeds that a hunt has at most.
    pub(super) budget: u64,
    /// What showed it.
    pub(super) oracles: BTreeSet<Oracle>,
    /// What showed besides, though nobody expects it, and the seed that showed it.
    pub(super) others: BTreeMap<Oracle, u64>,
    /// Each hunt.
    hunts: Vec<Taken>,
    /// How the worst of them ended.
    pub(super) ending: Ending,
}

/// What one hunt took. The order is that of luck: a hunt that found nothing is behind all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Taken {
    /// Worlds up to the one that showed the bug.
    pub(super) seeds: Worlds,
    /// The seed that it began with.
    pub(super) first_seed: u64,
}

/// How many worlds it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Worlds {
    /// So many, with the one that showed it.
    Found(u64),
    /// More than there were.
    Missed,
}

impl Worlds {
    /// The number, if there is one.
    pub(super) const fn number(self) -> Option<u64> {
        match self {
            Self::Found(number) => Some(number),
            Self::Missed => None,
        }
    }
}

impl Score {
    /// Before the first hunt.
    pub(super) fn new(case: &TrialCase) -> Self {
        Self {
            id: case.id.clone(),
            budget: case.seeds,
            oracles: BTreeSet::new(),
            others: BTreeMap::new(),
            hunts: Vec::new(),
            ending: Ending::Passed,
        }
    }

    /// Takes note of a hunt.
    pub(super) fn add(&mut self, case: &TrialCase, hunt: &Hunt) {
        self.ending = self.ending.max(ending(case, hunt));
        let mut seeds = Worlds::Missed;
        for (oracle, trophy) in &hunt.trophies {
            if case.expected.contains(oracle) {
                self.oracles.insert(*oracle);
                let number = trophy.seed.wrapping_sub(case.first_seed) + 1;
                seeds = seeds.min(Worlds::Found(number));
            } else if !case.allows(*oracle) {
                self.others.entry(*oracle).or_insert(trophy.seed);
            }
        }
        let first_seed = case.first_seed;
        let taken = Taken { seeds, first_seed };
        let place = self.hunts.partition_point(|other| *other < taken);
        self.hunts.insert(place, taken);
    }

    /// Number of hunts.
    pub(super) fn hunts(&self) -> usize {
        self.hunts.len()
    }

    /// Of them, those that found the bug.
    pub(super) fn found(&self) -> usize {
        let found = |hunt: &&Taken| hunt.seeds != Worlds::Missed;
        self.hunts.iter().filter(found).count()
    }

    /// What the hunt in the middle took; of an even number, the worse of the two.
    pub(super) fn median(&self) -> Worlds {
        let middle = self.hunts.get(self.hunts.len() / 2);
        middle.map_or(Worlds::Missed, |hunt| hunt.seeds)
    }

    /// The hunt that took longest, or found nothing.
    pub(super) fn worst(&self) -> Option<Taken> {
        self.hunts.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_faults::plan::FaultPlan;
    use plimsoll_sim::fingerprint::Fingerprint;
    use plimsoll_sim::trial::history::Moment;
    use plimsoll_sim::trial::hunt::Trophy;
    use plimsoll_sim::trial::judge::Finding;
    use plimsoll_sim::trial::script::Script;
    use plimsoll_sim::world::{Pace, Plan, Policy, Schedule};

    use super::*;

    fn hunt(found: &[(Oracle, u64)]) -> Hunt {
        let trophy = |&(oracle, seed): &(Oracle, u64)| {
            let trophy = Trophy {
                seed,
                life: 0,
                finding: Finding {
                    oracle,
                    at: Moment::default(),
                    expected: String::new(),
                    found: String::new(),
                },
                crash: None,
                script: Script {
                    lives: Vec::new(),
                    plan: Plan::default(),
                    faults: FaultPlan::none(),
                    pace: Pace::default(),
                    policy: Policy::Walk,
                },
                schedule: Schedule::default(),
                fingerprint: Fingerprint::default(),
                events: Vec::new(),
            };
            (oracle, trophy)
        };
        // A signal may show it before anything is asked.
        Hunt {
            requests: 0,
            trophies: found.iter().map(trophy).collect::<BTreeMap<_, _>>(),
            ..Hunt::default()
        }
    }

    /// A case that expects D1, hunted from seed 100 on: each time with these violations.
    fn score(hunts: &[&[(Oracle, u64)]]) -> Score {
        let all = plimsoll_scenarios::trials();
        let bug = all.iter().find(|bug| !bug.expected.is_empty());
        let mut case = bug.expect("there are bugs").cases(100).remove(0);
        case.expected = vec![Oracle::D1];
        let mut score = Score::new(&case);
        for found in hunts {
            score.add(&case, &hunt(found));
        }
        score
    }

    #[test]
    fn a_hunt_takes_the_worlds_up_to_the_one_that_shows_it() {
        let score = score(&[
            &[(Oracle::D1, 104)],
            &[(Oracle::D1, 100)],
            &[(Oracle::D1, 199)],
        ]);
        assert_eq!((score.found(), score.hunts()), (3, 3));
        assert_eq!(score.median(), Worlds::Found(5));
        assert_eq!(
            score.worst().map(|hunt| hunt.seeds),
            Some(Worlds::Found(100))
        );
        assert_eq!(score.ending, Ending::Passed);
    }

    #[test]
    fn a_hunt_that_finds_nothing_is_the_worst() {
        let score = score(&[&[], &[(Oracle::D1, 1000)]]);
        assert_eq!((score.found(), score.hunts()), (1, 2));
        assert_eq!(score.worst().map(|hunt| hunt.seeds), Some(Worlds::Missed));
        assert_eq!(score.median(), Worlds::Missed, "the worse of the two");
        assert_eq!(score.ending, Ending::Missed);
    }

    #[test]
    fn what_others_show_too_finds_no_bug_and_is_no_surprise() {
        let all = plimsoll_scenarios::trials();
        let bug = all.iter().find(|bug| !bug.expected.is_empty());
        let mut case = bug.expect("there are bugs").cases(100).remove(0);
        (case.expected, case.beside) = (vec![Oracle::C1], vec![Oracle::F4]);
        let mut score = Score::new(&case);
        score.add(&case, &hunt(&[(Oracle::F4, 101), (Oracle::C1, 103)]));
        assert_eq!(score.median(), Worlds::Found(4));
        assert_eq!(score.others, BTreeMap::new());
        assert_eq!(score.ending, Ending::Passed);
        score.add(&case, &hunt(&[(Oracle::F4, 101)]));
        assert_eq!((score.found(), score.ending), (1, Ending::Missed));
    }

    #[test]
    fn what_nobody_expects_finds_no_bug() {
        let score = score(&[&[(Oracle::R3, 101), (Oracle::D1, 103)]]);
        assert_eq!(score.median(), Worlds::Found(4));
        assert_eq!(score.others, BTreeMap::from([(Oracle::R3, 101)]));
        assert_eq!(score.ending, Ending::Violated);
    }
}
