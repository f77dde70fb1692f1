//! The smallest group of changes that persists as one.

use super::atom_set::AtomSet;
use super::holder::Holder;
use crate::image::{Ino, Name, SECTOR};
use crate::log::{MicroOp, NewSectors, SizeChange};

/// What sort of thing an atom is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// What a process changed.
    Change,
    /// Allocated sectors that show what the disk held there before.
    Exposed,
    /// Data that was being written when the power failed. Of all pending writes at most one was. The last of what is before it is
    /// the data as it was to be.
    Interrupted,
    /// A freed block of a file, with the data of the place or file that got it.
    Reused,
}

/// Changes that reach the disk together or not at all.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    pub(super) sort: Sort,
    /// The changes, in the order in which they were made.
    pub(super) changes: Vec<MicroOp>,
    /// Everything that must persist before it, directly or not.
    pub(super) before: AtomSet,
    /// Whether the file system's journal orders it.
    pub(super) journalled: bool,
    /// Whether a failed sync has marked its data clean: no later sync writes it.
    pub(super) marked_clean: bool,
    /// Who has executed it.
    pub(super) held: Holder,
    /// The operation it belongs to, by position in the log.
    pub(super) entry: u32,
}

impl Atom {
    /// Whether it shows what no process wrote. A crash may bring it about; no sync does, and nothing waits for it.
    pub(super) fn is_damage(&self) -> bool {
        self.sort != Sort::Change
    }

    /// The position of the data whose write was interrupted.
    pub(super) fn interrupted(&self) -> Option<usize> {
        (self.sort == Sort::Interrupted).then(|| self.before.iter().last())?
    }

    /// Whether nothing of it is left.
    pub(super) fn is_spent(&self) -> bool {
        self.changes
            .iter()
            .all(|change| matches!(change, MicroOp::Free { .. }))
    }

    pub(super) fn touches_file(&self, ino: Ino) -> bool {
        self.changes.iter().any(|change| change.file() == Some(ino))
    }

    pub(super) fn has_names(&self) -> bool {
        self.changes
            .iter()
            .any(|change| matches!(change, MicroOp::Name { .. }))
    }

    pub(super) fn has_data(&self) -> bool {
        self.changes.iter().any(|change| {
            matches!(
                change,
                MicroOp::Data { .. } | MicroOp::Zero { .. } | MicroOp::Garbage { .. }
            )
        })
    }

    /// Whether it holds written data of a file in a range of bytes.
    pub(super) fn has_data_in(&self, file: Ino, from: u64, to: u64) -> bool {
        let mut written = self.changes.iter().filter_map(MicroOp::new_sectors);
        written.any(|new| {
            let (start, end) = new.bytes();
            new.ino == file && start < to && end > from
        })
    }

    /// Whether it shows garbage in a range of bytes of a file.
    pub(super) fn has_garbage_in(&self, file: Ino, from: u64, to: u64) -> bool {
        self.changes.iter().any(|change| match change {
            MicroOp::Garbage { ino, first, count } => {
                let start = first * SECTOR as u64;
                *ino == file && start < to && start + count * SECTOR as u64 > from
            }
            _ => false,
        })
    }

    /// Whether it holds data of a file in a range of bytes, or what shows there as long as that is not written.
    pub(super) fn fills(&self, file: Ino, from: u64, to: u64) -> bool {
        self.has_data_in(file, from, to) || self.has_garbage_in(file, from, to)
    }

    /// Whether it cuts off a file's data from this byte on, or from one before it.
    pub(super) fn cuts(&self, file: Ino, byte: u64) -> bool {
        self.changes.iter().any(
            |change| matches!(change, MicroOp::Zero { ino, from } if *ino == file && *from <= byte),
        )
    }

    pub(super) fn has_size(&self) -> bool {
        self.changes
            .iter()
            .any(|change| matches!(change, MicroOp::Size { .. }))
    }

    pub(super) fn touches_dir(&self, ino: Ino) -> bool {
        self.names().any(|(dir, _, _)| dir == ino)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (Ino, &Name, Option<Ino>)> {
        self.changes.iter().filter_map(|change| match change {
            MicroOp::Name { dir, name, target } => Some((*dir, name, *target)),
            _ => None,
        })
    }

    /// One line for a witness.
    pub(super) fn describe(&self) -> Vec<String> {
        self.changes
            .iter()
            .filter(|change| !matches!(change, MicroOp::Free { .. }))
            .map(|change| match change {
                MicroOp::Free { ino } => format!("inode {} is free", ino.0),
                MicroOp::Inode { ino, .. } => format!("inode {} comes into being", ino.0),
                MicroOp::Data {
                    ino,
                    first,
                    sectors,
                } => {
                    let (from, to) = NewSectors {
                        ino: *ino,
                        first: *first,
                        sectors,
                    }
                    .bytes();
                    if self.sort == Sort::Interrupted {
                        return format!("inode {}, bytes {from}..{to}: damaged by a write that the crash interrupted", ino.0);
                    }
                    if self.sort == Sort::Reused {
                        return format!("inode {}, bytes {from}..{to}: freed, and used again for this write", ino.0);
                    }
                    format!("data of inode {}, bytes {from}..{to}", ino.0)
                }
                MicroOp::Zero { ino, .. } => format!("cut-off data of inode {} is zeroed", ino.0),
                MicroOp::Garbage { ino, first, count } => {
                    let (from, to) = (first * SECTOR as u64, (first + count) * SECTOR as u64);
                    format!(
                        "inode {}, bytes {from}..{to}: allocated, not written, and showing what the disk held there before",
                        ino.0
                    )
                }
                MicroOp::Size {
                    ino,
                    len,
                    change: SizeChange::AtLeast,
                } => format!("length {len} or more of inode {}", ino.0),
                MicroOp::Size { ino, len, .. } => format!("length {len} of inode {}", ino.0),
                MicroOp::Evicted { ino, .. } => format!("unsent pages of inode {}", ino.0),
                MicroOp::Held { ino, .. } => format!("inode {} is open without a name", ino.0),
                MicroOp::Released { ino } => format!("inode {} is closed", ino.0),
                MicroOp::Name {
                    name,
                    target: Some(ino),
                    ..
                } => format!("name {name} -> inode {}", ino.0),
                MicroOp::Name {
                    name, target: None, ..
                } => format!("name {name} removed"),
            })
            .collect()
    }
}
