//! One position of an op log: what is durable there, what is pending, and what processes see.

use std::sync::Arc;

use super::atom::Atom;
use super::atom_set::{ATOMS_MAX, AtomSet};
use super::canonical::{Memo, View};
use super::choice::{choices_of, least};
use super::enumerate::{Bounds, choices};
use super::holder::Holder;
use super::kind::CrashKind;
use super::rules::{Cutter, forced, parted};
use super::servers::{Servers, acknowledge, stable_on_reply};
use crate::image::{Image, Ino, SECTOR};
use crate::log::{Entry, MicroOp, Scope, SizeChange, SyncEnd};
use crate::profile::{Exposure, Profile};
use crate::rng::Rng;

/// A choice of what reached the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CrashState {
    kept: AtomSet,
    garbage: bool,
}

/// The legal crash states at one position of an op log.
///
/// A sweep makes one at the start of the log and [advances](Frontier::advance) it entry by entry; the cost of a step depends on
/// what is pending, not on what came before. Pending changes come in atoms: the smallest groups that, under the profile, persist
/// whole.
#[derive(Debug)]
pub struct Frontier {
    profile: Arc<Profile>,
    lying: bool,
    base: Image,
    volatile: Image,
    atoms: Vec<Atom>,
    /// The atoms that change names.
    naming: AtomSet,
    /// The atoms that change each file with pending content.
    touching: Vec<(Ino, AtomSet)>,
    /// Where the atoms of the last entry start.
    fresh: usize,
    entries: u32,
    /// Whether every state here is one that could not be before the last entry.
    all_fresh: bool,
    servers: Servers,
    memo: Memo,
    collect_at: usize,
}

/// Inodes beyond which those that nothing reaches any more are forgotten.
const COLLECT_AT: usize = 32;

/// How much the oldest atoms are thinned out when there are too many: so many are merged in pairs.
const MERGED: usize = 128;

impl Frontier {
    /// The start of a log on a disk where everything is durable.
    pub fn new(image: Image, profile: Arc<Profile>) -> Self {
        Self {
            profile,
            lying: false,
            volatile: image.clone(),
            base: image,
            atoms: Vec::new(),
            naming: AtomSet::EMPTY,
            touching: Vec::new(),
            fresh: 0,
            entries: 0,
            all_fresh: false,
            servers: Servers::default(),
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

    /// A copy to follow another future, without what this one has computed so far. The process is gone there, and with it what its
    /// client remembered of the files it had open.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            profile: Arc::clone(&self.profile),
            base: self.base.clone(),
            volatile: self.volatile.clone(),
            atoms: self.atoms.clone(),
            touching: self.touching.clone(),
            servers: Servers::default(),
            memo: Memo::default(),
            ..*self
        }
    }

    /// What processes see here, and what a mere process kill leaves.
    pub const fn volatile(&self) -> &Image {
        &self.volatile
    }

    /// Number of pending atoms.
    pub fn pending(&self) -> usize {
        self.atoms.len()
    }

    /// Moves past one entry of the log. Returns whether the legal states may have changed.
    pub fn advance(&mut self, entry: &Entry) -> bool {
        let number = self.entries;
        self.entries += 1;
        let mut changed = false;
        self.fresh = self.atoms.len();
        self.all_fresh = false;
        self.discard_unsent(entry);
        let sent = self.sent(entry, number);
        let entry_sent = sent.as_ref().unwrap_or(entry);
        if !is_silent(entry_sent) {
            changed = true;
            let new = Cutter {
                profile: &self.profile,
                volatile: &self.volatile,
                pending: &self.atoms,
                entry: number,
            }
            .cut(entry_sent);
            for change in &entry.changes {
                if matches!(change, MicroOp::Inode { .. }) {
                    self.base.apply(change);
                }
                self.volatile.apply(change);
            }
            self.atoms.extend(new);
            if let Some(network) = &self.profile.network
                && !self.lying
            {
                self.persist(stable_on_reply(network, &self.atoms, self.fresh));
            }
            while self.atoms.len() > ATOMS_MAX - MERGED / 2 {
                self.merge_oldest();
            }
        }
        if let Some((scope, end)) = entry.sync {
            match end {
                SyncEnd::Done if !self.lying => {
                    // Without room for the parts a move persists whole, which is legal too.
                    while self.atoms.len() < ATOMS_MAX
                        && let Some(position) = parted(&self.profile, scope, &self.atoms)
                    {
                        self.part(position);
                    }
                    let asks = self.servers.asks(scope);
                    let set = forced(&self.profile, scope, asks, &self.atoms);
                    changed |= !set.is_empty();
                    if self.is_promise_empty() {
                        acknowledge(&mut self.atoms, set);
                    } else {
                        self.persist(set);
                    }
                    if self.profile.sync_escapes_order {
                        changed |= self.loosen(scope);
                    }
                }
                SyncEnd::Failed => self.mark_clean(scope),
                SyncEnd::Done | SyncEnd::Dropped => {}
            }
        }
        if self.base.inode_count() > self.collect_at {
            self.collect();
        }
        if changed {
            self.index();
        }
        changed
    }

