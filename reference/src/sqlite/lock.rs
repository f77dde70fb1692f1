//! Locks that keep a second store out.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::{FsFile, FsOps, Metadata, OpenOptions, open_to_lock};
use crate::native::CreatePolicy;

use super::beside::lock_path;
use super::directory::{is_there, parent, settle};
use super::error::{StoreError, io_error};

/// The lock of a file, released by the operating system when the process dies.
pub(super) struct Lock {
    file: Box<dyn FsFile>,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock file beside a database, creating it, and the directory where the policy allows it.
    ///
    /// The lock file is created after its directory was made durable, so that its presence proves that this was done.
    pub(super) fn beside(
        fs: &dyn FsOps,
        database: &Path,
        policy: CreatePolicy,
    ) -> Result<Self, StoreError> {
        let path = lock_path(database);
        let file = match fs.open(&path, OpenOptions::read_write()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let dir = parent(database);
                if policy == CreatePolicy::OpenExisting
                    && !dir.as_os_str().is_empty()
                    && !is_there(fs, dir)?
                {
                    return Err(StoreError::NotFound {
                        path: database.to_path_buf(),
                    });
                }
                settle(fs, dir)?;
                fs.open(&path, OpenOptions::read_write().create())
            }
            result => result,
        };
        Self::take(file.map_err(io_error("open", &path))?, path)
    }

    /// Takes the lock of a database itself: whoever comes to it by another name finds it taken.
    pub(super) fn of(fs: &dyn FsOps, database: &Path) -> Result<Self, StoreError> {
        let file = open_to_lock(fs, database).map_err(io_error("open", database))?;
        Self::take(file, database.to_path_buf())
    }

    fn take(file: Box<dyn FsFile>, path: PathBuf) -> Result<Self, StoreError> {
        if file.try_lock().map_err(io_error("lock", &path))? {
            Ok(Self { file, path })
        } else {
            Err(StoreError::Locked { path })
        }
    }

    /// The length and number of the locked file.
    pub(super) fn metadata(&self) -> Result<Metadata, StoreError> {
        self.file
            .metadata()
            .map_err(io_error("look up", &self.path))
    }

    /// What is locked.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn release(self) -> Result<(), StoreError> {
        self.file.close().map_err(io_error("close", &self.path))
    }
}
