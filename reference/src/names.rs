//! Making names durable that were given before, also where `fsync` of a directory does nothing.

use std::io;
use std::path::Path;

use crate::fs::{FsOps, OpenOptions};

/// Creates a marker, syncs it and removes it. `marker` is a path that is free, in the directory that is meant.
///
/// The first `fsync` of a new file brings along what was done to names before it, on file systems whose directories have no `fsync` to
/// speak of (Lustre since 2.16). A file that was synced before it got its name is no longer new for that. Elsewhere this says nothing of
/// other names: the directory is synced besides.
///
/// What is left of the marker after a power loss is for the next open to remove, so its name is one of a temporary.
///
/// # Errors
/// What was tried, and why it failed. The marker may be there then.
pub(crate) fn commit_names(fs: &dyn FsOps, marker: &Path) -> Result<(), (&'static str, io::Error)> {
    let told = |op: &'static str| move |error| (op, error);
    let file = fs
        .open(marker, OpenOptions::read_write().create_new())
        .map_err(told("create"))?;
    file.sync_all().map_err(told("sync"))?;
    file.close().map_err(told("close"))?;
    fs.remove_file(marker).map_err(told("remove"))
}
