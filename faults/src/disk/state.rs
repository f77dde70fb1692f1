//! What all processes on a disk share.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_reference::clock::Clock as _;

use super::active_plan::{Decision, Facts};
use super::closing::Closing;
use super::deferral::Deferral;
use super::errseq::ErrSeq;
use super::eviction::Evictions;
use super::path::resolve;
use super::request::Request;
use super::space::{Portion, Usage};
use super::sync::Failing;
use super::troubles::Troubles;
use super::writeback::Writeback;
use crate::errno::Errno;
use crate::image::{Image, Ino};
use crate::log::{Entry, MicroOp, Scope, SyncEnd};
use crate::op_kind::OpKind;
use crate::plan::{Effect, Position};

/// Inodes beyond which removed ones are looked for, so that a long run does not keep every file it ever replaced.
const COLLECT_AT: usize = 64;

/// Room that a log has at first, in entries, and the length up to which that grows fourfold: many runs log a few hundred operations,
/// and to move them again and again takes longer than to leave some room unused.
const LOG_MIN: usize = 16;
const LOG_QUADRUPLES_TO: usize = 256;

/// The live disk.
#[derive(Debug)]
pub(super) struct State {
    pub(super) image: Image,
    pub(super) log: Vec<Entry>,
    pub(super) troubles: Troubles,
    /// Operations asked for so far, those that only read included.
    pub(super) operations: u64,
    /// Operations after which every further one fails: a store that loops on errors must end.
    pub(super) operations_max: u64,
    /// Open handles by number: the process that holds it, and its file.
    pub(super) handles: BTreeMap<u64, (u32, Ino)>,
    /// Which handle holds the lock of a file.
    pub(super) locks: BTreeMap<Ino, u64>,
    pub(super) next_handle: u64,
    pub(super) next_process: u32,
    /// How syncs fail.
    pub(super) failing: Failing,
    /// What no sync has written, where syncs may fail.
    pub(super) writeback: Writeback,
    /// Errors that handles have yet to be told of.
    pub(super) errors: ErrSeq,
    /// Whether a failure has shut the file system down.
    pub(super) is_frozen: bool,
    /// What closing a file does beyond giving up its handle.
    pub(super) closing: Closing,
    pub(super) evictions: Evictions,
    /// Files that were opened or described: of all others no process has seen what they hold, nor how long they are.
    pub(super) inspected: Vec<Ino>,
    collect_at: usize,
}

impl State {
    pub(super) fn new(image: Image) -> Self {
        Self {
            image,
            log: Vec::new(),
            troubles: Troubles::default(),
            operations: 0,
            operations_max: u64::MAX,
            handles: BTreeMap::new(),
            locks: BTreeMap::new(),
            next_handle: 0,
            next_process: 1,
            failing: Failing::default(),
            writeback: Writeback::default(),
            errors: ErrSeq::default(),
            is_frozen: false,
            closing: Closing::default(),
            evictions: Evictions::default(),
            inspected: Vec::new(),
            collect_at: COLLECT_AT,
        }
    }

    /// Asks the plan what becomes of an operation, does it accordingly, and says what the process is told.
    ///
    /// An operation that fails by itself returns its own error, whatever the plan says.
    pub(super) fn perform<T>(
        &mut self,
        request: Request<'_>,
        operation: impl FnOnce(&mut Self, Option<Effect>) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.operations += 1;
        if self.operations > self.operations_max {
            return Err(Errno::EIO);
        }
        let decision = if self.troubles.are_none() && !self.is_frozen {
            None
        } else {
            self.decision(&request)?
        };
        let logged = self.log.len();
        let done = match operation(self, decision) {
            Ok(done) => done,
            Err(errno) => {
                // What fails for want of space is a fault like another, and is shown.
                if matches!(errno, Errno::ENOSPC | Errno::EDQUOT) && self.log.len() == logged {
                    self.record(request.failed(errno));
                }
                return Err(errno);
            }
        };
        let Some(errno) = decision.and_then(Effect::late_error) else {
            return Ok(done);
        };
        match self.log.get_mut(logged..).and_then(<[Entry]>::last_mut) {
            Some(entry) => entry.error = Some(errno),
            None => self.record(request.failed(errno)),
        }
        Err(errno)
    }

