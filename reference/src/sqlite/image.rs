//! Reading a database that is not the store's own: a snapshot, a copy, a source to restore from.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::fs::{FsOps, OpenOptions};
use crate::host::Host;

use super::database::visit_pairs;
use super::directory::is_there;
use super::error::{StoreError, io_error, unreadable};
use super::location::for_sqlite;
use super::schema;
use super::vfs::{Mount, MountOptions};

/// Refuses a file without a byte: SQLite would take it for a new database.
pub(super) fn refuse_empty(fs: &dyn FsOps, path: &Path) -> Result<(), StoreError> {
    let file = fs
        .open(path, OpenOptions::read_only())
        .map_err(io_error("open", path))?;
    let metadata = file.metadata().map_err(io_error("look up", path))?;
    if metadata.len > 0 {
        return Ok(());
    }
    Err(StoreError::Damaged {
        path: path.to_path_buf(),
        reason: "it is empty".to_owned(),
    })
}

/// Opens a database read-only, holds it as it is, and checks all of it.
pub(super) fn open_checked(
    fs: &dyn FsOps,
    mount: &Mount,
    path: &Path,
) -> Result<Connection, StoreError> {
    refuse_empty(fs, path)?;
    let connect = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = mount.open_with_flags(for_sqlite(path), flags)?;
        // Whoever writes to it meanwhile does not change what is read.
        connection.execute_batch("BEGIN")?;
        Ok(connection)
    };
    let connection = connect().map_err(|error| unreadable(path, mount.last_os_error(), error))?;
    schema::check(&connection, path)?;
    schema::check_integrity(&connection, path)?;
    Ok(connection)
}

/// Reads a snapshot or a copy as an independent reader does: from its path alone, read-only, checking all of it. Visits every key and its
/// value in key order; `Ok(false)` says that there is no file.
///
/// # Errors
/// The file is no complete database of this store, or could not be read.
pub fn read_image(
    host: &Host,
    path: &Path,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<bool, StoreError> {
    if !is_there(&*host.fs, path)? {
        return Ok(false);
    }
    let mount = Mount::new(host.clone(), MountOptions::default())
        .map_err(|error| unreadable(path, None, error))?;
    let connection = open_checked(&*host.fs, &mount, path)?;
    visit_pairs(&connection, visit)
        .map_err(|error| unreadable(path, mount.last_os_error(), error))?;
    Ok(true)
}
