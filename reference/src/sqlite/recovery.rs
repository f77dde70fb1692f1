//! What a crash left, made safe before SQLite looks at it.
//!
//! A process that is killed leaves in the cache of the operating system what no power loss would leave: a commit that nobody synced, the
//! removal of a journal. SQLite shows that after it is opened again, and syncs nothing first. And where a sync has failed in an earlier
//! life, the cache may hold as clean what the disk does not hold. So names are made durable and journals written anew before anything
//! is read through them.

use std::path::Path;

use crate::barrier::sync_surely;
use crate::fs::{FsFile, FsOps, OpenOptions, write_all_at};

use super::beside::{Beside, is_log, temporary_path};
use super::directory::{remove, settle_names};
use super::error::{StoreError, io_error};
use super::frames;
use super::replace::{discard, install};

/// Bytes that are copied at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// Removes what earlier lives were writing when they ended.
pub(super) fn remove_temporaries(fs: &dyn FsOps, beside: &Beside) -> Result<(), StoreError> {
    for temporary in &beside.temporaries {
        remove(fs, temporary)?;
    }
    Ok(())
}

/// Makes durable everything that reading this database would show.
pub(super) fn settle_contents(
    fs: &dyn FsOps,
    path: &Path,
    beside: &Beside,
) -> Result<(), StoreError> {
    settle_names(fs, &temporary_path(path, 0))?;
    for journal in &beside.journals {
        renew(fs, journal)?;
    }
    Ok(())
}

/// Replaces a journal by a copy that is durable. A write-ahead log is copied up to its last whole transaction: the next one would be written
/// over what is torn behind that, and where a crash left of it only what the torn one lacked, that one would be there after all, which
/// readers were shown to be absent. The old one is open until then: its blocks are free once it is closed, and a page of the
/// database that an earlier life left in the cache may be written there before the copy has the name for certain (ext4 with
/// data=writeback).
fn renew(fs: &dyn FsOps, journal: &Path) -> Result<(), StoreError> {
    let source = fs
        .open(journal, OpenOptions::read_only())
        .map_err(io_error("open", journal))?;
    let metadata = source.metadata().map_err(io_error("look up", journal))?;
    if metadata.len == 0 {
        // Whoever cut it may not have come to make that durable.
        return source.sync_all().map_err(io_error("sync", journal));
    }
    let len = whole_len(&*source, journal)?.unwrap_or(metadata.len);
    let temporary = temporary_path(journal, 0);
    let installed = copy(fs, &*source, len, journal, &temporary)
        .and_then(|file| install(fs, file, &temporary, journal));
    drop(source);
    if installed.is_err() {
        discard(fs, &temporary);
    }
    installed
}

/// How much of a journal SQLite will read, where that can be said.
fn whole_len(journal: &dyn FsFile, path: &Path) -> Result<Option<u64>, StoreError> {
    if !is_log(path) {
        return Ok(None);
    }
    frames::committed_len(journal).map_err(io_error("read", path))
}

/// Copies so much of a file to a new one, whose bytes are then durable.
pub(super) fn copy(
    fs: &dyn FsOps,
    source: &dyn FsFile,
    whole: u64,
    from: &Path,
    to: &Path,
) -> Result<Box<dyn FsFile>, StoreError> {
    let file = fs
        .open(to, OpenOptions::read_write().create_new())
        .map_err(io_error("create", to))?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut offset = 0;
    while offset < whole {
        let room =
            usize::try_from(whole - offset).map_or(chunk.len(), |room| room.min(chunk.len()));
        let len = match source.read_at(&mut chunk[..room], offset) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            result => result.map_err(io_error("read", from))?,
        };
        if len == 0 {
            break;
        }
        write_all_at(&*file, &chunk[..len], offset).map_err(io_error("write", to))?;
        offset += len as u64;
    }
    sync_surely(&*file).map_err(io_error("sync", to))?;
    Ok(file)
}
