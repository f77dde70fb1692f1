//! What can go wrong, as data.

use super::effect::Effect;
use super::scope::Scope;
use super::space::Space;
use super::when::When;
use super::writeback::Writeback;
use crate::op_kind::OpKind;

/// Which operations a fault looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpSelector {
    /// Every operation.
    Any,
    /// Every `fsync`, `fdatasync` and directory `fsync`.
    Sync,
    /// Every operation that may need space: creating, writing, extending, naming, and the syncs that allocate late.
    Growing,
    /// One kind of operation.
    Kind(OpKind),
}

impl OpSelector {
    /// Whether `kind` is selected.
    pub fn matches(self, kind: OpKind) -> bool {
        match self {
            Self::Any => true,
            Self::Sync => kind.is_sync(),
            Self::Growing => kind.may_need_space(),
            Self::Kind(selected) => selected == kind,
        }
    }
}

/// Which of the selected operations, in the order they come, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Occurrence {
    /// All of them.
    #[default]
    Every,
    /// The nth only.
    Nth(u32),
    /// The nth and all later ones.
    From(u32),
    /// From the first of these to the second, both included.
    Between(u32, u32),
}

impl Occurrence {
    /// Whether the `count`th selected operation (from 1) is meant.
    pub fn matches(self, count: u32) -> bool {
        match self {
            Self::Every => true,
            Self::Nth(n) => count == n,
            Self::From(n) => count >= n,
            Self::Between(first, last) => (first..=last).contains(&count),
        }
    }
}

/// One fault: a selector and an effect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// Which operations are counted.
    pub op: OpSelector,
    /// Glob over the whole path; none means every path. A rename, and a link, are matched by either of their paths.
    pub path: Option<String>,
    /// Which of the operations counted are hit.
    pub occurrence: Occurrence,
    /// What else must hold for an operation to be counted.
    pub when: When,
    /// What happens to those.
    pub effect: Effect,
    /// What else it happens to from then on.
    pub scope: Scope,
}

impl Fault {
    /// What happens to every one of the selected operations, on whatever path. The other fields narrow it.
    pub const fn new(op: OpSelector, effect: Effect) -> Self {
        Self {
            op,
            path: None,
            occurrence: Occurrence::Every,
            when: When {
                bytes: None,
                target: None,
                phase: None,
                from: None,
                until: None,
                chance: None,
            },
            effect,
            scope: Scope::Operation,
        }
    }

    /// The same, for some of the operations.
    #[must_use]
    pub const fn at(mut self, occurrence: Occurrence) -> Self {
        self.occurrence = occurrence;
        self
    }
}

/// A list of faults; the first that hits an operation decides. Delays add up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FaultPlan {
    /// The faults, in order of precedence.
    pub faults: Vec<Fault>,
    /// Write-backs that fail block by block. A fault that hits the sync comes first.
    pub writebacks: Vec<Writeback>,
    /// Limits on space, each of which must be kept.
    pub spaces: Vec<Space>,
}

impl FaultPlan {
    /// The plan in which nothing goes wrong.
    pub const fn none() -> Self {
        Self {
            faults: Vec::new(),
            writebacks: Vec::new(),
            spaces: Vec::new(),
        }
    }

    /// A plan of one fault.
    pub fn one(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
            writebacks: Vec::new(),
            spaces: Vec::new(),
        }
    }

    /// Whether nothing can go wrong.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.writebacks.is_empty() && self.spaces.is_empty()
    }

    /// What can go wrong, one line each, in the order in which a disk counts how often it did.
    pub fn lines(&self) -> Vec<String> {
        let faults = self.faults.iter().map(ToString::to_string);
        let writebacks = self.writebacks.iter().map(ToString::to_string);
        let spaces = self.spaces.iter().map(ToString::to_string);
        faults.chain(writebacks).chain(spaces).collect()
    }
}