    /// Finds out which atoms change what.
    fn index(&mut self) {
        self.naming = self.select(Atom::has_names);
        self.touching.clear();
        for (position, atom) in self.atoms.iter().enumerate() {
            for change in &atom.changes {
                let Some(ino) = change.file() else { continue };
                match self.touching.iter_mut().find(|(file, _)| *file == ino) {
                    Some((_, set)) => set.insert(position),
                    None => {
                        let mut set = AtomSet::EMPTY;
                        set.insert(position);
                        self.touching.push((ino, set));
                    }
                }
            }
        }
    }

    fn select(&self, wanted: impl Fn(&Atom) -> bool) -> AtomSet {
        let mut set = AtomSet::EMPTY;
        for (position, atom) in self.atoms.iter().enumerate() {
            if wanted(atom) {
                set.insert(position);
            }
        }
        set
    }

    /// Generates legal states at this position, each once. Returns whether these are all there are.
    pub fn states(&self, bounds: Bounds, rng: &mut Rng, out: &mut Vec<CrashState>) -> bool {
        let mut sets = Vec::new();
        let complete = choices(&self.atoms, bounds, rng, &mut sets);
        out.clear();
        out.extend(sets.iter().map(|&kept| CrashState {
            kept,
            garbage: false,
        }));
        if self.profile.extend_exposes == Exposure::Garbage {
            let (data, sizes) = (self.select(Atom::has_data), self.select(Atom::has_size));
            // Garbage shows where a length got ahead of its data.
            out.extend(
                sets.iter()
                    .filter(|kept| !kept.intersection(sizes).is_empty() && !data.is_subset(kept))
                    .map(|&kept| CrashState {
                        kept,
                        garbage: true,
                    }),
            );
        }
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
        let complete = choices_of(kind, network, &self.atoms, bounds, rng, &mut sets);
        out.clear();
        out.extend(sets.into_iter().map(|kept| CrashState {
            kept,
            garbage: false,
        }));
        complete
    }

    /// The state in which a kind of crash has taken all it can.
    pub fn least(&self, kind: CrashKind) -> CrashState {
        let network = self.profile.network.as_ref();
        CrashState {
            kept: network.map_or(AtomSet::EMPTY, |network| least(kind, network, &self.atoms)),
            garbage: false,
        }
    }