    /// What becomes of an operation that something may befall, or the error with which it ends before it has begun.
    fn decision(&mut self, request: &Request<'_>) -> Result<Option<Effect>, Errno> {
        self.troubles.target = None;
        let decision = match self.late_error(request) {
            Some(errno) if request.kind.is_sync() => Some(Effect::Fail(errno, Position::Before)),
            Some(errno) => return Err(self.report_late(request, errno)),
            None => self.decide(request),
        };
        if let Deferral::Put(_) = self.troubles.deferral {
            // It is done later, and counted then.
            self.operations -= 1;
            return Err(Errno::EAGAIN);
        }
        if decision == Some(Effect::Hang) {
            let entry = request.failed(Errno::EIO);
            let hung = format!("{} {}", entry.kind, entry.path);
            self.troubles.hung = Some(hung);
            return Err(Errno::EIO);
        }
        if self.is_frozen && request.kind.changes_disk() {
            self.record(request.failed(Errno::EROFS));
            return Err(Errno::EROFS);
        }
        if let Some(Effect::Fail(errno, Position::Before)) = decision {
            // A failed sync matters beyond its error: the data it was to cover counts as clean. The sync itself adds that.
            if !request.kind.is_sync() {
                self.record(request.failed(errno));
                return Err(errno);
            }
        }
        Ok(decision)
    }

    /// Adds an entry to the log.
    pub(super) fn record(&mut self, entry: Entry) {
        let len = self.log.len();
        if len == self.log.capacity() {
            let more = if len < LOG_QUADRUPLES_TO {
                3 * len
            } else {
                len
            };
            self.log.reserve_exact(more.max(LOG_MIN));
        }
        self.log.push(entry);
    }

    /// The error of an earlier write that this operation has to report.
    fn late_error(&mut self, request: &Request<'_>) -> Option<Errno> {
        let reports = matches!(
            request.kind,
            OpKind::Write | OpKind::SyncAll | OpKind::SyncData | OpKind::Close
        );
        if self.troubles.late.is_empty() {
            return None;
        }
        // A file system that was shut down refuses whatever asks it.
        let ino = request.ino.filter(|_| reports && !self.is_frozen)?;
        self.troubles.late.remove(&ino)
    }

    /// What the plan does to an operation. Delays are charged here.
    fn decide(&mut self, request: &Request<'_>) -> Option<Effect> {
        let decision = match self.troubles.deferral {
            Deferral::Over(decision) => {
                self.troubles.deferral = Deferral::Off;
                decision
            }
            deferral => {
                let decision = self.ask_plan(request)?;
                if !decision.wait.is_zero() {
                    match (deferral, &self.troubles.clock) {
                        (Deferral::Asked, _) => {
                            self.troubles.deferral = Deferral::Put(decision);
                            return None;
                        }
                        (_, Some(clock)) => clock.advance(decision.wait),
                        (_, None) => {}
                    }
                }
                decision
            }
        };
        if decision.effect.is_some_and(Effect::is_damage) {
            self.troubles.damaged_at.get_or_insert(self.log.len());
        }
        self.troubles.target = decision.target;
        decision.effect
    }

    /// Asks the plan what becomes of an operation; nothing where there is none.
    fn ask_plan(&mut self, request: &Request<'_>) -> Option<Decision> {
        if self.troubles.plan.is_empty() {
            return None;
        }
        let dirty = match request.ino {
            Some(ino) if request.kind.is_sync() && self.troubles.plan.asks_for_pages() => {
                self.writeback.dirty_pages(ino)
            }
            _ => Vec::new(),
        };
        let mut facts = Facts {
            now: self.now(),
            phase: self.troubles.phase,
            inodes: [request.ino, None],
            dirty: &dirty,
        };
        if request.ino.is_none() && self.troubles.plan.asks_for_inodes() {
            let inode = |path| resolve(&self.image, path).ok();
            facts.inodes = [inode(request.path), request.second.and_then(inode)];
        }
        Some(self.troubles.plan.decide(request, &facts))
    }

    /// The virtual time, which stands at zero where there is no clock.
    fn now(&self) -> Duration {
        self.troubles
            .clock
            .as_ref()
            .map_or(Duration::ZERO, |clock| clock.now())
    }

    /// What the files take that a name or a handle reaches.
    fn usage(&self) -> Usage {
        let mut live: Vec<Ino> = self.handles.values().map(|&(_, ino)| ino).collect();
        self.image.walk(&mut |_, ino| live.push(ino));
        live.sort_unstable();
        live.dedup();
        let mut usage = Usage::default();
        for ino in live {
            usage.inodes += 1;
            usage.bytes += self.image.file(ino).map_or(0, |content| content.len());
        }
        usage
    }

    /// How many of `growth` more bytes there is room for, and what is said to who asks for more.
    pub(super) fn room(&mut self, growth: u64) -> (u64, Errno) {
        self.room_for(growth, Portion::Any)
    }

    fn room_for(&mut self, growth: u64, portion: Portion) -> (u64, Errno) {
        if self.troubles.spaces.is_empty() || growth == 0 {
            return (growth, Errno::ENOSPC);
        }
        let (used, now) = (self.usage(), self.now());
        self.troubles
            .spaces
            .take_bytes(growth, portion, used, self.operations, now)
    }

