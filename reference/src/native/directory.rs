//! Directories whose entries are durable.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::{FsOps, sync_dir_if_possible};

use super::error::{StoreError, io_error};

/// Makes the entries of `dir` durable, where that can be asked for: a store that refused elsewhere would gain its user nothing.
pub(super) fn sync_dir(fs: &dyn FsOps, dir: &Path) -> Result<(), StoreError> {
    sync_dir_if_possible(fs, dir).map_err(io_error("sync directory", dir))
}

/// Makes the entries of the directory durable that a path is in.
pub(super) fn sync_parent(fs: &dyn FsOps, path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(dir) => sync_dir(fs, dir),
        None => Ok(()),
    }
}

/// Directories that this life of the store found or made durable, and with them their ancestors.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    dirs: Vec<PathBuf>,
}

impl Settled {
    /// Notes that `dir` is durable: something is in it that the store creates only after it settled the directory.
    pub(super) fn know(&mut self, dir: &Path) {
        if !self.dirs.iter().any(|known| known == dir) {
            self.dirs.push(dir.to_path_buf());
        }
    }

    /// Creates `dir` if it is absent, with its ancestors, and makes its own entry durable.
    ///
    /// A directory that is there may have been created by a life that was killed before it could sync the parent, so that the
    /// parent is synced even then. Its ancestors need no look: an ancestor is settled before anything is created in it.
    pub(super) fn settle(&mut self, fs: &dyn FsOps, dir: &Path) -> Result<(), StoreError> {
        let Some(parent) = dir.parent() else {
            return Ok(()); // The root, or the directory of the process: nothing of ours holds its entry.
        };
        if self.dirs.iter().any(|settled| settled.starts_with(dir)) {
            return Ok(());
        }
        if fs
            .metadata(dir)
            .map_err(io_error("look up", dir))?
            .is_none()
        {
            self.settle(fs, parent)?;
            match fs.create_dir(dir) {
                Err(e) if e.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(io_error("create directory", dir)(e));
                }
                _ => {}
            }
        }
        sync_dir(fs, parent)?;
        self.know(dir);
        Ok(())
    }
}
