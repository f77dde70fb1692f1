//! The operations of a file system, as fault selectors and reports name them.

mod errnos;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An operation that a process asks of the file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpKind {
    /// Opening a file, creating it or not.
    Open,
    /// Reading at an offset.
    Read,
    /// Writing at an offset or at the end.
    Write,
    /// Cutting or extending a file.
    SetLen,
    /// Reserving space.
    Allocate,
    /// `fsync` of a file.
    SyncAll,
    /// `fdatasync` of a file.
    SyncData,
    /// `fsync` of a directory.
    SyncDir,
    /// Renaming.
    Rename,
    /// Making a second name.
    Link,
    /// Making a symbolic link.
    Symlink,
    /// Reading a symbolic link.
    ReadLink,
    /// Removing a name.
    Remove,
    /// Making a directory.
    CreateDir,
    /// Removing a directory.
    RemoveDir,
    /// Listing a directory.
    ReadDir,
    /// Describing a file.
    Stat,
    /// Locking a file.
    Lock,
    /// Closing a handle.
    Close,
}

impl OpKind {
    /// Every operation.
    pub const ALL: &'static [Self] = &[
        Self::Open,
        Self::Read,
        Self::Write,
        Self::SetLen,
        Self::Allocate,
        Self::SyncAll,
        Self::SyncData,
        Self::SyncDir,
        Self::Rename,
        Self::Link,
        Self::Symlink,
        Self::ReadLink,
        Self::Remove,
        Self::CreateDir,
        Self::RemoveDir,
        Self::ReadDir,
        Self::Stat,
        Self::Lock,
        Self::Close,
    ];

    /// The name in plans and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Read => "read",
            Self::Write => "write",
            Self::SetLen => "truncate",
            Self::Allocate => "fallocate",
            Self::SyncAll => "fsync",
            Self::SyncData => "fdatasync",
            Self::SyncDir => "fsyncdir",
            Self::Rename => "rename",
            Self::Link => "link",
            Self::Symlink => "symlink",
            Self::ReadLink => "readlink",
            Self::Remove => "unlink",
            Self::CreateDir => "mkdir",
            Self::RemoveDir => "rmdir",
            Self::ReadDir => "readdir",
            Self::Stat => "stat",
            Self::Lock => "lock",
            Self::Close => "close",
        }
    }

    /// Whether the operation can fail for want of space (`ENOSPC`, `EDQUOT` in the man pages of each).
    pub const fn may_need_space(self) -> bool {
        matches!(
            self,
            Self::Open
                | Self::Write
                | Self::SetLen
                | Self::Allocate
                | Self::SyncAll
                | Self::SyncData
                | Self::SyncDir
                | Self::Rename
                | Self::Link
                | Self::Symlink
                | Self::CreateDir
        )
    }

    /// Whether the operation leaves something changed, made durable or locked, which an error returned of it can belie.
    ///
    /// Closing does not count: the descriptor is gone whether or not `close(2)` reports an error.
    pub const fn has_effect(self) -> bool {
        !matches!(
            self,
            Self::Read | Self::ReadLink | Self::ReadDir | Self::Stat | Self::Close
        )
    }

    /// Whether the operation changes the disk whenever it succeeds, as opening, syncing and locking do not.
    pub const fn changes_disk(self) -> bool {
        matches!(
            self,
            Self::Write
                | Self::SetLen
                | Self::Allocate
                | Self::Rename
                | Self::Link
                | Self::Symlink
                | Self::Remove
                | Self::CreateDir
                | Self::RemoveDir
        )
    }

    /// Whether the operation is about a range of the bytes of a file.
    pub const fn has_range(self) -> bool {
        matches!(
            self,
            Self::Read | Self::Write | Self::SetLen | Self::Allocate
        )
    }

    /// Whether the operation may touch the object targets that files are spread over: it is about bytes of a file, or writes some back.
    pub const fn touches_object_targets(self) -> bool {
        self.has_range() || matches!(self, Self::SyncAll | Self::SyncData)
    }

    /// Whether the operation exists to make something durable.
    pub const fn is_sync(self) -> bool {
        matches!(self, Self::SyncAll | Self::SyncData | Self::SyncDir)
    }
}

impl fmt::Display for OpKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no operation.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not an operation")]
pub struct ParseOpKindError(String);

impl FromStr for OpKind {
    type Err = ParseOpKindError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| ParseOpKindError(text.to_owned()))
    }
}
