//! What the servers of a network file system do with an operation: data in stripes, the length by the data, commits on demand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::atom::Atom;
use super::atom_set::AtomSet;
use super::holder::Holder;
use super::pieces::PIECES_MAX;
use super::rules::Cutter;
use crate::image::{Ino, Name, SECTOR};
use crate::log::{Entry, InodeKind, MicroOp, Scope, SizeChange};
use crate::op_kind::OpKind;
use crate::profile::{Exposure, Namespace, Network, Tear};

/// Bytes in a sector.
const SECTOR_BYTES: u64 = SECTOR as u64;

/// Sectors in a page of the client.
const PAGE_SECTORS: u64 = 8;

/// Files whose next `fsync` asks the metadata server to commit: those that were created, or had an attribute set, since their last.
#[derive(Clone, Debug, Default)]
pub(super) struct Servers {
    asking: BTreeSet<Ino>,
    /// The names `.nfs...` of open files, each with its directory.
    silly: BTreeMap<Ino, Vec<(Ino, Name)>>,
}

impl Servers {
    /// Takes note of what an operation does to files.
    pub(super) fn note(&mut self, entry: &Entry) {
        for change in &entry.changes {
            match change {
                MicroOp::Inode {
                    ino,
                    kind: InodeKind::File,
                }
                | MicroOp::Size {
                    ino,
                    change: SizeChange::Set,
                    ..
                } => {
                    self.asking.insert(*ino);
                }
                _ => {}
            }
        }
    }

    /// The operation as a client sends it that keeps a name for open files, where it concerns one.
    ///
    /// **Not modelled**: the moment at which a rename over an open file has moved that aside and nothing is in its place.
    pub(super) fn rename_silly(
        &mut self,
        network: &Network,
        entry: &Entry,
        number: u32,
    ) -> Option<Entry> {
        let is_concerned =
            |change: &MicroOp| matches!(change, MicroOp::Held { .. } | MicroOp::Released { .. });
        if !network.silly_rename || !entry.changes.iter().any(is_concerned) {
            return None;
        }
        let mut sent = entry.clone();
        sent.changes.clear();
        for change in &entry.changes {
            match change {
                MicroOp::Held { ino, dir } => {
                    let name: Name = Arc::from(format!(".nfs{:016x}{number:08x}", ino.0));
                    let names = self.silly.entry(*ino).or_default();
                    names.push((*dir, Arc::clone(&name)));
                    sent.changes.push(MicroOp::Name {
                        dir: *dir,
                        name,
                        target: Some(*ino),
                    });
                }
                MicroOp::Released { ino } => {
                    let names = self.silly.remove(ino).unwrap_or_default();
                    let removed = |(dir, name)| MicroOp::Name {
                        dir,
                        name,
                        target: None,
                    };
                    sent.changes.extend(names.into_iter().map(removed));
                }
                other => sent.changes.push(other.clone()),
            }
        }
        Some(sent)
    }

    /// Whether a sync asks for a commit; a file's `fsync` does so once.
    pub(super) fn asks(&mut self, scope: Scope) -> bool {
        matches!(scope, Scope::File(ino) if self.asking.remove(&ino))
    }
}

/// The atoms from `fresh` on that are durable before the process hears of them, with all that must persist before.
pub(super) fn stable_on_reply(network: &Network, atoms: &[Atom], fresh: usize) -> AtomSet {
    let mut set = AtomSet::EMPTY;
    if network.namespace != Namespace::StableOnReply || network.async_export {
        return set;
    }
    for (position, atom) in atoms.iter().enumerate().skip(fresh) {
        if atom.held != Holder::Client {
            set = set.union(atom.before);
            set.insert(position);
        }
    }
    set
}

/// Marks data that a server has acknowledged without making it durable.
pub(super) fn acknowledge(atoms: &mut [Atom], set: AtomSet) {
    for position in set.iter() {
        if atoms[position].held == Holder::Client {
            atoms[position].held = Holder::Objects;
        }
    }
}

