//! Making names durable.

use std::io;
use std::path::Path;

use nix::errno::Errno;

use super::FsOps;

/// Makes the entries of a directory durable, where the file system has such an operation. `EINVAL` says that it has none: names there are as
/// durable as it makes them.
///
/// # Errors
/// As [`FsOps::sync_dir`].
pub(crate) fn sync_dir_if_possible(fs: &dyn FsOps, dir: &Path) -> io::Result<()> {
    match fs.sync_dir(dir) {
        Err(error) if error.raw_os_error() == Some(Errno::EINVAL as i32) => Ok(()),
        result => result,
    }
}
