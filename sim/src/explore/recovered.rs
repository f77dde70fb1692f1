//! What can come of one image.

use std::sync::Arc;

use super::state::StateHash;
use crate::oracle::Oracle;

/// What a recovery showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recovered {
    /// The store opened and holds this.
    State(StateHash),
    /// It did not open, or could not be read, and said so.
    Failed(Arc<str>),
    /// It panicked, or never ended.
    Crashed(Arc<str>),
}

/// Why there is nothing to show.
pub(super) enum NoState {
    Failed(String),
    Crashed(String),
}

impl NoState {
    pub(super) fn into_message(self) -> String {
        match self {
            Self::Failed(message) | Self::Crashed(message) => message,
        }
    }
}

impl From<NoState> for Recovered {
    fn from(none: NoState) -> Self {
        match none {
            NoState::Failed(message) => Self::Failed(Arc::from(message)),
            NoState::Crashed(message) => Self::Crashed(Arc::from(message)),
        }
    }
}

/// What an independent reader found at the canonical path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Canonical {
    /// The store has no canonical path.
    None,
    /// There is no file.
    Absent,
    /// There is a complete image.
    State(StateHash),
    /// There is a file, and it is no complete image.
    Broken(Arc<str>),
}

/// Everything that can come of one image.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) first: Recovered,
    pub(super) canonical: Canonical,
    /// How many snapshots an independent reader found, where the store keeps several.
    pub(super) snapshots: Option<Result<u32, Arc<str>>>,
    /// What was found in each place to which the workload copies.
    pub(super) copies: Vec<(u8, Canonical)>,
    /// A temporary that the recovery left behind.
    pub(super) leftover: Option<Arc<str>>,
    /// What recovering the recovered store again showed, where that was something else.
    pub(super) again: Option<Recovered>,
    /// What later recoveries showed when this one was crashed before it ended.
    pub(super) during: Vec<Recovered>,
    /// The same, crashed after it ended.
    pub(super) after: Vec<Recovered>,
    /// What went wrong when the recovered store was used and crashed again.
    pub(super) used: Option<Used>,
}

impl Outcome {
    /// What a first recovery showed, and nothing else yet.
    pub(super) const fn of(first: Recovered) -> Self {
        Self {
            first,
            canonical: Canonical::None,
            snapshots: None,
            copies: Vec::new(),
            leftover: None,
            again: None,
            during: Vec::new(),
            after: Vec::new(),
            used: None,
        }
    }
}

/// A recovered store that does not keep what it acknowledges.
#[derive(Clone, Debug)]
pub(super) struct Used {
    pub(super) oracle: Oracle,
    pub(super) expected: &'static str,
    pub(super) found: Recovered,
}
