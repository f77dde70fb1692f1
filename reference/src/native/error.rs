//! What can go wrong in a store, and what is then known of the command.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// What is known of the effect of a command that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It has none, now and after every recovery.
    Absent,
    /// It may appear after recovery, whole or not at all. It is not visible in the store that failed.
    Unknown,
}

/// Why a store could not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused. A commit that fails so poisons the store; a snapshot that fails so does not.
    #[error("{op} `{}`: the file system failed; mend it, then reopen the store", path.display())]
    Io {
        /// The operation.
        op: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// A file of the store is damaged where no crash can have damaged it.
    #[error("`{}` is damaged at byte {offset}: {reason}; restore the file from a copy", path.display())]
    Corrupted {
        /// The file.
        path: PathBuf,
        /// Where, in bytes from its start.
        offset: u64,
        /// What is wrong there.
        reason: &'static str,
    },
    /// A file has the name of one of ours and is not ours.
    #[error("`{}` was not written by this store; move it away, or choose another directory", path.display())]
    ForeignFile {
        /// The file.
        path: PathBuf,
    },
    /// A file was written by a later version of the store.
    #[error("`{}` has format version {found}, and {supported} is the highest known; open it with a newer store", path.display())]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Its format version.
        found: u32,
        /// The highest version that can be read.
        supported: u32,
    },
    /// Records between the snapshot and the log, or between two segments, are nowhere.
    #[error("records {from} to {to} are missing before `{}`; restore the snapshot or the segments that held them", path.display())]
    Missing {
        /// The segment before which they are missing.
        path: PathBuf,
        /// The first sequence number missing.
        from: u64,
        /// The last sequence number missing.
        to: u64,
    },
    /// The snapshot says that the log reached a segment, and the log directory has none so new.
    #[error("the log in `{}` has no segment {number}, which the snapshot refers to; restore or mount the directory", path.display())]
    LogMissing {
        /// The log directory.
        path: PathBuf,
        /// The number of the segment.
        number: u64,
    },
    /// There is no store, and the options do not allow to create one.
    #[error("no store in `{}`; create one with `CreatePolicy::CreateIfAbsent`", path.display())]
    NotFound {
        /// The base directory.
        path: PathBuf,
    },
    /// Another store has the directory open.
    #[error("`{}` is locked: the store is open elsewhere; close it there first", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// An earlier write or sync failed, so that nothing more can be promised.
    #[error("the store takes no more writes since an earlier failure ({cause}); reopen it")]
    Poisoned {
        /// The earlier failure.
        cause: String,
    },
    /// The log failed while it took this commit together with others.
    #[error("the log failed ({cause}); mend the file system, then reopen the store")]
    GroupFailed {
        /// What failed.
        cause: String,
    },
    /// A key, value or batch beyond the limits of the format.
    #[error("{what} is {size} and may be at most {max}; split it")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large it is.
        size: u64,
        /// How large it may be.
        max: u64,
    },
    /// The options contradict themselves or the store.
    #[error("option `{option}`: {reason}")]
    InvalidOption {
        /// The option.
        option: &'static str,
        /// What is wrong with it and what is right.
        reason: &'static str,
    },
    /// A copy was to be written where the store has files of its own, or where no file can be.
    #[error("no copy can be written to `{}`: {reason}; choose another place", path.display())]
    BadDestination {
        /// The place.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Another copy is being written to the same place.
    #[error("`{}` is being written by another copy; wait for that", path.display())]
    DestinationBusy {
        /// The temporary of the other copy.
        path: PathBuf,
    },
    /// A copy could not be read, or could not be put in the place of the snapshot. The store is what it was.
    #[error("nothing was restored from `{}`", path.display())]
    NotRestored {
        /// The copy.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<StoreError>,
    },
    /// A copy is not what it was a moment ago, when it was found intact.
    #[error("`{}` changed while it was read; restore from a copy that nobody writes to", path.display())]
    CopyChanged {
        /// The copy.
        path: PathBuf,
    },
    /// A copy is in place, durably, and could not be read back into memory.
    #[error("`{}` is restored and cannot be read; reopen the store", path.display())]
    RestoredUnread {
        /// The snapshot that the copy has become.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<StoreError>,
    },
    /// There is nothing at the path of a copy.
    #[error("there is no copy at `{}`", path.display())]
    NoCopy {
        /// The path.
        path: PathBuf,
    },
    /// A snapshot is being put in place without the store, so that no other can be.
    #[error("a snapshot is being put in place at `{}`; wait for that", path.display())]
    SnapshotBusy {
        /// The snapshot.
        path: PathBuf,
    },
    /// A snapshot job was handed to a store that did not begin it.
    #[error("the snapshot job belongs to another store; finish it where it was begun")]
    ForeignJob,
}

impl StoreError {
    /// What is known of the effect of the command that failed with this error.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotFound { .. }
            | Self::Locked { .. }
            | Self::Poisoned { .. }
            | Self::TooLarge { .. }
            | Self::InvalidOption { .. }
            | Self::BadDestination { .. }
            | Self::DestinationBusy { .. }
            | Self::NotRestored { .. }
            | Self::NoCopy { .. }
            | Self::SnapshotBusy { .. }
            | Self::ForeignJob => Outcome::Absent,
            _ => Outcome::Unknown,
        }
    }
}

/// Names the operation and path of a failed call, for `map_err`.
pub(super) fn io_error<'a>(
    op: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> StoreError + 'a {
    move |source| StoreError::Io {
        op,
        path: path.to_path_buf(),
        source,
    }
}
