//! One position of an op log: what is durable there, what is pending, and what processes see.

use std::sync::Arc;

use super::atom_set::AtomSet;
use super::canonical::{Memo, View};
use super::choice::{choices_of, is_closed, least};
use super::enumerate::{Bounds, choices, undamaged};
use super::failed_sync::{self, dirty_again};
use super::index::{Index, veiled};
use super::kind::CrashKind;
use super::orphans::Orphans;
use super::parts::Parts;
use super::pending::Pending;
use super::reached::reached;
use super::reuse::reuse;
use super::rules::Cutter;
use super::servers::{Servers, acknowledge, stable_on_reply};
use super::sync::{forced, parted};
use crate::image::{Image, Ino};
use crate::log::{Entry, MicroOp, Scope, SyncEnd};
use crate::profile::Profile;
use crate::rng::Rng;

/// A choice of what reached the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrashState(AtomSet);

/// The legal crash states at one position of an op log.
///
/// A sweep makes one at the start of the log and [advances](Frontier::advance) it entry by entry; the cost of a step depends on
/// what is pending, not on what came before. Pending changes come in atoms: the smallest groups that, under the profile, persist
/// whole.
#[derive(Debug)]
pub struct Frontier {
    pub(super) profile: Arc<Profile>,
    lying: bool,
    /// Whether a sync failed in a way that lets nothing through any more.
    frozen: bool,
    pub(super) base: Image,
    pub(super) volatile: Image,
    pub(super) pending: Pending,
    index: Index,
    /// Where the atoms of the last entry start.
    fresh: usize,
    /// Entries moved past so far.
    pub(super) entries: u32,
    /// Whether every state here is one that could not be before the last entry.
    all_fresh: bool,
    servers: Servers,
    pub(super) orphans: Orphans,
    memo: Memo,
    collect_at: usize,
}

/// Inodes beyond which those that nothing reaches any more are forgotten.
pub(super) const COLLECT_AT: usize = 32;

impl Frontier {
    /// The start of a log on a disk where everything is durable.
    pub fn new(image: Image, profile: Arc<Profile>) -> Self {
        let mut base = image.clone();
        base.keep_sums();
        Self {
            profile,
            lying: false,
            frozen: false,
            volatile: image,
            base,
            pending: Pending::default(),
            index: Index::default(),
            fresh: 0,
            entries: 0,
            all_fresh: false,
            servers: Servers::default(),
            orphans: Orphans::default(),
            memo: Memo::default(),
            collect_at: COLLECT_AT,
        }
    }

    /// The same, on a disk whose syncs do nothing.
    #[must_use]
    pub const fn lying(mut self) -> Self {
        self.lying = true;
        self
    }

    /// A copy to follow a future in which the process is gone, and with it what its client remembered of the files it had open. Those that
    /// have no name left are closed, and their blocks are free: where that adds legal states, [`is_fresh`](Self::is_fresh) says so.
    #[must_use]
    pub fn fork(&self) -> Self {
        let mut fork = Self {
            servers: Servers::default(),
            all_fresh: false,
            ..self.branch()
        };
        if fork.close_orphans() {
            fork.all_fresh = true;
            fork.index.outdate();
        }
        fork
    }

