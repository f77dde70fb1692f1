//! Evictions: a server throws its client out, which discards what it had not sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::state::State;
use crate::errno::Errno;
use crate::image::{Content, Image, Ino};
use crate::log::{Entry, MicroOp, Scope, SyncEnd};
use crate::op_kind::OpKind;
use crate::plan::{Effect, FaultPlan};

/// What the servers have of each file, kept only where a plan evicts.
#[derive(Clone, Debug, Default)]
pub(super) struct Evictions {
    served: Option<BTreeMap<Ino, Arc<Content>>>,
    /// Files whose next sync or close reports an eviction.
    unreported: BTreeSet<Ino>,
}

impl Evictions {
    /// Starts to keep track, if the plan evicts: so far everything has been sent.
    pub(super) fn start(&mut self, plan: &FaultPlan, image: &Image) {
        let evicts = |effect: Effect| matches!(effect, Effect::Evict { .. });
        if !plan.faults.iter().any(|fault| evicts(fault.effect)) {
            return;
        }
        let mut served = BTreeMap::new();
        image.walk(&mut |_, ino| {
            if let Some(content) = image.file(ino) {
                served.insert(ino, Arc::clone(content));
            }
        });
        self.served = Some(served);
    }

    /// Takes note of an operation that was done; `image` is what processes see after it.
    pub(super) fn note(&mut self, entry: &Entry, image: &Image) {
        let Some(served) = &mut self.served else {
            return;
        };
        // Servers set lengths at once; written data waits for a sync.
        if entry.kind != OpKind::Write {
            for change in &entry.changes {
                if let Some(ino) = change.file() {
                    apply(Arc::make_mut(served.entry(ino).or_default()), change);
                }
            }
        }
        if let Some((Scope::File(ino) | Scope::FileData(ino), SyncEnd::Done)) = entry.sync
            && let Some(content) = image.file(ino)
        {
            served.insert(ino, Arc::clone(content));
        }
    }
}

impl State {
    /// Evicts the client from the servers of a file, if that is decided.
    pub(super) fn evict(
        &mut self,
        kind: OpKind,
        ino: Ino,
        path: &Arc<str>,
        decision: Option<Effect>,
    ) {
        let (Some(Effect::Evict { silent }), Some(served)) = (decision, &self.evictions.served)
        else {
            return;
        };
        let content = served.get(&ino).cloned().unwrap_or_default();
        if !silent {
            self.evictions.unreported.insert(ino);
        }
        self.commit(Entry {
            kind,
            path: Arc::clone(path),
            second: None,
            range: None,
            changes: vec![MicroOp::Evicted { ino, content }],
            sync: None,
            error: None,
        });
    }

    /// The error that a sync or close of a file returns for an eviction, once.
    pub(super) fn eviction_error(&mut self, ino: Ino) -> Option<Errno> {
        self.evictions.unreported.remove(&ino).then_some(Errno::EIO)
    }
}

fn apply(content: &mut Content, change: &MicroOp) {
    match change {
        // What the client would zero in its page, the servers zero.
        MicroOp::Zero { from, .. } => content.cut(*from),
        MicroOp::Size { len, change, .. } => {
            content.set_len(change.applied(content.len(), *len));
            content.trim();
        }
        _ => {}
    }
}
