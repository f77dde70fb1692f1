//! Evictions: a server throws its client out, which discards what it had not sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::state::State;
use crate::errno::Errno;
use crate::image::{Content, Image, Ino, SECTOR};
use crate::log::{Entry, MicroOp, Scope, SizeChange, SyncEnd};
use crate::object_target::ObjectTarget;
use crate::op_kind::OpKind;
use crate::plan::{Effect, FaultPlan};

/// Bytes in a sector.
const SECTOR_BYTES: u64 = SECTOR as u64;

/// A file as its servers know it.
#[derive(Clone, Debug, Default)]
struct Served {
    content: Arc<Content>,
    /// Bytes that the client has written and not sent, from and to, in the order in which they were written.
    unsent: Vec<(u64, u64)>,
}

/// What the servers have of each file, kept only where a plan evicts.
#[derive(Clone, Debug, Default)]
pub(super) struct Evictions {
    served: Option<BTreeMap<Ino, Served>>,
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
                served.insert(ino, Served::all_of(content));
            }
        });
        self.served = Some(served);
    }

    /// Takes note of an operation that was done; `image` is what processes see after it.
    pub(super) fn note(&mut self, entry: &Entry, image: &Image) {
        if let Some(served) = &mut self.served {
            Self::follow(served, entry, image);
        }
    }

    fn follow(served: &mut BTreeMap<Ino, Served>, entry: &Entry, image: &Image) {
        for change in &entry.changes {
            let Some(ino) = change.file() else { continue };
            let file = served.entry(ino).or_default();
            // Servers set lengths at once; written data waits for a sync.
            if entry.kind == OpKind::Write {
                file.write(change, image.file(ino).map_or(0, |content| content.len()));
            } else {
                file.resize(change);
            }
        }
        if let Some((Scope::File(ino) | Scope::FileData(ino), SyncEnd::Done)) = entry.sync
            && let Some(content) = image.file(ino)
        {
            served.insert(ino, Served::all_of(content));
        }
    }

    /// What a file holds once the client is evicted by one of its servers, or by all, and whether that discards anything that it wrote.
    fn discard(
        &mut self,
        ino: Ino,
        content: &Content,
        target: Option<ObjectTarget>,
    ) -> Option<(Arc<Content>, bool)> {
        let file = self.served.as_mut()?.entry(ino).or_default();
        let Some(target) = target else {
            let discards = !std::mem::take(&mut file.unsent).is_empty();
            return Some((Arc::clone(&file.content), discards));
        };
        let discards = file.is_unsent_on(target);
        Some((Arc::new(file.without(content, target)), discards))
    }
}

impl Served {
    /// A file of which everything has been sent.
    fn all_of(content: &Arc<Content>) -> Self {
        Self {
            content: Arc::clone(content),
            unsent: Vec::new(),
        }
    }

    /// A write by the client, after which the file has `len` bytes.
    fn write(&mut self, change: &MicroOp, len: u64) {
        if let MicroOp::Data { first, sectors, .. } = change {
            let start = first * SECTOR_BYTES;
            let end = start + sectors.len() as u64 * SECTOR_BYTES;
            let end = end.min(len);
            match self.unsent.last_mut() {
                // Appends follow each other.
                Some(last) if start <= last.1 && last.0 <= end => {
                    *last = (last.0.min(start), last.1.max(end));
                }
                _ => self.unsent.push((start, end)),
            }
        }
    }

    /// A change of the length.
    fn resize(&mut self, change: &MicroOp) {
        let content = Arc::make_mut(&mut self.content);
        let end = match change {
            // What the client would zero in its page, the servers zero.
            MicroOp::Zero { from, .. } => {
                content.cut(*from);
                *from
            }
            MicroOp::Size { len, change, .. } => {
                content.set_len(change.applied(content.len(), *len));
                content.trim();
                match change {
                    SizeChange::Set => *len,
                    _ => return,
                }
            }
            _ => return,
        };
        for run in &mut self.unsent {
            run.1 = run.1.min(end);
        }
        self.unsent.retain(|(from, to)| from < to);
    }

    fn is_unsent_on(&self, target: ObjectTarget) -> bool {
        self.unsent
            .iter()
            .any(|&(from, to)| target.touches(from, to - from))
    }

    /// The content without what was written for a target and not sent. It ends where what is left of it does.
    fn without(&mut self, content: &Content, target: ObjectTarget) -> Content {
        let mut left = content.clone();
        for (from, to) in self
            .unsent
            .iter()
            .flat_map(|&(from, to)| target.runs(from, to))
        {
            for sector in from / SECTOR_BYTES..to.div_ceil(SECTOR_BYTES) {
                left.set_sector(sector, self.content.sector(sector).cloned());
            }
        }
        let elsewhere = |&(from, to): &(u64, u64)| target.runs_elsewhere(from, to);
        self.unsent = self.unsent.iter().flat_map(elsewhere).collect();
        let ends = self.unsent.iter().map(|&(_, to)| to);
        left.set_len(ends.max().unwrap_or(0).max(self.content.len()));
        left.trim();
        left
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
        if let Some(Effect::Evict { target, silent }) = decision {
            self.evict_from(target, silent, kind, ino, path);
        }
    }

    fn evict_from(
        &mut self,
        target: Option<ObjectTarget>,
        silent: bool,
        kind: OpKind,
        ino: Ino,
        path: &Arc<str>,
    ) {
        let Some(current) = self.image.file(ino) else {
            return;
        };
        let Some((content, discards)) = self.evictions.discard(ino, current, target) else {
            return;
        };
        if target.is_some() && !discards {
            // The file has nothing to do with this server, or nothing that it misses.
            return;
        }
        if !silent {
            self.evictions.unreported.insert(ino);
        }
        self.commit(Entry {
            kind,
            path: Arc::clone(path),
            second: None,
            range: None,
            changes: vec![MicroOp::Evicted {
                ino,
                content,
                target,
            }],
            sync: None,
            error: None,
        });
    }

    /// The error that a sync or close of a file returns for an eviction, once.
    pub(super) fn eviction_error(&mut self, ino: Ino) -> Option<Errno> {
        self.evictions.unreported.remove(&ino).then_some(Errno::EIO)
    }
}
