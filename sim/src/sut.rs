//! The system under test: what the harness asks of a store.

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_reference::fs::FsOps;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Ack;
use thiserror::Error;

use crate::command::Command;

/// Called with each key and value that a store holds.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) + 'a;

/// A store that can be opened on a host again and again.
///
/// An implementation is a recipe, not an open store: it holds options, never state that outlives a crash.
pub trait Sut: Send + Sync {
    /// A short name for reports, unique among the stores of a run.
    fn name(&self) -> &str;

    /// What the store promises beyond the levels of its acknowledgements.
    fn contract(&self) -> Contract;

    /// Opens the store, recovering from whatever a crash left, and creating it when there is nothing.
    ///
    /// # Errors
    /// Any reason why the store cannot serve. After a legal crash there is none.
    fn open(&self, host: &Host) -> Result<Box<dyn Instance>, OpenError>;

    /// Reads the canonical snapshot as an independent reader would: from the path alone, read-only, while the store may be at
    /// work on it. `Ok(false)` says that the path does not exist.
    ///
    /// # Errors
    /// The file is there and is not a complete image, or the file system failed.
    fn read_canonical(&self, _fs: &dyn FsOps, _visit: &mut Visit<'_>) -> Result<bool, String> {
        Ok(false)
    }

    /// Whether the store has the commands that fold, compact, copy and restore it ([`Command::Checkpoint`] to
    /// [`Command::Restore`]). Random workloads leave them out for one that has not.
    fn has_maintenance(&self) -> bool {
        false
    }

    /// Whether the store puts snapshots in place beside other steps ([`Command::SnapshotPlace`]).
    fn has_placing(&self) -> bool {
        false
    }

    /// Reads the copy in the place with this number ([`Command::Export`], [`Command::CompactTo`]) as an independent reader would.
    /// `Ok(false)` says that there is no file.
    ///
    /// # Errors
    /// The file is there and is not a complete copy, or the file system failed. A store without copies is never asked.
    fn read_copy(
        &self,
        _fs: &dyn FsOps,
        _place: u8,
        _visit: &mut Visit<'_>,
    ) -> Result<bool, String> {
        Err("this store has no copies".to_owned())
    }

    /// Counts the complete snapshots, old and new, that an independent reader would find. A store that keeps no old ones
    /// ([`Contract::snapshots_kept`]) is never asked.
    ///
    /// # Errors
    /// A snapshot is there and is not complete, or the file system failed.
    fn count_snapshots(&self, _fs: &dyn FsOps) -> Result<u32, String> {
        Ok(0)
    }
}

/// A promise that is not carried by acknowledgements.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contract {
    /// File name patterns (globs over whole paths, such as `data/*.tmp`) of temporaries that no successful open leaves behind.
    pub temporaries: Vec<String>,
    /// The path at which, once a first snapshot was acknowledged, a complete image is to be found at every instant.
    pub canonical: Option<PathBuf>,
    /// How many snapshots are kept, once as many were acknowledged; 0 and 1 promise nothing beyond `canonical`. A step that is not
    /// at its end may hold one of them less.
    pub snapshots_kept: u32,
    /// Whether a place to which the store copies never holds a part of a copy, also before the first one there is acknowledged. Once
    /// one was, that holds anyway.
    pub whole_copies: bool,
    /// The longest time that a write takes to be answered; none is no promise.
    pub writes_within: Option<Duration>,
}

/// An open store. Dropping it without [`close`](Instance::close) is what happens when a process ends without closing.
pub trait Instance {
    /// Performs one command and returns its acknowledgement. [`Command::Reopen`], [`Command::Kill`] and
    /// [`Command::OpenAnother`] never get here.
    ///
    /// [`Command::Advance`] gets here after virtual time has passed.
    ///
    /// # Errors
    /// The command was not acknowledged; [`CommandError::outcome`] says what is known of its effect.
    fn apply(&mut self, command: &Command) -> Result<Ack, CommandError>;

    /// Whether there is an open store to ask. One that is closed for a command need not be: out of space it may be that it cannot be
    /// opened again until there is room.
    fn is_open(&mut self) -> bool {
        true
    }

    /// Visits everything the store holds, through its public query API, in any order.
    ///
    /// # Errors
    /// The store could not be read in full.
    fn dump(&mut self, visit: &mut Visit<'_>) -> Result<(), String>;

    /// Closes the store; the acknowledgement says what everything acknowledged so far is now promised to survive.
    ///
    /// # Errors
    /// The store could not be closed cleanly; what was promised before still holds.
    fn close(self: Box<Self>) -> Result<Ack, CommandError>;
}

/// Why a store could not be opened.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct OpenError {
    /// What the store said.
    pub message: String,
}

/// What is known of the effect of a command that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It has none, now and after every recovery.
    Absent,
    /// It may have taken effect, or may do so after recovery.
    Unknown,
    /// The store has no such command; nothing was attempted.
    Unsupported,
}

/// A command that was not acknowledged.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{message}")]
pub struct CommandError {
    /// What is known of its effect.
    pub outcome: Outcome,
    /// What the store said.
    pub message: String,
}

impl CommandError {
    /// The command certainly had no effect.
    pub fn absent(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Absent,
            message: message.into(),
        }
    }

    /// The command may have had an effect.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self {
            outcome: Outcome::Unknown,
            message: message.into(),
        }
    }

    /// The store has no such command.
    pub fn unsupported() -> Self {
        Self {
            outcome: Outcome::Unsupported,
            message: "not supported".to_owned(),
        }
    }
}