    /// A copy to follow another future of the same process, without what this one has computed so far.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self {
            profile: Arc::clone(&self.profile),
            base: self.base.clone(),
            volatile: self.volatile.clone(),
            pending: self.pending.clone(),
            index: self.index.clone(),
            servers: self.servers.clone(),
            orphans: self.orphans.clone(),
            memo: self.memo.fork(),
            ..*self
        }
    }

    /// Whether no state here could be before the last entry, or before the [fork](Self::fork).
    pub const fn is_fresh(&self) -> bool {
        self.all_fresh
    }

    /// What processes see here, and what a mere process kill leaves.
    pub const fn volatile(&self) -> &Image {
        &self.volatile
    }

    /// Whether the file system was shut down: who comes next finds it mounted anew, or not at all.
    pub const fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Number of pending atoms.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Moves past one entry of the log. Returns whether the legal states may have changed.
    pub fn advance(&mut self, entry: &Entry) -> bool {
        let number = self.entries;
        self.entries += 1;
        let mut changed = false;
        self.fresh = self.pending.len();
        self.all_fresh = false;
        self.discard_unsent(entry);
        let sent = self.sent(entry, number);
        let sent = sent.as_ref().unwrap_or(entry);
        let is_revert = matches!(entry.sync, Some((_, SyncEnd::Reverted)));
        if !is_silent(sent) && !is_revert {
            changed = true;
            if dirty_again(&mut self.pending.atoms, entry) {
                self.renumbered();
            }
            self.take(entry, sent, number);
        }
        changed |= self.note_handles(entry);
        if let Some((scope, end)) = entry.sync {
            match end {
                SyncEnd::Done if !self.lying => changed |= self.sync(scope),
                SyncEnd::Done | SyncEnd::Dropped => {}
                failed => changed |= self.fail_sync(entry, scope, failed),
            }
        }
        if self.base.inode_count() > self.collect_at {
            self.collect();
        }
        if changed {
            self.index.outdate();
        }
        changed
    }

    /// Adds what an entry changes to what is pending. `sent` is the entry as it goes to the disk, or to servers.
    fn take(&mut self, entry: &Entry, sent: &Entry, number: u32) {
        let new = Cutter {
            profile: &self.profile,
            volatile: &self.volatile,
            pending: &self.pending.atoms,
            entry: number,
        }
        .cut(sent);
        for change in &entry.changes {
            if matches!(change, MicroOp::Inode { .. }) {
                self.base.apply(change);
            }
        }
        self.volatile.show_all(&entry.changes);
        let start = self.pending.len();
        self.pending.atoms.extend(new);
        if let Some(network) = &self.profile.network {
            if !self.lying {
                self.persist(stable_on_reply(network, &self.pending.atoms, start));
            }
        } else if reuse(
            &self.profile,
            &mut self.pending,
            &(start..usize::MAX),
            &self.base,
            &self.volatile,
            &self.orphans,
        ) {
            self.renumbered();
        }
        if self.pending.make_room() {
            self.renumbered();
        }
    }

    /// Makes durable what a sync covers. Returns whether that is anything.
    fn sync(&mut self, scope: Scope) -> bool {
        // Without room for the parts a move persists whole, which is legal too.
        while self.pending.has_room()
            && let Some(position) = parted(&self.profile, scope, &self.pending.atoms)
        {
            self.pending.part(position);
            self.memo.forget();
            // The new name without the removal of the old one is a state of its own.
            self.all_fresh = true;
        }
        let asks = self.servers.asks(scope);
        let set = forced(&self.profile, scope, asks, &self.pending.atoms);
        let mut changed = !set.is_empty();
        if self.is_promise_empty() {
            acknowledge(&mut self.pending.atoms, set);
            // The client sends none of it again: a server that crashes may take what no crash of it could take before.
            self.all_fresh |= changed;
        } else {
            // A sync that gets ahead of the order leaves, at the least, what no crash could leave before it.
            self.all_fresh |= !is_closed(&self.pending.atoms, set);
            self.persist(set);
        }
        if self.profile.sync_escapes_order {
            changed |= self.loosen(scope);
        }
        changed
    }

    /// Makes atoms durable for certain.
    fn persist(&mut self, set: AtomSet) {
        if set.is_empty() {
            return;
        }
        // What this very entry did, and made durable, no earlier state has.
        self.all_fresh |= set.iter().any(|position| position >= self.fresh);
        let atoms = &self.pending.atoms;
        if set.iter().any(|position| atoms[position].has_names()) {
            self.memo.forget_names();
        }
        self.pending.persist(set, &mut self.base);
        self.renumbered();
    }

    /// What was computed for the old numbers, or over what files held in the old base, is of no use.
    pub(super) fn renumbered(&mut self) {
        self.memo.forget();
        self.fresh = 0;
    }

    /// Generates legal states at this position, each once. Returns whether these are all there are.
    pub fn states(&self, bounds: Bounds, rng: &mut Rng, out: &mut Vec<CrashState>) -> bool {
        let mut sets = Vec::new();
        let complete = choices(&self.pending.atoms, bounds, rng, &mut sets);
        out.clear();
        out.extend(sets.into_iter().map(CrashState));
        complete
    }

    /// Generates the states that a kind of crash may leave at this position, each once. Returns whether these are all there are.
    pub fn states_of(
        &self,
        kind: CrashKind,
        bounds: Bounds,
        rng: &mut Rng,
        out: &mut Vec<CrashState>,
    ) -> bool {
        let Some(network) = &self.profile.network else {
            return self.states(bounds, rng, out);
        };
        let mut sets = Vec::new();
        let complete = choices_of(kind, network, &self.pending.atoms, bounds, rng, &mut sets);
        out.clear();
        out.extend(sets.into_iter().map(CrashState));
        complete
    }

    /// The state in which a kind of crash has taken all it can.
    pub fn least(&self, kind: CrashKind) -> CrashState {
        let network = self.profile.network.as_ref();
        CrashState(network.map_or(AtomSet::EMPTY, |network| {
            least(kind, network, &self.pending.atoms)
        }))
    }

    /// Forgets what an eviction has taken from the client.
    fn discard_unsent(&mut self, entry: &Entry) {
        for change in &entry.changes {
            let MicroOp::Evicted { ino, target, .. } = change else {
                continue;
            };
            self.pending.discard_unsent(*ino, *target);
            self.memo.forget();
            // What is left of a change may be a part that could not be there alone before.
            self.all_fresh = true;
        }
    }

    /// An operation as a client sends it to its servers, where that is another than the process asked for.
    fn sent(&mut self, entry: &Entry, number: u32) -> Option<Entry> {
        let network = self.profile.network.as_ref()?;
        self.servers.note(entry);
        self.servers.rename_silly(network, entry, number)
    }

    /// Whether a server says that things are durable and they are not.
    fn is_promise_empty(&self) -> bool {
        let network = self.profile.network.as_ref();
        network.is_some_and(|network| network.async_export)
    }

    /// Of states at this position, keeps those that could not be before the last entry.
    pub fn retain_fresh(&self, states: &mut Vec<CrashState>) {
        if self.all_fresh {
            return;
        }
        let old = AtomSet::first(self.fresh);
        states.retain(|state| !state.0.is_subset(&old));
    }

    /// The state in which everything pending reached the disk.
    pub fn everything(&self) -> CrashState {
        CrashState(undamaged(&self.pending.atoms))
    }

    /// The state in which nothing pending reached the disk.
    pub const fn nothing(&self) -> CrashState {
        CrashState(AtomSet::EMPTY)
    }

    /// Hash of everything recovery can observe of a state. Equal hashes mean equal images but for inode numbers.
    pub fn key(&mut self, state: CrashState) -> u128 {
        let (memo, view) = self.split();
        memo.key(&view, state.0)
    }

    /// What recovery can observe of a state, part by part.
    pub fn parts(&mut self, state: CrashState) -> Parts {
        let (memo, view) = self.split();
        memo.parts(&view, state.0)
    }

    /// The image of a state: only what a name reaches, only what can be read.
    pub fn image(&mut self, state: CrashState) -> Image {
        let (memo, view) = self.split();
        memo.image(&view, state.0)
    }

    /// What is pending and did not reach the disk in this state, and what nobody wrote and shows: the number of the log entry it
    /// belongs to, and one line.
    pub fn lost(&self, state: CrashState) -> Vec<(u32, String)> {
        let veiled: Vec<(usize, AtomSet)> = veiled(&self.pending.atoms).collect();
        let is_veiled = |position| {
            let mut veils = veiled.iter();
            veils.any(|(of, by)| *of == position && by.is_subset(&state.0))
        };
        let mut lines = Vec::new();
        for (position, atom) in self.pending.atoms.iter().enumerate() {
            let is_told = if atom.is_damage() {
                state.0.contains(position) && !is_veiled(position)
            } else {
                !state.0.contains(position)
            };
            if is_told {
                lines.extend(atom.describe().into_iter().map(|line| (atom.entry, line)));
            }
        }
        lines
    }

    fn split(&mut self) -> (&mut Memo, View<'_>) {
        self.index.refresh(&self.pending);
        (
            &mut self.memo,
            View {
                base: &self.base,
                atoms: &self.pending.atoms,
                naming: self.index.naming,
                touching: &self.index.touching,
                veiled: &self.index.veiled,
            },
        )
    }

    /// After the sync of a file the removal of its other names may be in the log as well, and then waits for nothing.
    /// Returns whether there is one.
    fn loosen(&mut self, scope: Scope) -> bool {
        let (Scope::File(ino) | Scope::FileData(ino)) = scope else {
            return false;
        };
        let base = &self.base;
        let is_old_name = |change: &MicroOp| match change {
            MicroOp::Name {
                dir,
                name,
                target: None,
            } => base.dir(*dir).and_then(|entries| entries.get(name)) == Some(&ino),
            MicroOp::Free { .. } => true,
            _ => false,
        };
        let mut found = false;
        for atom in &mut self.pending.atoms {
            if atom.has_names() && atom.changes.iter().all(is_old_name) {
                atom.before = AtomSet::EMPTY;
                found = true;
            }
        }
        if found {
            self.renumbered();
        }
        found
    }

    /// A sync did not write what it was to write. Returns whether the legal states may have changed.
    fn fail_sync(&mut self, entry: &Entry, scope: Scope, end: SyncEnd) -> bool {
        let atoms = &mut self.pending.atoms;
        match end {
            SyncEnd::Failed | SyncEnd::Hidden => {
                let is_loose = failed_sync::mark_clean(atoms, scope, entry.range);
                if is_loose {
                    self.renumbered();
                }
                is_loose
            }
            SyncEnd::Torn => {
                let is_cut = failed_sync::shatter(atoms, scope, entry.range);
                let is_loose = failed_sync::mark_clean(atoms, scope, entry.range);
                // The pieces leave no room for what the next operation adds.
                self.pending.make_room();
                self.renumbered();
                is_cut || is_loose
            }
            SyncEnd::Reverted => {
                failed_sync::forget(&self.base, atoms, &entry.changes);
                self.pending.keep(|atom| !atom.is_spent());
                let atoms = &self.pending.atoms;
                // What was durable is not any more: no earlier state is like that.
                self.all_fresh |= failed_sync::settle(&mut self.base, atoms, &entry.changes);
                self.volatile.show_all(&entry.changes);
                self.renumbered();
                true
            }
            SyncEnd::Frozen => {
                self.frozen = true;
                false
            }
            SyncEnd::Done | SyncEnd::Dropped | SyncEnd::Lied | SyncEnd::Retained => false,
        }
    }

    /// Forgets inodes that no durable, pending or visible name reaches.
    fn collect(&mut self) {
        let live = reached(&self.base, &self.volatile, &self.pending.atoms);
        let is_live = |ino: Ino| live.binary_search(&ino).is_ok();
        self.base.retain(is_live);
        self.volatile.retain(is_live);
        self.pending.keep(|atom| {
            atom.has_names()
                || atom
                    .changes
                    .iter()
                    .any(|change| change.file().is_some_and(is_live))
        });
        self.renumbered();
        self.index.outdate();
        self.collect_at = COLLECT_AT.max(2 * self.base.inode_count());
    }
}

/// Whether an operation changes nothing that a crash could leave.
fn is_silent(entry: &Entry) -> bool {
    let is_close = |change: &MicroOp| matches!(change, MicroOp::Released { .. });
    entry.changes.iter().all(is_close)
}
