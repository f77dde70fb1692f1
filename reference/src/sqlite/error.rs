//! What can go wrong in a store, and what is then known of the command.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ffi::ErrorCode;
use thiserror::Error;

use crate::error_text::with_causes;

pub use crate::native::Outcome;

/// Why a store could not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused.
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
    /// SQLite could not do it. A commit that fails so poisons the store; reads, snapshots and exports that fail so do not.
    #[error("{op} `{}`: SQLite failed{}; mend the cause, then reopen the store", path.display(), cause(os))]
    Sqlite {
        /// The operation.
        op: &'static str,
        /// The database.
        path: PathBuf,
        /// The last error of the operating system in this life of the store, if there was one.
        os: Option<io::Error>,
        /// What is known of the effect.
        outcome: Outcome,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// A database is damaged.
    #[error("`{}` is damaged: {reason}; restore it from a copy", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is no database of this store.
    #[error("`{}` was not written by this store; move it away, or choose another path", path.display())]
    ForeignFile {
        /// The file.
        path: PathBuf,
    },
    /// A database was written by a later version of the store.
    #[error("`{}` has format version {found}, and {supported} is the highest known; open it with a newer store", path.display())]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Its format version.
        found: i64,
        /// The highest version that can be read.
        supported: i64,
    },
    /// There is no database, but something beside it says that there was one. An empty one in its place would hide that.
    #[error("`{}` is missing, and `{}` says that it was there; put the database back, or move that file away", path.display(), sibling.display())]
    Orphaned {
        /// The database.
        path: PathBuf,
        /// What says that it was there.
        sibling: PathBuf,
    },
    /// There is no database, and the options do not allow to create one.
    #[error("no database at `{}`; create one with `CreatePolicy::CreateIfAbsent`", path.display())]
    NotFound {
        /// The database.
        path: PathBuf,
    },
    /// Another store has the file.
    #[error("`{}` is locked: it is in use elsewhere; close it there first", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// An earlier commit failed, so that nothing more can be promised.
    #[error("the store takes no more writes since an earlier failure ({cause}); reopen it")]
    Poisoned {
        /// The earlier failure.
        cause: String,
    },
    /// A key, value or batch beyond the limits.
    #[error("{what} is {size} and may be at most {max}; split it")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large it is.
        size: u64,
        /// How large it may be.
        max: u64,
    },
    /// The options contradict themselves, or the command needs one that is not set.
    #[error("option `{option}`: {reason}")]
    InvalidOption {
        /// The option.
        option: &'static str,
        /// What is wrong with it and what is right.
        reason: &'static str,
    },
    /// A snapshot is being put in place without the store, so that no other can be.
    #[error("a snapshot is being put in place at `{}`; wait for that", path.display())]
    SnapshotBusy {
        /// The snapshot.
        path: PathBuf,
    },
    /// The store of a snapshot is gone.
    #[error(
        "the store of the snapshot is closed, so that nothing was put in place; finish a snapshot first"
    )]
    StoreGone,
    /// A snapshot was handed to a store that did not begin it.
    #[error("the snapshot belongs to another store; finish it where it was begun")]
    ForeignJob,
    /// A copy was to be written over a file of the open store.
    #[error("`{}` belongs to the open store; choose another path", path.display())]
    LiveFile {
        /// The destination.
        path: PathBuf,
    },
}

impl StoreError {
    /// What is known of the effect of the command that failed with this error.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Io { .. } => Outcome::Unknown,
            Self::Sqlite { outcome, .. } => *outcome,
            _ => Outcome::Absent,
        }
    }

    /// Whether SQLite may show a commit that failed so. It makes one that counts visible before the last step that makes it durable; a
    /// full disk it meets earlier.
    pub(super) fn leaves_doubt(&self) -> bool {
        let code = match self {
            Self::Sqlite { source, .. } => source.sqlite_error_code(),
            _ => None,
        };
        self.outcome() == Outcome::Unknown && code == Some(ErrorCode::SystemIoFailure)
    }

    /// Adds what the operating system said last, where SQLite does not pass that on.
    pub(super) fn with_os(mut self, last: Option<io::Error>) -> Self {
        if let Self::Sqlite { os: os @ None, .. } = &mut self {
            *os = last;
        }
        self
    }

    /// The error with its causes, on one line.
    pub(super) fn text(&self) -> String {
        with_causes(self)
    }
}

fn cause(os: &Option<io::Error>) -> String {
    match os {
        Some(error) => format!(" (the operating system said last: {error})"),
        None => String::new(),
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

/// What a database says that cannot be read as one: that it is damaged, that it is none, or that something failed.
pub(super) fn unreadable(
    path: &Path,
    os: Option<io::Error>,
    source: rusqlite::Error,
) -> StoreError {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => StoreError::ForeignFile {
            path: path.to_path_buf(),
        },
        Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
            path: path.to_path_buf(),
            reason: source.to_string(),
        },
        _ => StoreError::Sqlite {
            op: "open",
            path: path.to_path_buf(),
            os,
            outcome: Outcome::Absent,
            source,
        },
    }
}