    /// Forgets what an eviction has taken from the client: it can reach no disk any more.
    ///
    /// **Not modelled**: pages that the client had sent before. The process sees none of them, so the servers have none.
    fn discard_unsent(&mut self, entry: &Entry) {
        for change in &entry.changes {
            let MicroOp::Evicted { ino, .. } = change else {
                continue;
            };
            self.keep(|atom| atom.held != Holder::Client || !atom.touches_file(*ino));
            self.fresh = self.atoms.len();
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
        states.retain(|state| !state.kept.is_subset(&old) || state.garbage);
    }

    /// The state in which everything pending reached the disk.
    pub fn everything(&self) -> CrashState {
        CrashState {
            kept: AtomSet::first(self.atoms.len()),
            garbage: false,
        }
    }

    /// The state in which nothing pending reached the disk.
    pub const fn nothing(&self) -> CrashState {
        CrashState {
            kept: AtomSet::EMPTY,
            garbage: false,
        }
    }

    /// Hash of everything recovery can observe of a state. Equal hashes mean equal images but for inode numbers.
    pub fn key(&mut self, state: CrashState) -> u128 {
        let (memo, view) = self.split();
        memo.key(&view, state.kept, state.garbage)
    }

    /// The image of a state: only what a name reaches, only what can be read.
    pub fn image(&mut self, state: CrashState) -> Image {
        let (memo, view) = self.split();
        memo.image(&view, state.kept, state.garbage)
    }

    /// What is pending and did not reach the disk in this state: the number of the log entry it belongs to, and one line.
    pub fn lost(&self, state: CrashState) -> Vec<(u32, String)> {
        let mut lines: Vec<(u32, String)> = (0..self.atoms.len())
            .filter(|&position| !state.kept.contains(position))
            .flat_map(|position| {
                let atom = &self.atoms[position];
                atom.describe()
                    .into_iter()
                    .map(move |line| (atom.entry, line))
            })
            .collect();
        if state.garbage {
            lines.push((
                self.entries.saturating_sub(1),
                "blocks that were allocated and not written show what they held before".to_owned(),
            ));
        }
        lines
    }

    fn split(&mut self) -> (&mut Memo, View<'_>) {
        (
            &mut self.memo,
            View {
                base: &self.base,
                atoms: &self.atoms,
                naming: self.naming,
                touching: &self.touching,
            },
        )
    }

    /// Makes atoms durable for certain.
    fn persist(&mut self, set: AtomSet) {
        if set.is_empty() {
            return;
        }
        self.memo.forget();
        // What this very entry did, and made durable, no earlier state has.
        self.all_fresh |= set.iter().any(|position| position >= self.fresh);
        self.fresh = 0;
        for position in set.iter() {
            let changes = std::mem::take(&mut self.atoms[position].changes);
            for change in &changes {
                self.base.apply(change);
                for older in &mut self.atoms[..position] {
                    supersede(older, change);
                }
            }
        }
        self.keep(|atom| !atom.changes.is_empty());
    }

    /// Cuts an atom of names in two: what is added, then what is removed. Nothing depends on one without the other.
    fn part(&mut self, position: usize) {
        let to: Vec<Option<usize>> = (0..self.atoms.len())
            .map(|old| Some(old + usize::from(old > position)))
            .collect();
        self.renumber(&to);
        for atom in &mut self.atoms[position + 1..] {
            if atom.before.contains(position) {
                atom.before.insert(position + 1);
            }
        }
        let mut removed = self.atoms[position].clone();
        let is_removal = |change: &MicroOp| matches!(change, MicroOp::Name { target: None, .. });
        removed.changes.retain(is_removal);
        // The log may hold the removal too, ahead of the transaction.
        removed.before = AtomSet::EMPTY;
        self.atoms[position]
            .changes
            .retain(|change| !is_removal(change));
        self.atoms.insert(position + 1, removed);
        self.memo.forget();
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
            _ => false,
        };
        let mut found = false;
        for atom in &mut self.atoms {
            if atom.changes.iter().all(is_old_name) {
                atom.before = AtomSet::EMPTY;
                found = true;
            }
        }
        if found {
            self.fresh = 0;
            self.memo.forget();
        }
        found
    }

    /// A sync failed: its data counts as clean, so no later sync writes it, although it may or may not have reached the disk.
    fn mark_clean(&mut self, scope: Scope) {
        let (Scope::File(ino) | Scope::FileData(ino)) = scope else {
            return;
        };
        for atom in &mut self.atoms {
            let holds_pages = atom
                .changes
                .iter()
                .any(|change| matches!(change, MicroOp::Data { ino: of, .. } if *of == ino));
            if holds_pages && !atom.has_size() && !atom.has_names() {
                atom.marked_clean = true;
            }
        }
    }

    /// Drops atoms and renumbers the rest.
    fn keep(&mut self, wanted: impl Fn(&Atom) -> bool) {
        let mut to = vec![None; self.atoms.len()];
        let mut count = 0;
        for (position, atom) in self.atoms.iter().enumerate() {
            if wanted(atom) {
                to[position] = Some(count);
                count += 1;
            }
        }
        self.renumber(&to);
        let mut position = 0;
        self.atoms.retain(|_| {
            position += 1;
            to[position - 1].is_some()
        });
        self.memo.forget();
    }

    fn renumber(&mut self, to: &[Option<usize>]) {
        for (position, atom) in self.atoms.iter_mut().enumerate() {
            let mut before = AtomSet::EMPTY;
            for old in atom.before.iter() {
                if let Some(new) = to[old]
                    && to[position] != Some(new)
                {
                    before.insert(new);
                }
            }
            atom.before = before;
        }
    }

