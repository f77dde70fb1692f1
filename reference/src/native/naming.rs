//! Giving a finished file its name, durably, also where `fsync` of a directory does nothing.

use std::path::Path;

use crate::fs::{FsFile, FsOps, OpenOptions};

use super::directory::sync_dir;
use super::error::{StoreError, io_error};

/// Makes the bytes of a new file durable, moves it from `temp` to `path`, and makes that durable.
///
/// The file is synced twice. `fdatasync` makes its bytes durable before it has the name. `fsync` behind the rename is for file systems
/// whose directories have no `fsync` to speak of: Lustre since 2.16 answers that with success and commits nothing, and has its
/// metadata server commit only at the first `fsync` of a new file, with everything before it. Elsewhere it costs little, as the
/// journal that it forces is the one that the sync of the directory would force.
pub(super) fn publish(
    fs: &dyn FsOps,
    file: &dyn FsFile,
    temp: &Path,
    path: &Path,
    before_rename: impl FnOnce(),
) -> Result<(), StoreError> {
    file.sync_data().map_err(io_error("sync", temp))?;
    before_rename();
    fs.rename(temp, path).map_err(io_error("rename", temp))?;
    file.sync_all().map_err(io_error("sync", path))?;
    match path.parent() {
        Some(dir) => sync_dir(fs, dir),
        None => Ok(()),
    }
}

/// Makes names durable that an earlier life has given in `dir`. `marker` is a path in it that is free.
///
/// The first `fsync` of a new file brings along what was done before it, on file systems whose directories have no `fsync` to speak of.
pub(super) fn settle_names(fs: &dyn FsOps, dir: &Path, marker: &Path) -> Result<(), StoreError> {
    let file = fs
        .open(marker, OpenOptions::read_write().create_new())
        .map_err(io_error("create", marker))?;
    file.sync_all().map_err(io_error("sync", marker))?;
    file.close().map_err(io_error("close", marker))?;
    fs.remove_file(marker).map_err(io_error("remove", marker))?;
    sync_dir(fs, dir)
}
