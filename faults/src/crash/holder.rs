//! Who has a pending change, on a network file system.

use crate::log::MicroOp;

/// Who has executed a change that is not durable. On a local disk this says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// The client has it in its cache, and may have sent it.
    Client,
    /// The servers of the data have executed it.
    Objects,
    /// The server of the namespace has executed it.
    Namespace,
    /// Several: the atom was merged from atoms of different holders.
    Mixed,
}

impl Holder {
    /// Who has changes that were just made by a write, or by an operation on names.
    pub(super) fn of(changes: &[MicroOp]) -> Self {
        let is_name = |change: &MicroOp| matches!(change, MicroOp::Name { .. });
        if changes.iter().any(is_name) {
            Self::Namespace
        } else {
            Self::Client
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Mixed }
    }
}
