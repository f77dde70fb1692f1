//! Violations that are one and the same: of the same store and oracle, at the same two operations, reached by the same disks.

use std::collections::BTreeMap;

use plimsoll_sim::class::Class;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::Violation;
use plimsoll_sim::sites::Sites;

use crate::sim::case_runner::Outcome;
use crate::sim::selection::Selected;

/// What makes violations one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    class: Class,
    oracle: Oracle,
    sut: String,
    sites: Sites,
    profiles: Vec<String>,
}

/// Violations that are one and the same.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// Whose they are.
    pub(crate) class: Class,
    /// The oracle.
    pub(crate) oracle: Oracle,
    /// The store.
    pub(crate) sut: String,
    /// The operations.
    pub(crate) sites: Sites,
    /// The disks that reach them.
    pub(crate) profiles: Vec<String>,
    /// The case in which the first was found.
    pub(crate) first: String,
    /// Cases in which one was found.
    pub(crate) cases: u64,
}

/// The groups of a run.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    found: BTreeMap<Key, (String, u64)>,
}

impl Groups {
    /// Adds the violations of a case. Says of each whether one like it was there before; what was expected never was.
    pub(crate) fn add(&mut self, selected: &Selected, outcome: &Outcome) -> Vec<bool> {
        let id = &selected.case.id;
        let mut is_known = |violation: &Violation| {
            if violation.expected {
                return false;
            }
            let key = Key {
                class: violation.class,
                oracle: violation.oracle,
                sut: selected.case.sut.name().to_owned(),
                sites: violation.witness.sites.clone(),
                profiles: violation.profiles.clone(),
            };
            let (_, cases) = self.found.entry(key).or_insert_with(|| (id.clone(), 0));
            *cases += 1;
            *cases > 1
        };
        outcome.violations.iter().map(&mut is_known).collect()
    }

    /// The groups: bugs first, then by oracle.
    pub(crate) fn into_list(self) -> Vec<Group> {
        let group = |(key, (first, cases)): (Key, (String, u64))| Group {
            class: key.class,
            oracle: key.oracle,
            sut: key.sut,
            sites: key.sites,
            profiles: key.profiles,
            first,
            cases,
        };
        self.found.into_iter().map(group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    #[test]
    fn what_is_one_is_known_the_second_time() {
        let mut groups = Groups::default();
        let outcome = fixtures::violated();
        let first = groups.add(&fixtures::selected("first"), &outcome);
        let second = groups.add(&fixtures::selected("second"), &outcome);
        // The second violation of each is expected, and no news to begin with.
        assert_eq!((first, second), (vec![false, false], vec![true, false]));
        let groups = groups.into_list();
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].first.as_str(), groups[0].cases), ("first", 2));
    }

    #[test]
    fn other_disks_or_other_sites_make_another_group() {
        let mut groups = Groups::default();
        let selected = fixtures::selected("x");
        let mut outcome = fixtures::violated();
        groups.add(&selected, &outcome);
        outcome.violations[0].profiles.push("zfs".to_owned());
        assert_eq!(groups.add(&selected, &outcome), [false, false]);
        outcome.violations[0].witness.sites.lost = "unlink data/N.log".to_owned();
        assert_eq!(groups.add(&selected, &outcome), [false, false]);
        outcome.violations[0].class = Class::Portability;
        assert_eq!(groups.add(&selected, &outcome), [false, false]);
        let groups = groups.into_list();
        assert_eq!(groups.len(), 4);
        let last = groups.last().expect("there are four");
        assert_eq!(last.class, Class::Portability, "bugs come first");
    }
}
