//! Disks that are full, and quotas that are used up.

use std::time::Duration;

use crate::errno::Errno;

/// When a limit is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Freed {
    /// From this operation on, counted from 1 over the whole run.
    Operation(u32),
    /// From this virtual time on.
    Time(Duration),
}

/// A limit on what the files of a disk may hold.
///
/// A write that crosses the limit stores what fits and returns how much that was; one of which nothing fits fails. Space comes back
/// when files are cut or lose their last name and handle.
///
/// **Not modelled**: space that directories take, blocks (space is counted in bytes), holes (a file takes its whole length), and
/// copy-on-write file systems that need space to overwrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Space {
    /// Bytes that all files together may hold.
    pub bytes: Option<u64>,
    /// Files and directories, besides the root, that there may be.
    pub inodes: Option<u64>,
    /// What is returned: `ENOSPC` or `EDQUOT`.
    pub errno: Errno,
    /// Whether what is freed can be used again only after the next successful sync, as where it stays reserved until a commit.
    pub reserved: bool,
    /// When the limit is lifted; never, without it.
    pub freed: Option<Freed>,
}

impl Space {
    /// So many bytes, for good.
    pub const fn of(bytes: u64) -> Self {
        Self {
            bytes: Some(bytes),
            inodes: None,
            errno: Errno::ENOSPC,
            reserved: false,
            freed: None,
        }
    }
}
