//! What worlds must have met: a case, or a whole run, that tested nothing is red.

use std::collections::BTreeMap;

use plimsoll_sim::trial::family::Family;
use plimsoll_sim::trial::hunt::{Hunt, SweptWorlds, TrialCase, WORLDS_TO_MEET};

const NO_STARTS: &str = "no start on what swept crashes left";

/// What a case that is to pass did not meet, though there was enough of it. What shows a bug has done enough, also where it was asked for
/// nothing.
pub(super) fn of_case(case: &TrialCase, hunt: &Hunt) -> Vec<String> {
    if !case.expected.is_empty() {
        return Vec::new();
    }
    let requests = (hunt.requests == 0).then(|| "no request".to_owned());
    let families = hunt.unmet(case).into_iter().map(never_came);
    let starts = hunt.swept.lacks_starts().then(|| NO_STARTS.to_owned());
    requests.into_iter().chain(families).chain(starts).collect()
}

fn never_came(family: Family) -> String {
    format!("`{family}` never came")
}

/// What all cases of a run that are to pass have met together.
#[derive(Debug, Default)]
pub(super) struct Met {
    /// Worlds in which a family could come, and whether it did.
    families: BTreeMap<Family, (u64, bool)>,
    /// Worlds of cases that are swept.
    worlds_to_sweep: u64,
    swept: SweptWorlds,
}

impl Met {
    /// Adds a case.
    pub(super) fn add(&mut self, case: &TrialCase, hunt: &Hunt) {
        if !case.expected.is_empty() {
            return;
        }
        for &family in &case.shape.families {
            let (worlds, has_come) = self.families.entry(family).or_default();
            *worlds += hunt.worlds;
            *has_come |= hunt.met.contains(&family);
        }
        if case.sweep_every > 0 {
            self.worlds_to_sweep += hunt.worlds;
        }
        self.swept += hunt.swept;
    }

    /// What never happened in all of it, though there was enough.
    pub(super) fn missing(&self) -> Vec<String> {
        let families = self.families.iter();
        let unmet =
            families.filter(|(_, (worlds, has_come))| !has_come && *worlds >= WORLDS_TO_MEET);
        let mut missing: Vec<String> = unmet.map(|(family, _)| never_came(*family)).collect();
        if self.swept.worlds == 0 && self.worlds_to_sweep > 0 {
            missing.push("no world was swept".to_owned());
        }
        if self.swept.lacks_starts() {
            missing.push(NO_STARTS.to_owned());
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first case that ships and is to pass, with these disturbances.
    fn case(families: &[Family]) -> TrialCase {
        let all = plimsoll_scenarios::trials();
        let passing = all.iter().find(|scenario| scenario.expected.is_empty());
        let mut case = passing.expect("there are some").cases(1).remove(0);
        case.shape.families = families.iter().copied().collect();
        case.sweep_every = 10;
        case
    }

    fn hunt(worlds: u64, met: &[Family], (images, starts): (u64, u64)) -> Hunt {
        Hunt {
            worlds,
            requests: worlds,
            met: met.iter().copied().collect(),
            swept: SweptWorlds {
                worlds: worlds.div_ceil(10),
                images,
                starts,
                ..SweptWorlds::default()
            },
            ..Hunt::default()
        }
    }

    #[test]
    fn a_swept_case_that_never_starts_its_system_is_vacuous_unless_it_is_small() {
        let case = case(&[]);
        assert_eq!(of_case(&case, &hunt(100, &[], (600, 0))), [NO_STARTS]);
        assert_eq!(of_case(&case, &hunt(100, &[], (600, 1))), [""; 0]);
        assert_eq!(of_case(&case, &hunt(3, &[], (40, 0))), [""; 0]);
        let nothing = Hunt {
            requests: 0,
            ..hunt(1, &[], (1, 0))
        };
        assert_eq!(of_case(&case, &nothing), ["no request"]);
    }

    #[test]
    fn what_shows_a_bug_has_done_enough() {
        let mut case = case(&[Family::Kill]);
        case.expected = vec![plimsoll_sim::oracle::Oracle::D1];
        let hunt = hunt(500, &[], (600, 0));
        assert_eq!(of_case(&case, &hunt), [""; 0]);
        let mut met = Met::default();
        met.add(&case, &hunt);
        assert_eq!(met.missing(), [""; 0]);
    }

    #[test]
    fn small_cases_together_have_to_meet_what_each_need_not() {
        let case = case(&[Family::Kill, Family::Idle]);
        let mut met = Met::default();
        for _ in 0..9 {
            let hunt = hunt(11, &[Family::Idle], (60, 0));
            assert_eq!(of_case(&case, &hunt), [""; 0]);
            met.add(&case, &hunt);
        }
        assert_eq!(met.missing(), [NO_STARTS], "540 images, and 99 worlds");
        met.add(&case, &hunt(1, &[], (1, 1)));
        assert_eq!(met.missing(), ["`kill` never came"]);
        met.add(&case, &hunt(1, &[Family::Kill], (1, 1)));
        assert_eq!(met.missing(), [""; 0]);
    }

    #[test]
    fn a_run_whose_cases_are_to_be_swept_sweeps() {
        let mut met = Met::default();
        let unswept = Hunt {
            swept: SweptWorlds::default(),
            ..hunt(1, &[], (0, 0))
        };
        let mut case = case(&[]);
        met.add(&case, &unswept);
        assert_eq!(met.missing(), ["no world was swept"]);
        case.sweep_every = 0;
        let mut met = Met::default();
        met.add(&case, &unswept);
        assert_eq!(met.missing(), [""; 0], "nobody asked for it");
    }
}
