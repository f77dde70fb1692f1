//! Opening a file for its lock.

use std::io;
use std::path::Path;

use nix::errno::Errno;

use super::{FsFile, FsOps, OpenOptions};

/// Opens a file that is there, in order to lock it: for writing where that is allowed, although nothing is written. NFS gives an exclusive
/// lock only to who may write (flock(2), "NFS details"); elsewhere reading is enough.
///
/// # Errors
/// As [`FsOps::open`].
pub(crate) fn open_to_lock(fs: &dyn FsOps, path: &Path) -> io::Result<Box<dyn FsFile>> {
    match fs.open(path, OpenOptions::read_write()) {
        Err(error)
            if [Errno::EACCES, Errno::EPERM, Errno::EROFS]
                .iter()
                .any(|&errno| error.raw_os_error() == Some(errno as i32)) =>
        {
            fs.open(path, OpenOptions::read_only())
        }
        result => result,
    }
}