impl Cutter<'_> {
    /// The atoms of a change of content.
    pub(super) fn cut_remote(
        &self,
        network: &Network,
        kind: OpKind,
        changes: &[&MicroOp],
        atoms: &mut Vec<Atom>,
    ) {
        if kind != OpKind::Write {
            self.cut_remote_resize(changes, atoms);
            return;
        }
        for written in changes.iter().filter_map(|change| change.new_sectors()) {
            let ino = written.ino;
            let grown = changes.iter().find_map(|change| match change {
                MicroOp::Size { len, .. } => Some(*len),
                _ => None,
            });
            let is_long = grown.is_none() && !self.is_length_pending(ino);
            let volatile = self.volatile.file(ino).map_or(0, |content| content.len());
            let reach = |end: u64| MicroOp::Size {
                ino,
                len: grown.unwrap_or(volatile).min(end * SECTOR_BYTES),
                change: SizeChange::AtLeast,
            };
            let before = self.after_resizes(ino);
            let count = written.sectors.len() as u64;
            let with_data = self.profile.extend_exposes == Exposure::None && !is_long;
            for piece in self.striped(network, written.first, count) {
                let data = |&(start, end): &(u64, u64)| written.part(start..end);
                let mut changes: Vec<MicroOp> = piece.iter().map(data).collect();
                if with_data && let Some(&(_, end)) = piece.last() {
                    changes.push(reach(end));
                }
                atoms.push(self.atom(changes, before, false));
            }
            if !with_data && !is_long {
                // To the server's disk the length is a thing of its own: it may get ahead of the data.
                for end in page_ends(written.first, written.end()) {
                    atoms.push(self.atom(vec![reach(end)], before, false));
                }
            }
        }
    }

    /// Whether the length on the servers may be another than the process sees.
    fn is_length_pending(&self, ino: Ino) -> bool {
        let changes_length = |atom: &Atom| atom.touches_file(ino) && atom.has_size();
        self.pending.iter().any(changes_length)
    }

    /// What a write waits for: the lengths set before it, where freed blocks are not used again before that is durable.
    fn after_resizes(&self, ino: Ino) -> AtomSet {
        if self.profile.reuse_waits_for_commit {
            self.after(|atom| sets_length(atom, ino))
        } else {
            AtomSet::EMPTY
        }
    }

    /// The server sets lengths, and zeroes what it cuts off, before it replies.
    fn cut_remote_resize(&self, changes: &[&MicroOp], atoms: &mut Vec<Atom>) {
        let ino = changes.iter().find_map(|change| change.file());
        let before = match ino {
            Some(ino) if self.profile.same_file_meta_ordered => {
                self.after(|atom| sets_length(atom, ino))
            }
            _ => AtomSet::EMPTY,
        };
        // Not the rest of the last block as the client has it, which may hold what was not sent: the server zeroes its own.
        let is_its_own = |change: &&MicroOp| !matches!(change, MicroOp::Data { .. });
        let changes = changes.iter().copied().filter(is_its_own);
        let mut atom = self.atom(changes.cloned().collect(), before, false);
        atom.held = Holder::Objects;
        atoms.push(atom);
    }

    /// Cuts a run of sectors into pieces, each a list of runs on one target: by tear, and coarser where that gives too many.
    fn striped(&self, network: &Network, first: u64, count: u64) -> Vec<Vec<(u64, u64)>> {
        let unit = match self.profile.tear {
            Tear::None => u64::MAX,
            Tear::BlockPrefix | Tear::AnyBlocks => PAGE_SECTORS,
            Tear::SectorPrefix | Tear::AnySectors | Tear::Thirds => 1,
        };
        let stripe = network.stripe_bytes / SECTOR_BYTES;
        let end = first + count;
        let mut targets: Vec<Vec<(u64, u64)>> = vec![Vec::new(); network.stripe_count as usize];
        let mut start = first;
        while start < end {
            let units_end = (start / unit + 1).saturating_mul(unit);
            let stop = end.min((start / stripe + 1) * stripe).min(units_end);
            targets[network.target(start * SECTOR_BYTES) as usize].push((start, stop));
            start = stop;
        }
        targets.retain(|runs| !runs.is_empty());
        let of_target = (PIECES_MAX as usize).div_ceil(targets.len().max(1));
        let mut pieces = Vec::new();
        for runs in targets {
            let pieces_of_target = match self.profile.tear {
                Tear::None => 1,
                _ => of_target,
            };
            let size = runs.len().div_ceil(pieces_of_target);
            pieces.extend(runs.chunks(size).map(join));
        }
        pieces.sort_unstable();
        pieces
    }
}

/// Where the pages of a run of sectors end, in sectors: all of them, or even steps of many.
fn page_ends(first: u64, end: u64) -> impl Iterator<Item = u64> {
    let pages = (first / PAGE_SECTORS + 1)..=end.div_ceil(PAGE_SECTORS);
    let count = (pages.end() + 1).saturating_sub(*pages.start()) as usize;
    let step = count.div_ceil(PIECES_MAX as usize).max(1);
    let skipped = (count.max(1) - 1) % step;
    pages
        .skip(skipped)
        .step_by(step)
        .map(move |page| end.min(page * PAGE_SECTORS))
}

fn sets_length(atom: &Atom, ino: Ino) -> bool {
    atom.changes.iter().any(|change| {
        matches!(change, MicroOp::Size { ino: of, change: SizeChange::Set, .. } if *of == ino)
    })
}

/// Joins runs that touch.
fn join(runs: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for &(start, end) in runs {
        match joined.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => joined.push((start, end)),
        }
    }
    joined
}

impl Atom {
    /// The pages of the client that it changes. A length belongs to the page in which it ends.
    pub(super) fn pages(&self) -> impl Iterator<Item = (Ino, u64)> {
        let pages = |change: &MicroOp| match change {
            MicroOp::Data {
                ino,
                first,
                sectors,
            } => {
                let last = first + sectors.len().saturating_sub(1) as u64;
                Some((*ino, first / PAGE_SECTORS, last / PAGE_SECTORS))
            }
            MicroOp::Size { ino, len, .. } => {
                let page = len.saturating_sub(1) / (PAGE_SECTORS * SECTOR_BYTES);
                Some((*ino, page, page))
            }
            _ => None,
        };
        self.changes
            .iter()
            .filter_map(pages)
            .flat_map(|(ino, first, last)| (first..=last).map(move |page| (ino, page)))
    }

    /// Whether it changes data on an object target, or may.
    pub(super) fn is_on(&self, network: &Network, target: u64) -> bool {
        let bytes = PAGE_SECTORS * SECTOR_BYTES;
        self.pages()
            .any(|(_, page)| network.target(page * bytes) == target)
    }
}
