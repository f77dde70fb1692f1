//! How `fsync` fails: what it returns, what becomes of the pages, and who learns of the error.
//!
//! The models are those of Rebello et al., "Can Applications Recover from fsync Failures?" (ATC 2020), and of file systems that the
//! paper does not cover. Which one a file system has is a parameter of its [profile](crate::profile::Profile); a fault can name
//! another.
//!
//! A directory has no pages. What a failed sync of one was to commit is names, which a file system keeps until its journal takes them,
//! or else shuts down: under [F9](FsyncFailure::F9) it does, under [F6](FsyncFailure::F6) the sync succeeds falsely, and under every
//! other model it fails, the names stay to be committed, any of them may reach the disk meanwhile, and a sync that succeeds later has
//! committed them. So whoever acknowledges without one is wrong, and a retry that succeeds tells the truth.
//!
//! **Not modelled**: names that count as committed after a failed sync of their directory and are not, as on a file system without a
//! journal; a sync of a directory whose failure only the next one reports; a failed write-back that no sync asked for, pages that leave memory by themselves, a failed write to a handle
//! opened for synchronous writing.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::errno::Errno;

/// What the call that meets the failure returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// The error.
    Fails,
    /// Success; the next sync of the file returns the error, and writes nothing.
    NextFails,
    /// Success, and nobody ever learns better.
    Succeeds,
}

/// What becomes of pages that could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pages {
    /// They keep their content and count as written: a retry finds nothing to do and succeeds. Any part of them, as the profile
    /// tears it, may have reached the disk. A length that waits for such a page counts as written with it.
    Clean,
    /// The same, and whatever the profile says of tears, any sectors may have reached the disk.
    Torn,
    /// They stay dirty: a retry writes them.
    Dirty,
    /// They are as they were at the last sync, on the disk and in memory, and so is the length that writes had given the file. Where
    /// a process goes on writing does not change.
    Reverted,
    /// Those that took new space are zeros from now on, and the length stays; those that were overwritten stay dirty.
    Unallocated,
    /// They stay dirty and are never written: the whole file system refuses changes with `EROFS` and syncs with `EIO` from now on.
    /// What is in memory can be read.
    Frozen,
}

/// Who learns of a failure beside the caller that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorReport {
    /// Every handle that was open, at its next sync, once. When nobody was told yet, the first who opens the file later, too
    /// (`errseq_t` of Linux since 4.13, and 4.16 for later openers).
    PerFdOnce,
    /// Whoever syncs the file first; after that it is forgotten.
    OnceGlobal,
    /// Every sync of the file, until all pages that failed were written again.
    Sticky,
}

impl ErrorReport {
    /// Every way.
    pub const ALL: &'static [Self] = &[Self::PerFdOnce, Self::OnceGlobal, Self::Sticky];
}

macro_rules! models {
    ($($name:ident $call:ident $pages:ident $report:expr, $errno:ident, $doc:literal;)*) => {
        /// A failure model of `fsync`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        pub enum FsyncFailure {
            $(#[doc = $doc] $name,)*
        }

        impl FsyncFailure {
            /// Every model.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name, such as `F1`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// What the model is, in one sentence.
            pub const fn claim(self) -> &'static str {
                match self { $(Self::$name => $doc,)* }
            }

            /// What the call returns.
            pub const fn call(self) -> Call {
                match self { $(Self::$name => Call::$call,)* }
            }

            /// What becomes of the pages.
            pub const fn pages(self) -> Pages {
                match self { $(Self::$name => Pages::$pages,)* }
            }

            /// Who else learns of it, where the model says so and not the file system.
            pub const fn report(self) -> Option<ErrorReport> {
                match self { $(Self::$name => $report,)* }
            }

            /// The error that is usual for it.
            pub const fn errno(self) -> Errno {
                match self { $(Self::$name => Errno::$errno,)* }
            }
        }
    };
}

models! {
    F1 Fails Clean None, EIO, "The error comes once, and pages that were not written count as clean (ext4, xfs).";
    F2 NextFails Clean None, EIO, "This sync succeeds, and the next one reports the error and writes nothing (ext4 with data=journal).";
    F3 Fails Reverted None, EIO, "The file goes back to what it was at the last sync, in memory too (btrfs).";
    F4 Fails Dirty None, EIO, "The pages stay dirty, so that a retry writes them (FreeBSD, ZFS).";
    F5 Fails Clean Some(ErrorReport::OnceGlobal), EIO, "As F1, but only the first caller is told (Linux before 4.13).";
    F6 Succeeds Dirty None, EIO, "The sync succeeds and makes nothing durable: a disk that lies once.";
    F7 Fails Torn None, EIO, "As F1, but any sectors may have reached the disk (drives, several object targets).";
    F8 Fails Reverted Some(ErrorReport::OnceGlobal), EIO, "The dirty pages are thrown away and the error comes once, to one caller (an evicted Lustre client).";
    F9 Fails Frozen None, EIO, "The file system shuts down: no change and no sync from then on (xfs after a log error, ext4 with errors=remount-ro).";
    F10 Fails Dirty None, EINTR, "The sync is interrupted after unknown progress, and a retry writes the rest (FUSE, NFS).";
    F11 Fails Unallocated None, ENOSPC, "There is no space for pages whose write was accepted: they become zeros (delayed allocation, NFS, thin volumes).";
}

impl FsyncFailure {
    /// Whether a process is told that the data is durable when it is not: no store can know, and none is blamed.
    pub const fn deceives(self) -> bool {
        !matches!(self.call(), Call::Fails)
    }

    /// Whether nothing tells a process of the failure, ever: the call succeeds, reads show what was written, and no later call on any
    /// handle returns an error. Only a power loss brings it to light.
    pub const fn is_unknowable(self) -> bool {
        matches!(self.call(), Call::Succeeds)
    }
}

impl fmt::Display for FsyncFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no failure model.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no failure model of fsync; they are F1 to F11")]
pub struct ParseFsyncFailureError(String);

impl FromStr for FsyncFailure {
    type Err = ParseFsyncFailureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|model| model.name() == text)
            .ok_or_else(|| ParseFsyncFailureError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_parses_back_and_is_the_next_number() {
        for (index, &model) in FsyncFailure::ALL.iter().enumerate() {
            assert_eq!(model.name(), format!("F{}", index + 1));
            assert_eq!(model.name().parse(), Ok(model));
        }
    }
}
