//! The files of one database: the database itself, and the log of commits beside it.

use std::io;
use std::path::Path;

use plimsoll_reference::fs::{FsOps, OpenOptions, append_all};
use plimsoll_reference::mutation::Mutation;
use plimsoll_sim::trial::history::Pairs;

use crate::systems::edge::{Image, load, save, show, shown, take};

/// What ends the name of a database.
const ENDING: &str = ".db";

/// The file of a database.
pub(super) fn file(name: &str) -> String {
    format!("{name}{ENDING}")
}

fn log(name: &str) -> String {
    format!("{name}{ENDING}-wal")
}

/// The names of all databases that have a file.
pub(super) fn names(fs: &dyn FsOps) -> io::Result<Vec<String>> {
    let mut names: Vec<String> = fs
        .read_dir(Path::new(""))?
        .into_iter()
        .filter_map(|entry| {
            let name = entry.name.strip_suffix(ENDING)?;
            Some(name.to_owned())
        })
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// Whether a database has a file.
pub(super) fn is_there(fs: &dyn FsOps, name: &str) -> io::Result<bool> {
    Ok(fs.metadata(Path::new(&file(name)))?.is_some())
}

/// What is in the file, without the log.
pub(super) fn main_part(fs: &dyn FsOps, name: &str) -> io::Result<Image> {
    Ok(load(fs, &file(name))?.unwrap_or_default())
}

/// What is in the file and the log.
pub(super) fn read(fs: &dyn FsOps, name: &str) -> io::Result<Image> {
    let mut image = main_part(fs, name)?;
    let bytes = take(fs, &log(name))?.unwrap_or_default();
    for mutation in whole_lines(&bytes) {
        mutation.apply_to(&mut image.pairs);
    }
    Ok(image)
}

/// The changes in a log, up to the first that is not whole.
fn whole_lines(bytes: &[u8]) -> Vec<Mutation> {
    bytes
        .split_inclusive(|&byte| byte == b'\n')
        .map_while(|line| shown(line)?.parse().ok())
        .collect()
}

/// Commits changes to a database that has a file.
pub(super) fn append(fs: &dyn FsOps, name: &str, mutations: &[Mutation]) -> io::Result<()> {
    let path = log(name);
    let is_new = fs.metadata(Path::new(&path))?.is_none();
    let options = OpenOptions::read_write().create().append();
    let file = fs.open(Path::new(&path), options)?;
    for mutation in mutations {
        append_all(&*file, show(&mutation.to_string()).as_bytes())?;
    }
    file.sync_all()?;
    file.close()?;
    if is_new {
        fs.sync_dir(Path::new(""))?;
    }
    Ok(())
}

/// Opens a database that has a file: what is in the log goes into the file.
pub(super) fn fold(fs: &dyn FsOps, name: &str) -> io::Result<()> {
    if fs.metadata(Path::new(&log(name)))?.is_none() {
        return Ok(());
    }
    let image = read(fs, name)?;
    replace(fs, name, &image.pairs)
}

/// Puts these pairs in the place of all that a database has.
pub(super) fn replace(fs: &dyn FsOps, name: &str, pairs: &Pairs) -> io::Result<()> {
    let image = Image {
        pairs: pairs.clone(),
        revision: 0,
    };
    save(fs, &file(name), &image)?;
    match fs.remove_file(Path::new(&log(name))) {
        Ok(()) => fs.sync_dir(Path::new("")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_faults::disk::SimFs;
    use plimsoll_faults::image::Image as Disk;

    use super::*;

    fn put(key: &str, value: &str) -> Mutation {
        Mutation::Put {
            key: key.into(),
            value: value.into(),
        }
    }

    #[test]
    fn commits_are_read_from_file_and_log() {
        let fs = SimFs::new(Disk::new());
        replace(&fs, "b", &Pairs::new()).expect("it can be written");
        append(&fs, "b", &[put("x", "1"), put("y", "2")]).expect("it can be written");
        assert_eq!(main_part(&fs, "b").expect("it is there").pairs.len(), 0);
        assert_eq!(read(&fs, "b").expect("it is there").pairs.len(), 2);
        fold(&fs, "b").expect("it can be written");
        assert_eq!(main_part(&fs, "b").expect("it is there").pairs.len(), 2);
        assert_eq!(names(&fs).expect("it can be listed"), ["b"]);
    }

    #[test]
    fn a_line_that_was_cut_off_is_not_there() {
        let line = show(&put("x", "1").to_string());
        let two = format!("{line}{line}");
        for len in line.len()..two.len() {
            assert_eq!(whole_lines(&two.as_bytes()[..len]).len(), 1, "{len} bytes");
        }
        assert_eq!(whole_lines(two.as_bytes()).len(), 2);
    }
}
