//! The op log: what was asked of the disk, as the smallest changes it can persist.

pub(crate) mod amid;
mod new_sectors;

use std::fmt;
use std::sync::Arc;

use crate::errno::Errno;
use crate::image::{Content, Ino, Name, Sector};
use crate::object_target::ObjectTarget;
use crate::op_kind::OpKind;

pub(crate) use new_sectors::NewSectors;

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

/// What an inode is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum InodeKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link with its target, which is part of the inode: no sync is for it alone.
    Symlink(Arc<str>),
}

/// The smallest change that a disk persists. Files and directories are meant by identity, never by path.
#[derive(Clone, Debug)]
pub enum MicroOp {
    /// A file, directory or symbolic link comes into being, without a name yet.
    Inode {
        /// The new identity.
        ino: Ino,
        /// What it is.
        kind: InodeKind,
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
    /// Sectors that the file did not hold show what the disk held there before. No process sees that and no log holds it: it is
    /// what a crash makes of space that was allocated and not written.
    Garbage {
        /// The file.
        ino: Ino,
        /// Index of the first sector.
        first: u64,
        /// Number of sectors.
        count: u64,
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
    /// The last name of a file is gone, nobody has it open, and its blocks are free.
    Free {
        /// The file.
        ino: Ino,
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
    /// A server, or each of them, evicts the client: what it had not sent there is gone.
    Evicted {
        /// The file.
        ino: Ino,
        /// What the file holds from now on.
        content: Arc<Content>,
        /// The object target that does it; all servers, without one.
        target: Option<ObjectTarget>,
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
            Self::Data { ino, .. }
            | Self::Garbage { ino, .. }
            | Self::Zero { ino, .. }
            | Self::Size { ino, .. } => Some(*ino),
            Self::Inode { .. }
            | Self::Free { .. }
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

impl Scope {
    /// The file or directory that it is about.
    pub const fn inode(self) -> Ino {
        match self {
            Self::File(ino) | Self::FileData(ino) | Self::Dir(ino) | Self::Close(ino) => ino,
        }
    }
}

/// How a sync ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyncEnd {
    /// It succeeded.
    Done,
    /// It reported an error: nothing became durable for certain, and the data it was to cover counts as clean although it is not
    /// (`fsync` failure model F1 of ext4 and xfs; Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020).
    Failed,
    /// The same, and any sectors of what it was to cover may have reached the disk.
    Torn,
    /// It reported an error and changed nothing: what it was to cover is still to be written.
    Retained,
    /// It reported an error, and no change and no sync gets through from then on.
    Frozen,
    /// It reported an error, and what it was to cover went back to what is on the disk. The changes of the entry say what processes
    /// see since.
    Reverted,
    /// It reported success and did nothing.
    Dropped,
    /// It reported success and did nothing, through no fault of the store: nobody is held to what was acknowledged on the strength
    /// of it, until a later sync has written it.
    Lied,
    /// The same, but the data counts as clean, and a later sync reports that it is not there.
    Hidden,
}

impl SyncEnd {
    /// Whether it did what it was asked for.
    pub const fn is_done(self) -> bool {
        matches!(self, Self::Done)
    }

    /// Whether it did not, and said so.
    pub const fn is_reported(self) -> bool {
        matches!(
            self,
            Self::Failed | Self::Torn | Self::Retained | Self::Frozen | Self::Reverted
        )
    }
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
    /// Offset and length of what was written, or zero and the length of a truncation. Of a sync that did not write everything, what
    /// it did not write; everything when there is none.
    pub range: Option<(u64, u64)>,
    /// The changes, in the order in which they were made.
    pub changes: Vec<MicroOp>,
    /// What it was to make durable, and how that ended.
    pub sync: Option<(Scope, SyncEnd)>,
    /// The error it returned, which may be one that came after the changes.
    pub error: Option<Errno>,
}

impl Entry {
    /// Whether a server threw the client out here, with what it had not sent.
    pub fn is_eviction(&self) -> bool {
        matches!(self.changes.as_slice(), [MicroOp::Evicted { .. }])
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [MicroOp::Evicted { target, .. }] = self.changes.as_slice() {
            write!(f, "eviction: unsent pages of {}", self.path)?;
            if let Some(target) = target {
                write!(f, " on target {target}")?;
            }
            return f.write_str(" are discarded");
        }
        write!(f, "{} {}", self.kind, self.path)?;
        if let Some(second) = &self.second {
            write!(f, " {second}")?;
        }
        match (self.kind, self.range) {
            (kind, Some((offset, len)))
                if kind.is_sync() || matches!(kind, OpKind::Write | OpKind::Allocate) =>
            {
                write!(f, " {offset}..{}", offset + len)?;
            }
            (_, Some((_, len))) => write!(f, " {len}")?,
            (_, None) => {}
        }
        match (self.error, self.sync) {
            (Some(errno), Some((_, SyncEnd::Done))) => {
                write!(f, "  -> {errno}, but it took effect")
            }
            (Some(errno), Some((_, end))) if end.is_reported() => {
                write!(f, "  -> {errno}{}", aftermath(end))
            }
            (None, Some((_, end))) if end.is_reported() => {
                write!(f, "  -> not written{}", aftermath(end))
            }
            (Some(errno), _) if !self.changes.is_empty() => {
                write!(f, "  -> {errno}, but it took effect")
            }
            (Some(errno), _) => write!(f, "  -> {errno}"),
            (None, Some((_, SyncEnd::Dropped | SyncEnd::Lied | SyncEnd::Hidden))) => {
                f.write_str("  -> ok, but nothing was synced")
            }
            _ => Ok(()),
        }
    }
}

/// What a trace says of the pages that a sync did not write.
const fn aftermath(end: SyncEnd) -> &'static str {
    match end {
        SyncEnd::Retained => ", still to be written",
        SyncEnd::Frozen => ", and the file system is shut down",
        SyncEnd::Reverted => ", and what was written since the last sync is gone",
        // What ext4 and xfs do needs no word: it is what an error of a sync means.
        _ => "",
    }
}
