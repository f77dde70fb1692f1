//! The op log: what was asked of the disk, as the smallest changes it can persist.

use std::fmt;
use std::sync::Arc;

use crate::errno::Errno;
use crate::image::{Content, Ino, Name, Sector};
use crate::op_kind::OpKind;

/// How a file came to its new length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SizeChange {
    /// A write went past the end, into blocks that had to be allocated.
    NewBlocks,
    /// A write went past the end but stayed inside the last allocated block.
    InBlock,
    /// The length was set.
    Set,
    /// A server has data up to there: a longer file stays as long as it is.
    AtLeast,
}

impl SizeChange {
    /// What becomes of a length.
    pub const fn applied(self, old: u64, new: u64) -> u64 {
        match self {
            Self::AtLeast if old > new => old,
            _ => new,
        }
    }
}

/// The smallest change that a disk persists. Files and directories are meant by identity, never by path.
#[derive(Clone, Debug)]
pub enum MicroOp {
    /// A file or directory comes into being, without a name yet.
    Inode {
        /// The new identity.
        ino: Ino,
        /// Whether it is a directory.
        is_dir: bool,
    },
    /// Sectors get new content. Each holds the whole sector as the page cache has it, so a later version of a sector carries
    /// every earlier write to it.
    Data {
        /// The file.
        ino: Ino,
        /// Index of the first sector.
        first: u64,
        /// The sectors from there on.
        sectors: Vec<Arc<Sector>>,
    },
    /// Every byte from an offset on becomes zero.
    Zero {
        /// The file.
        ino: Ino,
        /// The first byte.
        from: u64,
    },
    /// The length changes; the content does not.
    Size {
        /// The file.
        ino: Ino,
        /// The new length.
        len: u64,
        /// Why.
        change: SizeChange,
    },
    /// A directory entry is set or removed.
    Name {
        /// The directory.
        dir: Ino,
        /// The name.
        name: Name,
        /// What it refers to from now on; nothing when it is removed.
        target: Option<Ino>,
    },
    /// A file loses a name in this directory while it is open: an NFS client gives it another until it is closed.
    Held {
        /// The file.
        ino: Ino,
        /// The directory.
        dir: Ino,
    },
    /// A server evicts the client: from now on the file holds what the servers have. Changes that it had not sent are gone.
    Evicted {
        /// The file.
        ino: Ino,
        /// What the servers have.
        content: Arc<Content>,
    },
    /// The last handle on such a file is closed.
    Released {
        /// The file.
        ino: Ino,
    },
}

impl MicroOp {
    /// The file whose content or length changes, if one does.
    pub const fn file(&self) -> Option<Ino> {
        match self {
            Self::Data { ino, .. } | Self::Zero { ino, .. } | Self::Size { ino, .. } => Some(*ino),
            Self::Inode { .. }
            | Self::Name { .. }
            | Self::Evicted { .. }
            | Self::Held { .. }
            | Self::Released { .. } => None,
        }
    }
}

/// What a sync was asked to make durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `fsync` of a file.
    File(Ino),
    /// `fdatasync` of a file.
    FileData(Ino),
    /// `fsync` of a directory.
    Dir(Ino),
    /// `close` of a handle open for writing.
    Close(Ino),
}

/// How a sync ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyncEnd {
    /// It succeeded.
    Done,
    /// It reported an error: nothing became durable for certain, and the data it was to cover counts as clean although it is not
    /// (`fsync` failure model F1 of ext4 and xfs; Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
    Failed,
    /// It reported success and did nothing.
    Dropped,
}

/// One operation that changed the disk, was to make something durable, or failed.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The operation.
    pub kind: OpKind,
    /// The path it was given, or that its handle was opened by.
    pub path: Arc<str>,
    /// The second path of a rename or link.
    pub second: Option<Arc<str>>,
    /// Offset and length of what was written, or zero and the length of a truncation.
    pub range: Option<(u64, u64)>,
    /// The changes, in the order in which they were made.
    pub changes: Vec<MicroOp>,
    /// What it was to make durable, and how that ended.
    pub sync: Option<(Scope, SyncEnd)>,
    /// The error it returned, which may be one that came after the changes.
    pub error: Option<Errno>,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [MicroOp::Evicted { .. }] = self.changes.as_slice() {
            return write!(f, "eviction: unsent pages of {} are discarded", self.path);
        }
        write!(f, "{} {}", self.kind, self.path)?;
        if let Some(second) = &self.second {
            write!(f, " {second}")?;
        }
        match (self.kind, self.range) {
            (OpKind::Write | OpKind::Allocate, Some((offset, len))) => {
                write!(f, " {offset}..{}", offset + len)?;
            }
            (_, Some((_, len))) => write!(f, " {len}")?,
            (_, None) => {}
        }
        match (self.error, self.sync) {
            (Some(errno), Some((_, SyncEnd::Done))) => {
                write!(f, "  -> {errno}, but it took effect")
            }
            (Some(errno), _) if !self.changes.is_empty() => {
                write!(f, "  -> {errno}, but it took effect")
            }
            (Some(errno), _) => write!(f, "  -> {errno}"),
            (None, Some((_, SyncEnd::Dropped))) => f.write_str("  -> ok, but nothing was synced"),
            _ => Ok(()),
        }
    }
}
