//! What can go wrong, as data.

use super::writeback::Writeback;
use crate::errno::Errno;
use crate::fsync_failure::FsyncFailure;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Occurrence {
    /// All of them.
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

/// How much of an operation is done when its error is returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Position {
    /// Nothing.
    #[default]
    Before,
    /// The first half of what is written.
    Partial,
    /// Everything: who asked cannot tell from the error (a lost reply of a file server, an evicted client).
    After,
}

/// What happens to a selected operation. Operations that an effect does not apply to are neither counted nor hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It returns this error. A sync that fails before its effect makes nothing durable for certain, one that fails after it
    /// has made durable all that it was to.
    Fail(Errno, Position),
    /// A sync fails with this error, in the way of this model and not of the file system at hand.
    FailSync(Errno, FsyncFailure),
    /// A sync returns success and makes nothing durable.
    Drop,
    /// A read or write moves half of its bytes and returns how many those are.
    Short,
    /// Just before it, a server evicts the client: what the file has that no sync covers is discarded, and reads show what the servers
    /// have. The next sync or close reports that once, unless it is silent.
    Evict {
        /// Whether nothing reports it.
        silent: bool,
    },
}

impl Effect {
    /// Whether an operation of this kind can be affected so.
    pub fn applies_to(self, kind: OpKind) -> bool {
        match self {
            Self::Fail(_, Position::Before) => true,
            Self::Fail(_, Position::Partial) => kind == OpKind::Write,
            Self::Fail(_, Position::After) => kind.has_effect(),
            Self::Drop | Self::FailSync(..) => kind.is_sync(),
            Self::Short => matches!(kind, OpKind::Read | OpKind::Write),
            Self::Evict { .. } => matches!(
                kind,
                OpKind::Read | OpKind::Write | OpKind::SyncAll | OpKind::SyncData
            ),
        }
    }

    /// Whether the operation must move two bytes at least, so that there is a half that is neither nothing nor everything.
    pub(crate) const fn halves(self) -> bool {
        matches!(self, Self::Short | Self::Fail(_, Position::Partial))
    }

    /// The error that is returned of an operation that was done, wholly or in part.
    pub(crate) const fn late_error(self) -> Option<Errno> {
        match self {
            Self::Fail(errno, Position::Partial | Position::After) => Some(errno),
            Self::Fail(_, Position::Before)
            | Self::FailSync(..)
            | Self::Drop
            | Self::Short
            | Self::Evict { .. } => None,
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
    /// What happens to those.
    pub effect: Effect,
}

/// A list of faults; the first that hits an operation decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FaultPlan {
    /// The faults, in order of precedence.
    pub faults: Vec<Fault>,
    /// Write-backs that fail block by block. A fault that hits the sync comes first.
    pub writebacks: Vec<Writeback>,
}

impl FaultPlan {
    /// The plan in which nothing goes wrong.
    pub const fn none() -> Self {
        Self {
            faults: Vec::new(),
            writebacks: Vec::new(),
        }
    }

    /// A plan of one fault.
    pub fn one(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
            writebacks: Vec::new(),
        }
    }

    /// Whether nothing can go wrong.
    pub fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.writebacks.is_empty()
    }

    /// What can go wrong, one line each, in the order in which a disk counts how often it did.
    pub fn lines(&self) -> Vec<String> {
        let faults = self.faults.iter().map(ToString::to_string);
        let writebacks = self.writebacks.iter().map(ToString::to_string);
        faults.chain(writebacks).collect()
    }
}
