//! Making a file durable that is to replace another.

use std::io;

use crate::fs::FsFile;

/// Makes the bytes of a file durable, and makes sure that they are: its syncs are asked twice.
///
/// There are file systems that report a failed sync only at the next one (ext4 with data=journal: Rebello et al., "Can Applications Recover
/// from fsync Failures?", USENIX ATC 2020). Once the file has the name of another, that would be too late: what it replaced is gone, and
/// what is there cannot be read after a power loss. The second sync has nothing to write.
///
/// # Errors
/// As `fdatasync(2)`.
pub(crate) fn sync_surely(file: &dyn FsFile) -> io::Result<()> {
    file.sync_data()?;
    file.sync_data()
}
