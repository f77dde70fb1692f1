//! Reading a database that is not the store's own: a snapshot, a copy, a source to restore from.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use rusqlite::{Connection, OpenFlags};

use crate::fs::{FileKind, FsOps};
use crate::host::Host;

use super::beside::{JOURNALS, suffixed};
use super::database::visit_pairs;
use super::directory::{follow, is_there};
use super::error::{StoreError, io_error, unreadable};
use super::location::{for_sqlite, immutable};
use super::lock::Lock;
use super::schema;
use super::vfs::{Mount, MountOptions};

/// A database that is read as it is.
pub(super) struct Image {
    /// Before the lock, so that nobody else is at the file until this is closed.
    pub(super) connection: Connection,
    _lock: Option<Lock>,
}

/// What a path leads to, through symbolic links, where SQLite can be asked to read that: not where there is nothing, what is no file, which
/// could make it wait for ever, or a file without a byte, which it would take for a new database.
fn find(fs: &dyn FsOps, path: &Path) -> Result<Option<PathBuf>, StoreError> {
    let (resolved, Some(found)) = follow(fs, path)? else {
        return Ok(None);
    };
    let path = path.to_path_buf();
    match found.kind {
        FileKind::Other => Err(StoreError::ForeignFile { path }),
        FileKind::File if found.len == 0 => Err(StoreError::Damaged {
            path,
            reason: "it is empty".to_owned(),
        }),
        _ => Ok(Some(resolved)),
    }
}

/// Opens a database read-only, holds it as it is, and checks all of it.
pub(super) fn open_checked(
    fs: &dyn FsOps,
    mount: &Mount,
    path: &Path,
) -> Result<Image, StoreError> {
    match find(fs, path)? {
        Some(resolved) => open_found(fs, mount, &resolved),
        None => Err(io_error("open", path)(io::Error::from_raw_os_error(
            Errno::ENOENT as i32,
        ))),
    }
}

/// Where there is a journal, also an empty one, somebody may be at work on the database: who is has its lock, and SQLite's own locks keep no
/// other process out. Where there is none the file is all that there is, and SQLite must not make one beside it to find that out.
fn open_found(fs: &dyn FsOps, mount: &Mount, path: &Path) -> Result<Image, StoreError> {
    let mut lock = None;
    if has_journal(fs, path)? {
        lock = Some(Lock::of(fs, path)?);
    }
    let connect = || {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = if lock.is_some() {
            mount.open_with_flags(for_sqlite(path), flags)?
        } else {
            flags |= OpenFlags::SQLITE_OPEN_URI;
            mount.open_with_flags(immutable(path), flags)?
        };
        // Whoever writes to it meanwhile does not change what is read.
        connection.execute_batch("BEGIN")?;
        Ok(connection)
    };
    let connection = connect().map_err(|error| unreadable(path, mount.last_os_error(), error))?;
    schema::check(&connection, path)?;
    schema::check_integrity(&connection, path)?;
    Ok(Image {
        connection,
        _lock: lock,
    })
}

fn has_journal(fs: &dyn FsOps, path: &Path) -> Result<bool, StoreError> {
    for journal in JOURNALS {
        if is_there(fs, &suffixed(path, journal))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Reads a snapshot or a copy as an independent reader does: from its path alone, read-only, checking all of it. Visits every key and its
/// value in key order; `Ok(false)` says that there is no file. A journal beside it is read with it. Nothing is changed or created.
///
/// **Not covered**: a database with a rollback journal that a store has open, while there is none.
///
/// # Errors
/// The file is no complete database of this store, or could not be read; `Locked` where there is a journal and a store has it open.
pub fn read_image(
    host: &Host,
    path: &Path,
    visit: &mut dyn FnMut(&[u8], &[u8]),
) -> Result<bool, StoreError> {
    let fs = &*host.fs;
    let Some(resolved) = find(fs, path)? else {
        return Ok(false);
    };
    let mount = Mount::new(host.clone(), MountOptions::default())
        .map_err(|error| unreadable(path, None, error))?;
    let image = open_found(fs, &mount, &resolved)?;
    visit_pairs(&image.connection, visit)
        .map_err(|error| unreadable(path, mount.last_os_error(), error))?;
    Ok(true)
}
