//! What a profile says: which changes persist as one, in which order, and what a sync covers.

use std::sync::Arc;

use super::atom::{Atom, PIECES_MAX, pieces};
use super::atom_set::AtomSet;
use super::holder::Holder;
use crate::image::{Image, Ino, SECTOR, Sector};
use crate::log::{Entry, MicroOp, Scope, SizeChange};
use crate::op_kind::OpKind;
use crate::profile::{Cover, DirOrder, Exposure, Profile, ReplaceWaits, Tear};

/// Sectors in an allocation block.
const BLOCK_SECTORS: usize = BLOCK_BYTES as usize / SECTOR;

/// Bytes in an allocation block.
const BLOCK_BYTES: u64 = 4096;

/// Cuts the changes of one operation into atoms and orders them after the pending ones.
pub(super) struct Cutter<'a> {
    pub(super) profile: &'a Profile,
    /// What processes saw before the operation.
    pub(super) volatile: &'a Image,
    pub(super) pending: &'a [Atom],
    pub(super) entry: u32,
}

impl Cutter<'_> {
    /// The atoms of `operation`, in order.
    pub(super) fn cut(&self, operation: &Entry) -> Vec<Atom> {
        let mut atoms = Vec::new();
        let names: Vec<&MicroOp> = operation
            .changes
            .iter()
            .filter(|change| matches!(change, MicroOp::Name { .. }))
            .collect();
        if !names.is_empty() {
            self.cut_names(operation.kind, &names, &mut atoms);
        }
        let content: Vec<&MicroOp> = operation
            .changes
            .iter()
            .filter(|change| change.file().is_some())
            .collect();
        if content.is_empty() {
            return atoms;
        }
        if let Some(network) = &self.profile.network {
            self.cut_remote(network, operation.kind, &content, &mut atoms);
        } else if operation.kind == OpKind::Write {
            self.cut_write(&content, &mut atoms);
        } else {
            self.cut_resize(&content, &mut atoms);
        }
        atoms
    }

    pub(super) fn atom(&self, changes: Vec<MicroOp>, before: AtomSet, journalled: bool) -> Atom {
        Atom {
            held: Holder::of(&changes),
            changes,
            before,
            journalled,
            marked_clean: false,
            entry: self.entry,
        }
    }

    /// Every pending atom that `wanted` picks, with all that persists before it.
    pub(super) fn after(&self, wanted: impl Fn(&Atom) -> bool) -> AtomSet {
        let mut set = AtomSet::EMPTY;
        for (position, atom) in self.pending.iter().enumerate() {
            if wanted(atom) {
                set = set.union(atom.before);
                set.insert(position);
            }
        }
        set
    }

    fn has_journal(&self) -> bool {
        self.profile.dirop_order == DirOrder::Global
    }

    fn after_journal(&self) -> AtomSet {
        if self.has_journal() {
            self.after(|atom| atom.journalled)
        } else {
            AtomSet::EMPTY
        }
    }

    fn cut_names(&self, kind: OpKind, names: &[&MicroOp], atoms: &mut Vec<Atom>) {
        let before = match self.profile.dirop_order {
            DirOrder::None => AtomSet::EMPTY,
            DirOrder::PerDir => self.after(|atom| {
                names.iter().any(|name| match name {
                    MicroOp::Name { dir, .. } => atom.touches_dir(*dir),
                    _ => false,
                })
            }),
            DirOrder::Global => self.after_journal(),
        };
        let before = before.union(self.replace_waits(kind, names));
        if self.profile.dirop_atomic {
            let changes = names.iter().map(|&name| name.clone()).collect();
            atoms.push(self.atom(changes, before, self.has_journal()));
        } else {
            for &name in names {
                atoms.push(self.atom(vec![name.clone()], before, self.has_journal()));
            }
        }
    }

    /// What a rename over an existing file waits for.
    fn replace_waits(&self, kind: OpKind, names: &[&MicroOp]) -> AtomSet {
        let waits = self.profile.rename_replace_waits;
        if kind != OpKind::Rename || waits == ReplaceWaits::Nothing {
            return AtomSet::EMPTY;
        }
        names.iter().fold(AtomSet::EMPTY, |set, name| match name {
            MicroOp::Name {
                dir,
                name,
                target: Some(source),
            } if self
                .volatile
                .dir(*dir)
                .is_some_and(|entries| entries.contains_key(name)) =>
            {
                set.union(self.after(|atom| {
                    atom.touches_file(*source) && (atom.has_size() || waits == ReplaceWaits::Data)
                }))
            }
            _ => set,
        })
    }

    fn cut_write(&self, changes: &[&MicroOp], atoms: &mut Vec<Atom>) {
        for change in changes {
            match change {
                MicroOp::Data {
                    ino,
                    first,
                    sectors,
                } => self.cut_data(*ino, *first, sectors, atoms),
                MicroOp::Size {
                    ino,
                    len,
                    change: why,
                } => self.cut_size(*ino, *len, *why, atoms),
                _ => {}
            }
        }
    }

    fn cut_data(&self, ino: Ino, first: u64, sectors: &[Arc<Sector>], atoms: &mut Vec<Atom>) {
        let unit = match self.profile.tear {
            Tear::None => sectors.len(),
            Tear::BlockPrefix | Tear::AnyBlocks => BLOCK_SECTORS,
            Tear::SectorPrefix | Tear::AnySectors => 1,
        };
        if self.profile.tear == Tear::None {
            let data = MicroOp::Data {
                ino,
                first,
                sectors: sectors.to_vec(),
            };
            atoms.push(self.atom(vec![data], self.reused(ino, first), false));
            return;
        }
        let in_order = matches!(self.profile.tear, Tear::SectorPrefix | Tear::BlockPrefix);
        let start = atoms.len();
        for (first, piece) in pieces(ino, first, sectors, unit) {
            let mut before = self.reused(ino, first);
            if in_order {
                for earlier in start..atoms.len() {
                    before.insert(self.pending.len() + earlier);
                }
            }
            atoms.push(self.atom(vec![piece], before, false));
        }
    }

    /// The new length of a write: in one step, or first to the end of the last allocated block and then on.
    fn cut_size(&self, ino: Ino, len: u64, why: SizeChange, atoms: &mut Vec<Atom>) {
        let old = self.volatile.file(ino).map_or(0, |content| content.len());
        let allocated = old.div_ceil(BLOCK_BYTES) * BLOCK_BYTES;
        let at_once =
            self.has_journal() && self.profile.in_block_size_journalled && !self.is_late(ino);
        let mut late = AtomSet::EMPTY;
        if at_once && allocated > old {
            let before = self
                .size_waits(ino, SizeChange::InBlock, AtomSet::EMPTY)
                .union(self.after_journal());
            late = before;
            late.insert(self.pending.len() + atoms.len());
            let size = MicroOp::Size {
                ino,
                len: len.min(allocated),
                change: SizeChange::InBlock,
            };
            atoms.push(self.atom(vec![size], before, true));
            if len <= allocated {
                return;
            }
        }
        for len in self.lengths(old, len) {
            let data = self.data_between(ino, old, len, atoms);
            let before = self.size_waits(ino, why, data).union(late);
            late = before;
            late.insert(self.pending.len() + atoms.len());
            let size = MicroOp::Size {
                ino,
                len,
                change: why,
            };
            atoms.push(self.atom(vec![size], before, false));
        }
    }

    /// The lengths that a file goes through on its way to a new one: the ends of its blocks, if the profile says so, and the new one.
    /// A large write goes in even steps, as its data does. (A hole before the data counts as blocks: more is allowed than needed.)
    fn lengths(&self, old: u64, len: u64) -> Vec<u64> {
        let mut lengths = Vec::new();
        if self.profile.size_grows_by_block {
            let first = old / BLOCK_BYTES + 1;
            lengths.extend((first..len.div_ceil(BLOCK_BYTES)).map(|block| block * BLOCK_BYTES));
            let step = lengths.len().div_ceil(PIECES_MAX).max(1);
            lengths = lengths.into_iter().step_by(step).collect();
        }
        lengths.push(len);
        lengths
    }

    /// Data of a range of a file that has not reached the disk: of earlier operations, and of this one.
    fn data_between(&self, ino: Ino, from: u64, to: u64, new: &[Atom]) -> AtomSet {
        let reaches = |atom: &Atom| atom.has_data_in(ino, from, to);
        let mut set = self.after(reaches);
        for (position, atom) in new.iter().enumerate() {
            if reaches(atom) {
                set = set.union(atom.before);
                set.insert(self.pending.len() + position);
            }
        }
        set
    }

    /// Data in a block that a pending cut has freed goes into another block, which the file has only once the cut is committed:
    /// freed blocks are not used again before that.
    fn reused(&self, ino: Ino, first: u64) -> AtomSet {
        if !self.profile.truncate_atomic || !self.profile.reuse_waits_for_commit {
            return AtomSet::EMPTY;
        }
        let block = first / BLOCK_SECTORS as u64 * BLOCK_BYTES;
        self.after(|atom| {
            atom.changes.iter().any(|change| {
                matches!(change, MicroOp::Zero { ino: of, from } if *of == ino && *from <= block)
            })
        })
    }

    /// Whether blocks of a file may not be allocated yet: its length then waits for them
    /// (`ext4_da_should_update_i_disksize` refuses delayed buffers).
    fn is_late(&self, ino: Ino) -> bool {
        self.pending.iter().any(|atom| {
            atom.changes.iter().any(|change| {
                matches!(change, MicroOp::Size { ino: of, change: SizeChange::NewBlocks, .. } if *of == ino)
            })
        })
    }

    fn size_waits(&self, ino: Ino, why: SizeChange, data: AtomSet) -> AtomSet {
        let mut before = AtomSet::EMPTY;
        if self.profile.same_file_meta_ordered {
            before = before.union(self.after(|atom| atom.touches_file(ino) && atom.has_size()));
        }
        let waits_data = match self.profile.extend_exposes {
            Exposure::None => true,
            Exposure::Zeros | Exposure::Garbage => {
                why == SizeChange::NewBlocks && self.profile.size_after_new_block_data
            }
        };
        if waits_data {
            before = before.union(data);
        }
        before
    }

    fn cut_resize(&self, changes: &[&MicroOp], atoms: &mut Vec<Atom>) {
        let mut before = self.after_journal();
        if self.profile.same_file_meta_ordered {
            before = before.union(self.after(|atom| {
                atom.has_size()
                    && changes
                        .iter()
                        .filter_map(|change| change.file())
                        .any(|ino| atom.touches_file(ino))
            }));
        }
        if self.profile.truncate_atomic {
            let (data, rest): (Vec<&MicroOp>, Vec<&MicroOp>) = changes
                .iter()
                .partition(|change| matches!(change, MicroOp::Data { .. }));
            // The rest of the last block is zeroed as data, which may land before the new length is committed.
            self.cut_write(&data, atoms);
            let changes = rest.into_iter().cloned().collect();
            atoms.push(self.atom(changes, before, self.has_journal()));
        } else {
            // The cut itself zeroes.
            for &change in changes
                .iter()
                .filter(|change| !matches!(change, MicroOp::Data { .. }))
            {
                atoms.push(self.atom(vec![change.clone()], before, self.has_journal()));
            }
        }
    }
}

