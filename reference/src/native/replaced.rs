//! A file that is being replaced, kept until its replacement is durable.
//!
//! There are file systems that write into the blocks of a replaced file before that is durable (ext4 with data=writeback): a power loss may
//! bring back the name, and behind it what others have written since. A file that has a name or is open keeps its blocks. Being open ends
//! with the process, and what a process had written and not synced is written back after that, too: so it gets a second name.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::fs::{FsFile, FsOps, OpenOptions};

use super::directory::sync_parent;
use super::error::{StoreError, io_error};

/// Errors of a file system that gives no second names, or not to this file.
const NO_LINKS: [Errno; 4] = [
    Errno::EPERM,
    Errno::EOPNOTSUPP,
    Errno::ENOSYS,
    Errno::EMLINK,
];

/// What had a name before.
pub(super) enum Replaced {
    /// There was nothing.
    Nothing,
    /// It has this name, too.
    Named(PathBuf),
    /// It is open, and has no other name: the second best.
    Open(Box<dyn FsFile>),
}

impl Replaced {
    /// Keeps the file at `path`, if there is one, by the name `second`. That need not be durable: it is what lies behind `path` that must
    /// not be lost, and before the replacement is durable nothing else is.
    pub(super) fn keep(fs: &dyn FsOps, path: &Path, second: PathBuf) -> Result<Self, StoreError> {
        let error = match fs.hard_link(path, &second) {
            Ok(()) => return Ok(Self::Named(second)),
            Err(error) => error,
        };
        if error.kind() == io::ErrorKind::NotFound {
            return Ok(Self::Nothing);
        }
        if NO_LINKS
            .iter()
            .any(|&errno| error.raw_os_error() == Some(errno as i32))
        {
            return match fs.open(path, OpenOptions::read_only()) {
                Ok(file) => Ok(Self::Open(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::Nothing),
                Err(error) => Err(io_error("open", path)(error)),
            };
        }
        if error.kind() != io::ErrorKind::AlreadyExists {
            // It may have got the name all the same.
            let _ = fs.remove_file(&second);
        }
        Err(io_error("link", &second)(error))
    }

    /// Lets go of it, once it is replaced durably, or has its own name and keeps it. Best effort: a name that stays is removed by the next
    /// open, or by the next copy to this place.
    pub(super) fn release(self, fs: &dyn FsOps) {
        match self {
            Self::Nothing => {}
            Self::Named(second) => {
                let _ = fs.remove_file(&second);
            }
            Self::Open(file) => drop(file),
        }
    }

    /// Lets go of it after an error that leaves unknown whether it is replaced for good: first that is made durable. Where that fails, too, its
    /// second name stays.
    pub(super) fn give_up(self, fs: &dyn FsOps, path: &Path) {
        if !matches!(self, Self::Nothing) && sync_parent(fs, path).is_ok() {
            self.release(fs);
        }
    }
}
