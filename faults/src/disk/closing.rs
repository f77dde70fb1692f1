//! What closing a file does beyond giving up its handle: network file systems write back, and let go of names.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::state::State;
use crate::image::Ino;
use crate::log::{Entry, MicroOp, Scope, SyncEnd};
use crate::op_kind::OpKind;

/// Files that a close may do something about.
#[derive(Clone, Debug, Default)]
pub(super) struct Closing {
    /// Files with changes that no sync has covered, in order: few, because stores sync.
    dirty: Vec<Ino>,
    /// One of them: most changes are of the file that was changed last.
    latest: Option<Ino>,
    /// Open files that have lost a name.
    held: BTreeSet<Ino>,
    /// Whether a close has written back what was dirty.
    pub(super) syncs: bool,
}

impl Closing {
    /// Takes note of an operation.
    pub(super) fn note(&mut self, entry: &Entry) {
        for change in &entry.changes {
            match change {
                MicroOp::Held { ino, .. } => {
                    self.held.insert(*ino);
                }
                _ => self.soil(change.file()),
            }
        }
        if let Some((Scope::File(ino) | Scope::FileData(ino) | Scope::Close(ino), SyncEnd::Done)) =
            entry.sync
        {
            if let Ok(position) = self.dirty.binary_search(&ino) {
                self.dirty.remove(position);
            }
            self.latest = None;
        }
    }

    fn soil(&mut self, ino: Option<Ino>) {
        let Some(ino) = ino.filter(|_| ino != self.latest) else {
            return;
        };
        if let Err(position) = self.dirty.binary_search(&ino) {
            self.dirty.insert(position, ino);
        }
        self.latest = Some(ino);
    }
}

impl State {
    /// The change that a name of this file is lost while it is open, where it is.
    pub(super) fn hold(&self, ino: Ino, dir: Ino) -> Option<MicroOp> {
        let is_open = self.handles.values().any(|&(_, open)| open == ino);
        is_open.then_some(MicroOp::Held { ino, dir })
    }

    /// Records that a close has written back what was dirty, if anything was: file systems differ in whether it did. One that was shut
    /// down writes nothing.
    pub(super) fn flush(&mut self, ino: Ino, path: &Arc<str>) {
        if !self.is_frozen && self.closing.dirty.binary_search(&ino).is_ok() {
            if self.closing.syncs {
                self.writeback.written(&self.image, ino);
            }
            self.log_close(path, Vec::new(), Some((Scope::Close(ino), SyncEnd::Done)));
        }
    }

    /// Records the end of an open file that has lost a name, once no handle is left.
    pub(super) fn release(&mut self, ino: Ino) {
        let is_open = self.handles.values().any(|&(_, open)| open == ino);
        if !is_open && self.closing.held.remove(&ino) {
            self.log_close(
                &Arc::from("(unlinked)"),
                vec![MicroOp::Released { ino }],
                None,
            );
        }
    }

    fn log_close(
        &mut self,
        path: &Arc<str>,
        changes: Vec<MicroOp>,
        sync: Option<(Scope, SyncEnd)>,
    ) {
        let entry = Entry {
            kind: OpKind::Close,
            path: Arc::clone(path),
            second: None,
            range: None,
            changes,
            sync,
            error: None,
        };
        self.closing.note(&entry);
        self.record(entry);
    }
}
