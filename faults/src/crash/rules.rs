//! What a profile says: which changes persist as one, in which order, and what a sync covers.

use std::ops::Range;

use super::atom::{Atom, Sort};
use super::atom_set::AtomSet;
use super::holder::Holder;
use super::pieces::{BLOCK_BYTES, PIECES_MAX};
use super::write::Written;
use crate::image::{Image, Ino};
use crate::log::{Entry, MicroOp, SizeChange};
use crate::op_kind::OpKind;
use crate::profile::{DirOrder, Exposure, Profile, ReplaceWaits};

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
        // Blocks are freed with the name that the file loses: of a rename the new one, which comes first.
        if let Some(lost) = atoms.first_mut() {
            let frees = operation
                .changes
                .iter()
                .filter(|change| matches!(change, MicroOp::Free { .. }));
            lost.changes.extend(frees.cloned());
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
            return atoms;
        }
        if operation.kind == OpKind::Allocate {
            self.cut_allocation(operation.range, &content, &mut atoms);
        }
        if operation.kind == OpKind::Write {
            self.cut_write(operation.range, &content, &mut atoms);
        } else {
            self.cut_resize(&content, &mut atoms);
        }
        atoms
    }

    pub(super) fn atom(&self, changes: Vec<MicroOp>, before: AtomSet, journalled: bool) -> Atom {
        Atom {
            sort: Sort::Change,
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
            if !atom.is_damage() && wanted(atom) {
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
                    !atom.marked_clean
                        && atom.touches_file(*source)
                        && (atom.has_size() || waits == ReplaceWaits::Data)
                }))
            }
            _ => set,
        })
    }

    fn cut_write(&self, range: Option<(u64, u64)>, changes: &[&MicroOp], atoms: &mut Vec<Atom>) {
        let start = range.map_or(0, |(offset, _)| offset);
        for change in changes {
            match change {
                MicroOp::Data { .. } => self.cut_data(&Written::of(change, range, true), atoms),
                MicroOp::Size {
                    ino,
                    len,
                    change: why,
                } => self.cut_size(*ino, start..*len, *why, atoms),
                _ => {}
            }
        }
    }

    /// The new length of a write of these bytes: in one step, or first to the end of the last allocated block and then on.
    fn cut_size(&self, ino: Ino, bytes: Range<u64>, why: SizeChange, atoms: &mut Vec<Atom>) {
        let len = bytes.end;
        let old = self.volatile.file(ino).map_or(0, |content| content.len());
        let allocated = old.div_ceil(BLOCK_BYTES) * BLOCK_BYTES;
        let at_once =
            self.has_journal() && self.profile.in_block_size_journalled && !self.is_late(ino);
        let mut late = AtomSet::EMPTY;
        let mut from = old;
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
            from = allocated;
        }
        for len in self.lengths(from, bytes) {
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

    /// The lengths that a file goes through on its way to a new one: the ends of the blocks that the write fills, if the profile says
    /// so, and the new one. The block with the old end is written too, as its rest is zeroed; a hole has no blocks. A large write
    /// goes in even steps, as its data does.
    fn lengths(&self, old: u64, bytes: Range<u64>) -> Vec<u64> {
        let mut lengths = Vec::new();
        if self.profile.size_grows_by_block {
            let end_of_old = old.next_multiple_of(BLOCK_BYTES);
            let first = old.max(bytes.start) / BLOCK_BYTES + 1;
            lengths
                .extend((first..bytes.end.div_ceil(BLOCK_BYTES)).map(|block| block * BLOCK_BYTES));
            let step = lengths.len().div_ceil(PIECES_MAX as usize).max(1);
            lengths = lengths.into_iter().step_by(step).collect();
            let is_first = lengths.first().is_none_or(|&first| end_of_old < first);
            if old < end_of_old && end_of_old < bytes.end && is_first {
                lengths.insert(0, end_of_old);
            }
        }
        lengths.push(bytes.end);
        lengths
    }

    /// Data of a range of a file that has not reached the disk: of earlier operations, and of this one.
    fn data_between(&self, ino: Ino, from: u64, to: u64, new: &[Atom]) -> AtomSet {
        let reaches = |atom: &Atom| !atom.marked_clean && atom.has_data_in(ino, from, to);
        let mut set = self.after(reaches);
        for (position, atom) in new.iter().enumerate() {
            if !atom.is_damage() && reaches(atom) {
                set = set.union(atom.before);
                set.insert(self.pending.len() + position);
            }
        }
        set
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
            before = before.union(
                self.after(|atom| !atom.marked_clean && atom.touches_file(ino) && atom.has_size()),
            );
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
                !atom.marked_clean
                    && atom.has_size()
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
            for &data in &data {
                self.cut_data(&Written::of(data, None, false), atoms);
            }
            let changes = rest
                .into_iter()
                .map(|change| self.cut_off(change))
                .collect();
            atoms.push(self.atom(changes, before, self.has_journal()));
        } else {
            // The cut itself zeroes, and the rest of the last block may be zeroed before it, as data.
            for &change in changes {
                if matches!(change, MicroOp::Data { .. }) {
                    self.cut_data(&Written::of(change, None, false), atoms);
                } else {
                    atoms.push(self.atom(vec![change.clone()], before, self.has_journal()));
                }
            }
        }
    }

    /// A cut as it commits: without the rest of the last block where that is zeroed late.
    fn cut_off(&self, change: &MicroOp) -> MicroOp {
        match change {
            MicroOp::Zero { ino, from } if self.profile.cut_zeroes_late => MicroOp::Zero {
                ino: *ino,
                from: from.next_multiple_of(BLOCK_BYTES),
            },
            other => other.clone(),
        }
    }
}
