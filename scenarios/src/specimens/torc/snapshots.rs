//! Snapshots of the database, from the request to the answer.

use std::path::Path;

use plimsoll_reference::fs::FsOps;
use rusqlite::Connection;

use super::bug::Bug;
use super::error::Error;
use super::rotation::Rotation;

/// Writes a snapshot, gives it its name, and returns when it may be acknowledged.
pub(super) fn take(connection: &Connection, rotation: &Rotation<'_>) -> Result<(), Error> {
    let fs = rotation.fs;
    if rotation.mends.has(Bug::H12) {
        create_parent(rotation)?;
    }
    if rotation.mends.has(Bug::R14) {
        // An attempt that failed may have given names that are not durable. The file that had them is lost when its blocks are written
        // again, and a power loss still brings it back (ext4 with data=writeback).
        rotation.sync_names()?;
    }
    let temporary = rotation.temporary();
    let discard = || {
        let _ = fs.remove_file(&temporary);
    };
    discard();
    let path = temporary.to_string_lossy();
    if let Err(error) = connection.execute("VACUUM INTO ?1", (&*path,)) {
        discard();
        return Err(error.into());
    }
    if let Err(error) = rotation.promote() {
        discard();
        return Err(error.into());
    }
    if rotation.mends.has(Bug::R14) {
        rotation.sync_names()?;
    }
    Ok(())
}

/// Makes the directory of the snapshots, whose name has to be durable before anything in it is.
fn create_parent(rotation: &Rotation<'_>) -> Result<(), Error> {
    let parent = Path::new(rotation.options.snapshot)
        .parent()
        .unwrap_or(Path::new(""));
    if parent == Path::new("") {
        return Ok(());
    }
    let fs: &dyn FsOps = rotation.fs;
    if fs.metadata(parent)?.is_none() {
        fs.create_dir(parent)?;
    }
    if rotation.mends.has(Bug::R14) {
        fs.sync_dir(parent.parent().unwrap_or(Path::new("")))?;
    }
    Ok(())
}
