//! Rules of privacy: a setting in the database by which events are dropped.

use plimsoll_reference::mutation::Mutation;
use plimsoll_sim::trial::history::Pairs;
use plimsoll_sim::trial::promise::Filter;

/// The setting, and what it does: events are dropped whose key ends as its value does.
pub(super) const FILTER: Filter = Filter { setting: b"b0/k0" };

/// The rules as they are applied, which are kept beside the database.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    applied: Pairs,
}

impl Rules {
    /// Applies what the database says.
    pub(super) fn refresh(&mut self, pairs: &Pairs) {
        self.applied = pairs.clone();
        self.applied.retain(|key, _| key == FILTER.setting);
    }

    /// Whether a change is one of the rules.
    pub(super) fn is_rule(mutation: &Mutation) -> bool {
        mutation.key() == FILTER.setting
    }

    /// Whether an event is dropped.
    pub(super) fn drops(&self, mutation: &Mutation) -> bool {
        FILTER.drops(&self.applied, mutation)
    }
}
