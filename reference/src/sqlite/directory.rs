//! Directories: made durable, created, listed.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::fs::{FileKind, FsOps, Metadata, sync_dir_if_possible};
use crate::names::commit_names;

use super::error::{StoreError, io_error};

/// The directory that a file is in.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// Makes the entries of `dir` durable.
pub(super) fn sync_dir(fs: &dyn FsOps, dir: &Path) -> Result<(), StoreError> {
    sync_dir_if_possible(fs, dir).map_err(io_error("sync directory", dir))
}

/// Makes durable what was done to names in the directory of `marker`, which is a path of a temporary and free.
///
/// Where the sync of a directory does nothing it is the marker that does it, elsewhere that sync. Who only needs one operation to be durable
/// before the next calls [`sync_dir`] alone: where that does nothing (Lustre since 2.16) names change in the order of the operations.
pub(super) fn settle_names(fs: &dyn FsOps, marker: &Path) -> Result<(), StoreError> {
    sync_dir(fs, parent(marker))?;
    commit_names(fs, marker).map_err(|(op, error)| io_error(op, marker)(error))
}

/// Creates `dir` if it is absent, with its ancestors, and makes its own entry durable.
///
/// One that is there may have been created by a process that was killed before it could sync the parent: the parent is synced even
/// then. Its ancestors need no look, as each is durable before anything is created in it.
pub(super) fn settle(fs: &dyn FsOps, dir: &Path) -> Result<(), StoreError> {
    let Some(above) = dir.parent() else {
        return Ok(()); // The root, or the directory of the process.
    };
    if !is_there(fs, dir)? {
        settle(fs, above)?;
        match fs.create_dir(dir) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(io_error("create directory", dir)(error));
            }
            _ => {}
        }
    }
    sync_dir(fs, above)
}

/// Most symbolic links that are followed one after the other, as on Linux.
const LINKS_MAX: u32 = 40;

/// The path that symbolic links in place of a file lead to, and what is there. What belongs beside the file is looked for there.
pub(crate) fn follow(
    fs: &dyn FsOps,
    path: &Path,
) -> Result<(PathBuf, Option<Metadata>), StoreError> {
    let mut resolved = path.to_path_buf();
    for _ in 0..LINKS_MAX {
        let found = fs.metadata(&resolved).map_err(io_error("look up", path))?;
        if found.is_none_or(|metadata| metadata.kind != FileKind::Symlink) {
            return Ok((resolved, found));
        }
        let target = fs.read_link(&resolved).map_err(io_error("follow", path))?;
        resolved = parent(&resolved).join(target);
    }
    let error = io::Error::from_raw_os_error(Errno::ELOOP as i32);
    Err(io_error("follow", path)(error))
}

/// Whether two paths lead to one name in one directory, however they are spelled.
pub(super) fn is_same_place(fs: &dyn FsOps, one: &Path, other: &Path) -> Result<bool, StoreError> {
    if one.file_name() != other.file_name() {
        return Ok(false);
    }
    if one.components().eq(other.components()) {
        return Ok(true);
    }
    // The dot is what a link to the directory is followed for.
    let directory = |path: &Path| {
        let dir = parent(path).join(".");
        fs.metadata(&dir).map_err(io_error("look up", path))
    };
    Ok(match (directory(one)?, directory(other)?) {
        (Some(one), Some(other)) => one.is_same_file(&other),
        _ => false,
    })
}

/// Whether something has this name.
pub(super) fn is_there(fs: &dyn FsOps, path: &Path) -> Result<bool, StoreError> {
    let found = fs.metadata(path).map_err(io_error("look up", path))?;
    Ok(found.is_some())
}

/// Removes a file, if it is there.
pub(super) fn remove(fs: &dyn FsOps, path: &Path) -> Result<(), StoreError> {
    match fs.remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path)(error))
        }
        _ => Ok(()),
    }
}
