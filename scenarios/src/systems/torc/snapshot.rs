//! The file of a snapshot.

use std::io;
use std::path::{Path, PathBuf};

use plimsoll_reference::fs::{FsOps, OpenOptions, write_all_at};
use plimsoll_reference::mutation::Mutation;
use plimsoll_sim::trial::history::{Found, Pairs};

use super::options::{SNAPSHOT, path};
use crate::specimens::pairs::content;

/// What stands before the number of pairs on the last line.
const END: &str = "end ";

fn temporary() -> PathBuf {
    PathBuf::from(format!("{SNAPSHOT}.tmp"))
}

/// Writes a snapshot beside the one that is there, and puts it in its place. Every temporary has the same name: it is the lock of servers
/// that keeps two of them apart.
pub(super) fn write(fs: &dyn FsOps, pairs: &Pairs) -> io::Result<()> {
    let done = attempt(fs, pairs);
    if done.is_err() {
        // It may not be there, and nothing depends on it.
        let _ = fs.remove_file(&temporary());
    }
    done
}

fn attempt(fs: &dyn FsOps, pairs: &Pairs) -> io::Result<()> {
    let temporary = temporary();
    // What another one left there; if it cannot be removed, it cannot be created either.
    let _ = fs.remove_file(&temporary);
    let file = fs.open(&temporary, OpenOptions::read_write().create_new())?;
    let mut offset = 0;
    let mut append = |line: String| -> io::Result<()> {
        write_all_at(&*file, line.as_bytes(), offset)?;
        offset += line.len() as u64;
        Ok(())
    };
    for (key, value) in pairs {
        let (key, value) = (key.clone(), value.clone());
        append(format!("{}\n", Mutation::Put { key, value }))?;
    }
    append(format!("{END}{}\n", pairs.len()))?;
    file.sync_all()?;
    file.close()?;
    fs.rename(&temporary, path())?;
    fs.sync_dir(path().parent().unwrap_or(Path::new("")))
}

/// Reads the snapshot.
pub(super) fn read(fs: &dyn FsOps) -> Found {
    let bytes = match content(fs, SNAPSHOT) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Found::Nothing,
        Err(error) => return Found::Unreadable(error.to_string()),
    };
    match parse(&String::from_utf8_lossy(&bytes)) {
        Some(pairs) => Found::Store(pairs),
        None => Found::Unreadable("the snapshot is cut off or damaged".to_owned()),
    }
}

fn parse(text: &str) -> Option<Pairs> {
    let mut pairs = Pairs::new();
    let mut lines = text.lines();
    let end = lines.next_back()?.strip_prefix(END)?;
    for line in lines {
        match line.parse().ok()? {
            Mutation::Put { key, value } => pairs.insert(key, value),
            Mutation::Delete { .. } => return None,
        };
    }
    (end.parse() == Ok(pairs.len())).then_some(pairs)
}

#[cfg(test)]
mod tests {
    use plimsoll_faults::disk::SimFs;
    use plimsoll_faults::image::Image;

    use super::*;

    #[test]
    fn a_snapshot_is_read_as_it_was_written() {
        let disk = SimFs::new(Image::new());
        assert_eq!(read(&disk), Found::Nothing);
        let pairs = Pairs::from([(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), Vec::new())]);
        write(&disk, &pairs).expect("the disk takes it");
        assert_eq!(read(&disk), Found::Store(pairs));
    }

    #[test]
    fn a_part_of_a_snapshot_is_none() {
        for text in ["", "put a 1\n", "put a 1\nend 2\n", "put a 1\nen"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