    /// Halves the number of the oldest atoms by merging neighbours: fewer states are explored, and each of them is still legal.
    fn merge_oldest(&mut self) {
        let mut to: Vec<Option<usize>> = Vec::with_capacity(self.atoms.len());
        let mut count = 0;
        let mut position = 0;
        while position < self.atoms.len() {
            to.push(Some(count));
            let pair = self.atoms.get(position + 1).is_some_and(|next| {
                position + 1 < MERGED && next.marked_clean == self.atoms[position].marked_clean
            });
            if pair {
                to.push(Some(count));
                position += 1;
            }
            position += 1;
            count += 1;
        }
        assert!(
            count < self.atoms.len(),
            "neighbours that can be merged exist"
        );
        self.renumber(&to);
        let mut merged: Vec<Atom> = Vec::with_capacity(count);
        for (position, atom) in std::mem::take(&mut self.atoms).into_iter().enumerate() {
            let target = to[position].expect("every atom has a place");
            if let Some(first) = merged.get_mut(target) {
                first.changes.extend(atom.changes);
                first.before = first.before.union(atom.before);
                first.journalled |= atom.journalled;
                first.held = first.held.and(atom.held);
            } else {
                merged.push(atom);
            }
        }
        self.atoms = merged;
        self.fresh = 0;
        self.memo.forget();
    }

    /// Forgets inodes that no durable, pending or visible name reaches.
    fn collect(&mut self) {
        let mut live: Vec<Ino> = Vec::new();
        self.base.walk(&mut |_, ino| live.push(ino));
        self.volatile.walk(&mut |_, ino| live.push(ino));
        for atom in &self.atoms {
            live.extend(atom.names().filter_map(|(_, _, target)| target));
        }
        // A pending name may lead to a directory that has entries of its own, in either image.
        let mut next = 0;
        while let Some(&ino) = live.get(next) {
            for image in [&self.base, &self.volatile] {
                let entries = image
                    .dir(ino)
                    .into_iter()
                    .flat_map(|entries| entries.values());
                for &child in entries {
                    if !live.contains(&child) {
                        live.push(child);
                    }
                }
            }
            next += 1;
        }
        live.sort_unstable();
        let is_live = |ino: Ino| live.binary_search(&ino).is_ok();
        self.base.retain(is_live);
        self.volatile.retain(is_live);
        self.keep(|atom| {
            atom.has_names()
                || atom
                    .changes
                    .iter()
                    .any(|change| change.file().is_some_and(is_live))
        });
        self.index();
        self.collect_at = COLLECT_AT.max(2 * self.base.inode_count());
    }
}

/// Whether an operation changes nothing that a crash could leave.
fn is_silent(entry: &Entry) -> bool {
    let is_close = |change: &MicroOp| matches!(change, MicroOp::Released { .. });
    entry.changes.iter().all(is_close)
}

/// Removes from an older atom what a newer durable change has overwritten: the older version can no longer come to light.
fn supersede(older: &mut Atom, newer: &MicroOp) {
    let mut changes = Vec::with_capacity(older.changes.len());
    for change in older.changes.drain(..) {
        match (&change, newer) {
            (
                MicroOp::Size { ino, len, change },
                MicroOp::Size {
                    ino: of,
                    len: least,
                    change: SizeChange::AtLeast,
                },
            ) if ino == of => {
                if len > least || *change != SizeChange::AtLeast {
                    changes.push(MicroOp::Size {
                        ino: *ino,
                        len: *len.max(least),
                        change: *change,
                    });
                }
            }
            (MicroOp::Size { ino, .. }, MicroOp::Size { ino: newer, .. }) if ino == newer => {}
            (
                MicroOp::Name { dir, name, .. },
                MicroOp::Name {
                    dir: newer_dir,
                    name: newer_name,
                    ..
                },
            ) if dir == newer_dir && name == newer_name => {}
            (
                MicroOp::Data {
                    ino,
                    first,
                    sectors,
                },
                MicroOp::Data { .. } | MicroOp::Zero { .. },
            ) if newer.file() == Some(*ino) => {
                let (from, to) = sector_range(newer);
                let end = first + sectors.len() as u64;
                let head = from.clamp(*first, end);
                let tail = to.clamp(*first, end);
                for (start, stop) in [(*first, head), (tail.max(head), end)] {
                    if start < stop {
                        changes.push(MicroOp::Data {
                            ino: *ino,
                            first: start,
                            sectors: sectors[(start - first) as usize..(stop - first) as usize]
                                .to_vec(),
                        });
                    }
                }
            }
            _ => changes.push(change),
        }
    }
    older.changes = changes;
}

fn sector_range(change: &MicroOp) -> (u64, u64) {
    match change {
        MicroOp::Data { first, sectors, .. } => (*first, first + sectors.len() as u64),
        MicroOp::Zero { from, .. } => (from.div_ceil(SECTOR as u64), u64::MAX),
        _ => (0, 0),
    }
}
