//! What a crash left of a SQLite database, made durable before anybody reads it.

use std::io;
use std::path::Path;

use plimsoll_reference::fs::{FsOps, OpenOptions, write_all_at};

use super::pairs;

/// Makes durable what SQLite would show of a database. A process that was killed leaves commits in the cache of the operating system that
/// nobody synced, and a log that was removed may come back with a power loss; SQLite syncs neither when it opens the database, and shows
/// what is there.
pub(super) fn settle(fs: &dyn FsOps, database: &str) -> io::Result<()> {
    // SQLite takes a database without a byte for a new one, whatever its journal says, and removes that (`hasHotJournal` in its pager): who
    // has rolled back may have died before the cut was durable. And new pages get their blocks before those of an old log are free.
    match fs.open(Path::new(database), OpenOptions::read_write()) {
        Ok(file) => file.sync_all()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    settle_log(fs, database)
}

/// The same, and the database is taken as it is.
pub(super) fn settle_log(fs: &dyn FsOps, database: &str) -> io::Result<()> {
    let dir = Path::new(database).parent().unwrap_or(Path::new(""));
    fs.sync_dir(dir)?;
    for suffix in pairs::SIDECARS {
        let path = format!("{database}{suffix}");
        // The old file may hold pages that count as written and are not: a sync of theirs has failed in an earlier life.
        if let Some(bytes) = pairs::content(fs, &path)?.filter(|bytes| !bytes.is_empty()) {
            replace(fs, Path::new(&path), &bytes)?;
        }
    }
    Ok(())
}

/// Puts a new file with these bytes in the place of another, durably.
fn replace(fs: &dyn FsOps, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let copy = path.with_file_name(format!(
        "{}.copy",
        path.file_name().unwrap_or_default().to_string_lossy()
    ));
    // One that is left may be the very file that it was to replace, by another name.
    match fs.remove_file(&copy) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = fs.open(&copy, OpenOptions::read_write().create_new())?;
    write_all_at(&*file, bytes, 0)?;
    file.sync_all()?;
    fs.rename(&copy, path)?;
    fs.sync_dir(path.parent().unwrap_or(Path::new("")))
}
