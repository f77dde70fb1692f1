//! The way of a database from memory into its file.

use std::io;
use std::path::Path;
use std::time::Duration;

use plimsoll_reference::fs::FsOps;
use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::set_journal_mode;
use plimsoll_reference::sqlite::vfs::Mount;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::bug::Bug;
use super::error::Error;
use crate::specimens::mends::Mends;
use crate::specimens::settle::{settle, settle_log};

/// The file of the database: below the directory of the service one for each space.
pub(super) const DATABASE: &str = "data/space/main.db";

/// Where the mended protocol copies the database first.
const TEMPORARY: &str = "data/space/main.db.new";

/// Pages that are copied at a time.
const PAGES: i32 = 5;

/// The pause after that.
const PAUSE: Duration = Duration::from_millis(250);

/// Copies a database into the file, and returns a connection to that.
pub(super) fn promote(
    from: &Connection,
    mount: &Mount,
    host: &Host,
    mends: Mends<Bug>,
) -> Result<Connection, Error> {
    let fs = &*host.fs;
    make_parents(fs, mends)?;
    if !mends.has(Bug::R8) {
        let mut file = mount.open(DATABASE)?;
        copy(from, &mut file, host, mends)?;
        set_up(&file)?;
        if mends.has(Bug::R14) {
            fs.sync_dir(directory())?;
        }
        return Ok(file);
    }
    discard(fs, TEMPORARY);
    let replaced = replace(from, mount, host, mends);
    if replaced.is_err() {
        // There was no file before, and what there is now may be less than it seems.
        discard(fs, TEMPORARY);
        discard(fs, DATABASE);
        if mends.has(Bug::R14) {
            let _ = fs.sync_dir(directory());
        }
    }
    replaced
}

/// Copies a database into a temporary, which then becomes the file. SQLite syncs what it has copied, and once more when it notes that
/// there is a log.
fn replace(
    from: &Connection,
    mount: &Mount,
    host: &Host,
    mends: Mends<Bug>,
) -> Result<Connection, Error> {
    let mut temporary = mount.open(TEMPORARY)?;
    copy(from, &mut temporary, host, mends)?;
    set_up(&temporary)?;
    temporary.close().map_err(|(_, error)| error)?;
    host.fs.rename(Path::new(TEMPORARY), Path::new(DATABASE))?;
    if mends.has(Bug::R14) {
        host.fs.sync_dir(directory())?;
    }
    let file = mount.open(DATABASE)?;
    set_up(&file)?;
    Ok(file)
}

/// Removes what a copy has left.
fn discard(fs: &dyn FsOps, path: &str) {
    for suffix in ["", "-journal", "-wal"] {
        let _ = fs.remove_file(Path::new(&format!("{path}{suffix}")));
    }
}

fn copy(
    from: &Connection,
    to: &mut Connection,
    host: &Host,
    mends: Mends<Bug>,
) -> Result<(), Error> {
    let backup = Backup::new(from, to)?;
    let pages = if mends.has(Bug::H3) { i32::MAX } else { PAGES };
    loop {
        match backup.step(pages)? {
            StepResult::Done => return Ok(()),
            StepResult::More => host.clock.sleep(PAUSE),
            _ => return Err(io::Error::from(io::ErrorKind::WouldBlock).into()),
        }
    }
}

/// Makes durable that there is no file: who removed it may have died before that.
pub(super) fn settle_absence(fs: &dyn FsOps, mends: Mends<Bug>) -> io::Result<()> {
    if mends.has(Bug::R14) && fs.metadata(directory())?.is_some() {
        fs.sync_dir(directory())?;
    }
    Ok(())
}

/// Opens the file.
pub(super) fn open(mount: &Mount, fs: &dyn FsOps, mends: Mends<Bug>) -> Result<Connection, Error> {
    make_parents(fs, mends)?;
    if mends.has(Bug::R14) {
        // Whoever made the file may have died before this.
        for parent in parents() {
            fs.sync_dir(parent)?;
        }
    }
    if mends.has(Bug::R8) {
        settle(fs, DATABASE)?;
    } else {
        settle_log(fs, DATABASE)?;
    }
    let file = mount.open(DATABASE)?;
    set_up(&file)?;
    Ok(file)
}

/// Asks for a write-ahead log. SQLite does without where it cannot have one.
fn set_up(file: &Connection) -> Result<(), Error> {
    set_journal_mode(file, "WAL")?;
    Ok(())
}

/// The directory of the file.
fn directory() -> &'static Path {
    Path::new(DATABASE).parent().unwrap_or(Path::new(""))
}

/// The directories on the way to the file, the outermost first.
fn parents() -> Vec<&'static Path> {
    let mut parents: Vec<&Path> = directory().ancestors().collect();
    parents.reverse();
    parents
}

/// Makes the directories on the way to the file. In the mended protocol each has a durable name or none: a sync that failed once may
/// succeed the next time without doing anything.
fn make_parents(fs: &dyn FsOps, mends: Mends<Bug>) -> io::Result<()> {
    let parents = parents();
    for pair in parents.windows(2) {
        let (outer, inner) = (pair[0], pair[1]);
        if fs.metadata(inner)?.is_none() {
            fs.create_dir(inner)?;
        }
        if mends.has(Bug::R14)
            && let Err(error) = fs.sync_dir(outer)
        {
            let _ = fs.remove_dir(inner);
            return Err(error);
        }
    }
    Ok(())
}
