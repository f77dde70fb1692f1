//! The files of the store, and the few things done to their names.

use std::io;
use std::path::Path;

use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, append_all, read_to_end};

use super::bug::{Bug, Mends};

/// The directory of the store.
pub(crate) const BASE: &str = "data";
/// The log.
pub(crate) const AOL: &str = "data/aol.bin";
/// The snapshot.
pub(crate) const SNAPSHOT: &str = "data/snapshot.bin";
/// Where a snapshot is written.
pub(crate) const SNAPSHOT_TEMP: &str = "data/snapshot.tmp";
/// Where the mended protocol writes the log that replaces one that was cut.
pub(crate) const AOL_TEMP: &str = "data/aol.tmp";
/// Where the mended protocol writes the log that replaces one with a torn tail.
pub(crate) const RECOVERED_TEMP: &str = "data/recovered.tmp";
/// The temporary directory of the system.
pub(crate) const SYSTEM_TEMP: &str = "tmp";
/// Where the historical protocol keeps the tail of the log meanwhile; the number is that of the process.
pub(crate) const TAIL_TEMP: &str = "tmp/aol_truncate_1.tmp";

/// The temporaries, as patterns.
pub(crate) const TEMPORARIES: [&str; 2] = ["data/*.tmp", "tmp/aol_truncate_*.tmp"];

/// Makes the directories, and removes what earlier lives left.
pub(crate) fn prepare(fs: &dyn FsOps, mends: Mends) -> io::Result<()> {
    create_dir(fs, BASE)?;
    if mends.has(Bug::R37) {
        fs.sync_dir(Path::new(""))?;
    }
    if !mends.has(Bug::R12) {
        create_dir(fs, SYSTEM_TEMP)?;
    }
    if mends.has(Bug::R41) {
        for temp in [SNAPSHOT_TEMP, AOL_TEMP, RECOVERED_TEMP, TAIL_TEMP] {
            if fs.metadata(Path::new(temp))?.is_some() {
                fs.remove_file(Path::new(temp))?;
            }
        }
    }
    Ok(())
}

fn create_dir(fs: &dyn FsOps, path: &str) -> io::Result<()> {
    if fs.metadata(Path::new(path))?.is_none() {
        fs.create_dir(Path::new(path))?;
    }
    Ok(())
}

/// The content of a file; none when there is no such file.
pub(crate) fn read(fs: &dyn FsOps, path: &str) -> io::Result<Option<Vec<u8>>> {
    match fs.open(Path::new(path), OpenOptions::read_only()) {
        Ok(file) => read_to_end(&*file).map(Some),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

/// An empty temporary.
pub(crate) fn create_temp(fs: &dyn FsOps, path: &str) -> io::Result<Box<dyn FsFile>> {
    fs.open(
        Path::new(path),
        OpenOptions::read_write().create().truncate().append(),
    )
}

/// Writes a temporary, and makes its content durable if asked to.
pub(crate) fn write_temp(fs: &dyn FsOps, path: &str, bytes: &[u8], sync: bool) -> io::Result<()> {
    let file = create_temp(fs, path)?;
    append_all(&*file, bytes)?;
    if sync { file.sync_all() } else { Ok(()) }
}

/// Removes a temporary. That it may stay is what the next open is for.
pub(crate) fn discard(fs: &dyn FsOps, path: &str) {
    let _ = fs.remove_file(Path::new(path));
}

/// Makes the names in the store's directory durable.
pub(crate) fn sync_base(fs: &dyn FsOps) -> io::Result<()> {
    fs.sync_dir(Path::new(BASE))
}
