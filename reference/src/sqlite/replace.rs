//! Putting a finished file in the place of another.
//!
//! It is written beside its target, synced, renamed over it, and its name made durable. So there is a complete old file or a complete
//! new one under the target's name at every instant.

use std::path::{Path, PathBuf};

use crate::barrier::sync_surely;
use crate::fs::{FsFile, FsOps, OpenOptions, write_all_at};

use super::beside::suffixed;
use super::directory::settle_names;
use super::error::{StoreError, io_error};

/// Where the header of a database says how it is written and read ("The Database Header", SQLite's file format: bytes 18 and 19).
const VERSIONS_AT: u64 = 18;

/// How a database is logged, as its header says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// By a rollback journal, so that a reader needs nothing beside the file.
    Rollback,
    /// By a write-ahead log.
    Wal,
}

/// A finished database, whole and durable under a name that is not for keeps.
pub(super) struct Prepared {
    file: Box<dyn FsFile>,
    temporary: PathBuf,
}

impl Prepared {
    /// Creates an empty file of a name that nobody has, has `copy` make a database of it, and makes its bytes durable. After an error it
    /// is not there, as far as that could be done.
    pub(super) fn write(
        fs: &dyn FsOps,
        temporary: &Path,
        format: Format,
        copy: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let written = create(fs, temporary)
            .and_then(|()| copy())
            .and_then(|()| seal(fs, temporary, format));
        match written {
            Ok(file) => Ok(Self {
                file,
                temporary: temporary.to_path_buf(),
            }),
            Err(error) => {
                discard(fs, temporary);
                Err(error)
            }
        }
    }

    /// Gives it the name of its target, as [`install`] does.
    pub(super) fn install(self, fs: &dyn FsOps, target: &Path) -> Result<(), StoreError> {
        let installed = install(fs, self.file, &self.temporary, target);
        if installed.is_err() {
            discard(fs, &self.temporary);
        }
        installed
    }

    /// Removes it, as far as that can be done.
    pub(super) fn discard(self, fs: &dyn FsOps) {
        drop(self.file);
        discard(fs, &self.temporary);
    }
}

/// Creates an empty file of a name that nobody has.
fn create(fs: &dyn FsOps, temporary: &Path) -> Result<(), StoreError> {
    fs.open(temporary, OpenOptions::read_write().create_new())
        .and_then(FsFile::close)
        .map_err(io_error("create", temporary))
}

/// Says how a finished database is logged, and makes its bytes durable.
fn seal(fs: &dyn FsOps, temporary: &Path, format: Format) -> Result<Box<dyn FsFile>, StoreError> {
    let file = fs
        .open(temporary, OpenOptions::read_write())
        .map_err(io_error("open", temporary))?;
    let version = match format {
        Format::Rollback => 1,
        Format::Wal => 2,
    };
    write_all_at(&*file, &[version; 2], VERSIONS_AT).map_err(io_error("write", temporary))?;
    sync_surely(&*file).map_err(io_error("sync", temporary))?;
    Ok(file)
}

/// Gives a [surely synced](sync_surely) file the name of its target, and makes that durable.
///
/// Where the sync of a directory does nothing for names (Lustre since 2.16), a sync of the file does not either: it is no longer new, as SQLite
/// has synced it. That takes a marker, whose name is that of the temporary, which is free then.
pub(super) fn install(
    fs: &dyn FsOps,
    file: Box<dyn FsFile>,
    temporary: &Path,
    target: &Path,
) -> Result<(), StoreError> {
    fs.rename(temporary, target)
        .map_err(io_error("rename", temporary))?;
    settle_names(fs, temporary)?;
    file.close().map_err(io_error("close", target))
}

/// Removes a temporary that came to nothing, and what SQLite may have put beside it. Best effort: what stays is removed later.
pub(super) fn discard(fs: &dyn FsOps, temporary: &Path) {
    let _ = fs.remove_file(temporary);
    let _ = fs.remove_file(&suffixed(temporary, "-journal"));
}