/// The pending atoms that a successful sync of `scope` makes durable. `asks` says whether it has the metadata server commit.
pub(super) fn forced(profile: &Profile, scope: Scope, asks: bool, pending: &[Atom]) -> AtomSet {
    let (covers, ino) = covers(profile, scope);
    let names_it = |atom: &Atom| atom.names().any(|(_, _, target)| target == Some(ino));
    // The sync of a file or directory waits for the transaction that changed it last; what came after may be in another.
    let changed = pending
        .iter()
        .rposition(|atom| atom.touches_file(ino) || names_it(atom) || atom.touches_dir(ino));
    let size_changed = pending
        .iter()
        .rposition(|atom| atom.touches_file(ino) && atom.has_size());
    let covered = |position: usize, atom: &Atom| {
        covers.iter().any(|cover| match cover {
            Cover::Data => atom.touches_file(ino) && atom.has_data(),
            Cover::Size => atom.touches_file(ino) && atom.has_size(),
            Cover::OwnNames => names_it(atom),
            Cover::Entries => atom.touches_dir(ino),
            Cover::PriorMetadata => changed.is_some_and(|last| position <= last) && atom.journalled,
            Cover::AllMetadata => changed.is_some() && atom.journalled,
            Cover::AllMetadataIfAsked => asks && atom.journalled,
            Cover::PriorMetadataIfSize => {
                size_changed.is_some_and(|last| position <= last) && atom.journalled
            }
        })
    };
    let mut set = AtomSet::EMPTY;
    for (position, atom) in pending.iter().enumerate() {
        if !atom.marked_clean && covered(position, atom) {
            if !profile.sync_escapes_order {
                set = set.union(atom.before);
            }
            set.insert(position);
        }
    }
    if profile.sync_escapes_order {
        with_paths(set, pending)
    } else {
        set
    }
}

