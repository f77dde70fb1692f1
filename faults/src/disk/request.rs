//! An operation as a fault plan sees it.

use std::sync::Arc;

use super::writeback::PAGE;
use crate::errno::Errno;
use crate::image::Ino;
use crate::log::Entry;
use crate::object_target::ObjectTarget;
use crate::op_kind::OpKind;

/// What is asked of the disk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request<'a> {
    pub(super) kind: OpKind,
    pub(super) path: &'a str,
    /// The second path of a rename or link.
    pub(super) second: Option<&'a str>,
    /// The file, where it is asked for by a handle.
    pub(super) ino: Option<Ino>,
    /// That handle.
    pub(super) handle: Option<u64>,
    /// Offset and length of the bytes that it is about.
    pub(super) range: Option<(u64, u64)>,
    /// Bytes that it would read or write.
    pub(super) moves: usize,
    /// Whether it writes at the end of the file, wherever that is.
    pub(super) appends: bool,
}

impl<'a> Request<'a> {
    pub(super) const fn new(kind: OpKind, path: &'a str) -> Self {
        Self {
            kind,
            path,
            second: None,
            ino: None,
            handle: None,
            range: None,
            moves: 0,
            appends: false,
        }
    }

    pub(super) const fn and(self, second: &'a str) -> Self {
        Self {
            second: Some(second),
            ..self
        }
    }

    /// The same, through a handle of a file.
    pub(super) const fn of(self, ino: Ino, handle: u64) -> Self {
        Self {
            ino: Some(ino),
            handle: Some(handle),
            ..self
        }
    }

    /// The same, about bytes of the file.
    pub(super) const fn over(self, offset: u64, len: u64) -> Self {
        Self {
            range: Some((offset, len)),
            ..self
        }
    }

    pub(super) const fn moving(self, moves: usize) -> Self {
        Self { moves, ..self }
    }

    pub(super) const fn appending(self, appends: bool) -> Self {
        Self { appends, ..self }
    }

    /// Whether it touches a stripe on this target: with bytes that it is about, or with pages that it is to write as a sync.
    pub(super) fn is_on(&self, target: ObjectTarget, dirty: &[u64]) -> bool {
        match self.range {
            Some((offset, len)) => target.touches(offset, len),
            None => dirty.iter().any(|page| target.holds(page * PAGE)),
        }
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
