//! What the snapshot at the canonical path holds.

/// How far the snapshot in place reaches, in commits of this life.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// What the newest snapshot covers that was put in place, or that the store started from.
    placed: Option<u64>,
    /// What one covers that may be in place: putting it there has failed, or is under way.
    uncertain: Option<u64>,
}

impl Coverage {
    /// Of a store that may have been made from the snapshot.
    pub(super) fn new(is_seeded: bool) -> Self {
        Self {
            placed: is_seeded.then_some(0),
            uncertain: None,
        }
    }

    /// Whether there is none, as far as this life is concerned.
    pub(super) const fn is_none(&self) -> bool {
        self.placed.is_none() && self.uncertain.is_none()
    }

    /// Whether it holds everything up to `commits`, and nothing else may be in place.
    pub(super) fn is_full(&self, commits: u64) -> bool {
        self.placed == Some(commits) && self.uncertain.is_none()
    }

    /// Whether one that covers `covered` is older than what is in place for certain.
    pub(super) fn is_ahead_of(&self, covered: u64) -> bool {
        self.uncertain.is_none() && self.placed.is_some_and(|placed| covered < placed)
    }

    /// Whether one that covers `covered` is older than what is or may be in place: it must not replace that.
    pub(super) fn may_be_ahead_of(&self, covered: u64) -> bool {
        self.placed.max(self.uncertain) > Some(covered)
    }

    /// Takes note of one that was put in place.
    pub(super) const fn place(&mut self, covered: u64) {
        self.placed = Some(covered);
        self.uncertain = None;
    }

    /// Takes note of one that may have been put in place.
    pub(super) fn doubt(&mut self, covered: u64) {
        self.uncertain = self.uncertain.max(Some(covered));
    }
}
