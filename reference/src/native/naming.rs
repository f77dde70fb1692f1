//! Giving a finished file its name, durably, also where `fsync` of a directory does nothing.

use std::path::Path;

use crate::fs::{FsFile, FsOps, OpenOptions};

use super::directory::sync_dir;
use super::error::{StoreError, io_error};

/// Syncs a file once more, behind the rename that gave it its name.
///
/// This is for file systems whose directories have no `fsync` to speak of: Lustre since 2.16 answers that with success and commits
/// nothing, and has its metadata server commit only at the first `fsync` of a new file, with everything before it. (The sync before
/// the rename is an `fdatasync`, which leaves this one the first.) Elsewhere it costs little, as the journal that it forces is the one
/// that the sync of the directory would force.
///
/// # Errors
/// `Io`. It may be about the bytes, too: there are file systems that report a failure only at the next sync.
pub(super) fn confirm(file: &dyn FsFile, path: &Path) -> Result<(), StoreError> {
    file.sync_all().map_err(io_error("sync", path))
}

/// Makes the entries of the directory durable that a path is in.
pub(super) fn sync_parent(fs: &dyn FsOps, path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(dir) => sync_dir(fs, dir),
        None => Ok(()),
    }
}

/// Makes names durable that an earlier life has given in `dir`. `marker` is a path in it that is free.
///
/// The first `fsync` of a new file brings along what was done before it, on file systems whose directories have no `fsync` to speak of.
/// What is left of the marker after a power loss is a temporary, which the next open removes.
pub(super) fn settle_names(fs: &dyn FsOps, dir: &Path, marker: &Path) -> Result<(), StoreError> {
    sync_dir(fs, dir)?;
    let file = fs
        .open(marker, OpenOptions::read_write().create_new())
        .map_err(io_error("create", marker))?;
    file.sync_all().map_err(io_error("sync", marker))?;
    file.close().map_err(io_error("close", marker))?;
    fs.remove_file(marker).map_err(io_error("remove", marker))
}
