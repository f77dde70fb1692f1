//! An operation as a fault plan sees it.

use std::sync::Arc;

use crate::errno::Errno;
use crate::log::Entry;
use crate::op_kind::OpKind;

/// What is asked of the disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) kind: OpKind,
    pub(super) path: &'a str,
    /// The second path of a rename or link.
    pub(super) second: Option<&'a str>,
    /// Bytes that it would read or write.
    pub(super) moves: usize,
}

impl<'a> Request<'a> {
    pub(super) const fn new(kind: OpKind, path: &'a str) -> Self {
        Self {
            kind,
            path,
            second: None,
            moves: 0,
        }
    }

    pub(super) const fn and(self, second: &'a str) -> Self {
        Self {
            second: Some(second),
            ..self
        }
    }

    pub(super) const fn moving(self, moves: usize) -> Self {
        Self { moves, ..self }
    }

    /// The record of its failure without an effect.
    pub(super) fn failed(&self, errno: Errno) -> Entry {
        Entry {
            kind: self.kind,
            path: Arc::from(self.path),
            second: self.second.map(Arc::from),
            range: None,
            changes: Vec::new(),
            sync: None,
            error: Some(errno),
        }
    }
}