/// What a sync of `scope` covers, and whose sync it is.
fn covers(profile: &Profile, scope: Scope) -> (&[Cover], Ino) {
    match scope {
        Scope::File(ino) => (&profile.fsync_covers, ino),
        Scope::FileData(ino) => (&profile.fdatasync_covers, ino),
        Scope::Dir(ino) => (&profile.fsync_dir_covers, ino),
        Scope::Close(ino) => match &profile.network {
            Some(network) => (&network.close_covers, ino),
            None => (&[], ino),
        },
    }
}

/// Adds what a log of a few inodes needs to be replayed: the names of the directories that lead to its names, and what became of
/// files that had one of these names before (they would be lost otherwise).
fn with_paths(mut set: AtomSet, pending: &[Atom]) -> AtomSet {
    loop {
        let mut grown = set;
        for position in set.iter() {
            for (dir, name, _) in pending[position].names() {
                for (earlier, atom) in pending[..position].iter().enumerate() {
                    let is_needed = atom.names().any(|(of, other, target)| {
                        target == Some(dir) || (of == dir && other == name)
                    });
                    if is_needed {
                        grown.insert(earlier);
                    }
                }
            }
        }
        if grown == set {
            return set;
        }
        set = grown;
    }
}

/// The first pending move between directories of which a sync of `scope` writes the new name alone.
pub(super) fn parted(profile: &Profile, scope: Scope, pending: &[Atom]) -> Option<usize> {
    let (covers, ino) = covers(profile, scope);
    if !profile.sync_escapes_order {
        return None;
    }
    pending.iter().position(|atom| {
        let mut names = atom.names();
        let mut removed = atom.names().filter(|(_, _, target)| target.is_none());
        let added = names.find(|(dir, _, target)| {
            (*target == Some(ino) && covers.contains(&Cover::OwnNames))
                || (target.is_some() && *dir == ino && covers.contains(&Cover::Entries))
        });
        added.is_some_and(|(to, _, _)| removed.any(|(from, _, _)| from != to))
    })
}
