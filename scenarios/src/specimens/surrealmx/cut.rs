//! Taking a snapshot, whole or in two steps.

use std::path::Path;

use plimsoll_reference::fs::{FsOps, OpenOptions};

use super::appender::{self, AfterFailure};
use super::bug::{Bug, Mends};
use super::error::Error;
use super::files::{self, SNAPSHOT, SNAPSHOT_TEMP};
use super::image;
use super::table::Table;

/// A snapshot that was begun.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    /// The last commit in it.
    pub(crate) covered: u64,
    /// The length of the log when it was begun.
    pub(crate) position: u64,
    /// What is to be written; none when it is written already.
    pub(crate) table: Option<Table>,
}

/// Writes a snapshot to its temporary and gives it its name.
pub(crate) fn write(fs: &dyn FsOps, table: &Table, mends: Mends) -> Result<(), Error> {
    let result = write_temp(fs, table, mends);
    if result.is_err() {
        files::discard(fs, SNAPSHOT_TEMP);
    }
    result?;
    if mends.has(Bug::R10) {
        files::sync_base(fs)?;
    }
    Ok(())
}

fn write_temp(fs: &dyn FsOps, table: &Table, mends: Mends) -> Result<(), Error> {
    let file = files::create_temp(fs, SNAPSHOT_TEMP)?;
    let encoded = image::encode(table, mends);
    appender::append(&*file, &encoded, AfterFailure::Forget)?;
    if mends.has(Bug::R10) {
        file.sync_all()?;
    }
    fs.rename(Path::new(SNAPSHOT_TEMP), Path::new(SNAPSHOT))?;
    Ok(())
}

/// Makes the content of the snapshot durable, where that was not done before it was given its name.
pub(crate) fn sync(fs: &dyn FsOps, mends: Mends) -> Result<(), Error> {
    if !mends.has(Bug::R10) {
        fs.open(Path::new(SNAPSHOT), OpenOptions::read_only())?
            .sync_all()?;
    }
    Ok(())
}

/// Loads the snapshot. A file of length zero counts as none.
pub(crate) fn load(fs: &dyn FsOps, mends: Mends) -> Result<Table, Error> {
    match files::read(fs, SNAPSHOT)? {
        Some(bytes) if !bytes.is_empty() => image::decode(&bytes, mends),
        _ => Ok(Table::default()),
    }
}