    /// Takes room for so many more bytes, all or none.
    pub(super) fn take_bytes(&mut self, growth: u64) -> Result<(), Errno> {
        match self.room_for(growth, Portion::Whole) {
            (room, errno) if room < growth => Err(errno),
            _ => Ok(()),
        }
    }

    /// Whether there is room for one more file or directory.
    pub(super) fn take_inode(&mut self) -> Result<(), Errno> {
        if self.troubles.spaces.is_empty() {
            return Ok(());
        }
        let (used, now) = (self.usage(), self.now());
        self.troubles.spaces.take_inode(used, self.operations, now)
    }

    /// Takes note of a file that a process may learn something of.
    pub(super) fn inspect(&mut self, ino: Ino) {
        if !self.inspected.contains(&ino) {
            self.inspected.push(ino);
        }
    }

    /// Makes changes visible to every process and records them.
    pub(super) fn commit(&mut self, entry: Entry) {
        if self.troubles.spaces.is_empty() {
            self.apply(entry);
            return;
        }
        let before = self.counted();
        self.apply(entry);
        if let (Some(before), Some(after)) = (before, self.counted()) {
            self.troubles.spaces.free(before.saturating_sub(after));
        }
    }

    /// Bytes in use, where a limit asks for them.
    fn counted(&self) -> Option<u64> {
        (!self.troubles.spaces.is_empty()).then(|| self.usage().bytes)
    }

    fn apply(&mut self, mut entry: Entry) {
        let may_fail = !self.troubles.plan.is_empty();
        if may_fail {
            self.writeback.observe(&self.image, &entry);
        }
        let is_name = |change: &MicroOp| matches!(change, MicroOp::Name { .. });
        let changes_names = entry.changes.iter().any(is_name);
        let mut unnamed: Vec<Ino> = Vec::new();
        if changes_names {
            for change in &entry.changes {
                if let MicroOp::Name { dir, name, .. } = change {
                    let entries = self.image.dir(*dir);
                    unnamed.extend(entries.and_then(|entries| entries.get(name)));
                }
                self.image.show(change);
            }
        } else {
            self.image.show_all(&entry.changes);
        }
        if let Some((Scope::File(ino) | Scope::FileData(ino), SyncEnd::Done)) = entry.sync
            && may_fail
        {
            self.writeback.written(&self.image, ino);
        }
        // The blocks of a file that is open stay its own.
        for ino in unnamed {
            let is_open = self.handles.values().any(|(_, held)| *held == ino);
            if !is_open && self.image.file(ino).is_some() && self.image.links(ino) == 0 {
                entry.changes.push(MicroOp::Free { ino });
            }
        }
        self.closing.note(&entry);
        self.evictions.note(&entry, &self.image);
        if changes_names {
            self.collect();
        }
        self.record(entry);
    }

    /// Forgets files that neither a name nor a handle reaches.
    fn collect(&mut self) {
        if self.image.inode_count() < self.collect_at {
            return;
        }
        let mut live: Vec<Ino> = self.handles.values().map(|&(_, ino)| ino).collect();
        self.image.walk(&mut |_, ino| live.push(ino));
        live.sort_unstable();
        self.image.retain(|ino| live.binary_search(&ino).is_ok());
        self.collect_at = COLLECT_AT.max(2 * self.image.inode_count());
    }

    /// Closes every handle of a process and releases its locks, as its death does.
    pub(super) fn reap(&mut self, process: u32) {
        let dead: Vec<u64> = self
            .handles
            .iter()
            .filter(|(_, (owner, _))| *owner == process)
            .map(|(&handle, _)| handle)
            .collect();
        for handle in dead {
            self.close(handle);
        }
    }

    pub(super) fn close(&mut self, handle: u64) {
        self.errors.closed(handle);
        let Some((_, ino)) = self.handles.remove(&handle) else {
            return;
        };
        if self.locks.get(&ino) == Some(&handle) {
            self.locks.remove(&ino);
        }
        self.release(ino);
    }

    /// Whether `inner` is `outer` or lies below it. A crash may have left directories inside themselves.
    pub(super) fn is_below(&self, inner: Ino, outer: Ino) -> bool {
        if inner == outer {
            return true;
        }
        let mut dirs: Vec<Ino> = Vec::new();
        let mut next = Some(outer);
        let mut looked_into = 0;
        while let Some(dir) = next {
            let entries = self.image.dir(dir).into_iter();
            for &child in entries.flat_map(|entries| entries.values()) {
                if child == inner {
                    return true;
                }
                if self.image.dir(child).is_some() && !dirs.contains(&child) {
                    dirs.push(child);
                }
            }
            next = dirs.get(looked_into).copied();
            looked_into += 1;
        }
        false
    }
}
