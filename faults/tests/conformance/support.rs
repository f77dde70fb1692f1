//! What the cases share: the two arms, and short forms of the operations.

use std::io;
use std::path::Path;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::errno::Errno;
use plimsoll_faults::image::Image;
use plimsoll_reference::fs::{
    FsFile, FsOps, Metadata, OpenOptions, StdFs, read_to_end, write_all_at,
};

/// Runs a body in an empty directory of the real file system.
pub(crate) fn on_real(body: impl FnOnce(&dyn FsOps)) {
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    body(&StdFs::rooted(dir.path()));
}

/// Runs a body on an empty simulated disk.
pub(crate) fn on_simulated(body: impl FnOnce(&dyn FsOps)) {
    body(&SimFs::new(Image::new()));
}

/// Fails unless the result is this error.
#[track_caller]
pub(crate) fn fails<T>(result: io::Result<T>, errno: Errno) {
    let error = result.err().map(|error| error.raw_os_error());
    assert_eq!(error, Some(Some(errno.code())), "{errno} is expected");
}

pub(crate) fn open(
    fs: &dyn FsOps,
    path: &str,
    options: OpenOptions,
) -> io::Result<Box<dyn FsFile>> {
    fs.open(Path::new(path), options)
}

/// A new file with this content.
#[track_caller]
pub(crate) fn create(fs: &dyn FsOps, path: &str, content: &[u8]) -> Box<dyn FsFile> {
    let file = open(fs, path, OpenOptions::read_write().create_new()).expect("the name is free");
    write_all_at(&*file, content, 0).expect("there is space");
    file
}

/// The whole content of a file.
#[track_caller]
pub(crate) fn content(fs: &dyn FsOps, path: &str) -> Vec<u8> {
    let file = open(fs, path, OpenOptions::read_only()).expect("the file is there");
    read_to_end(&*file).expect("it can be read")
}

/// Up to `len` bytes at `offset`.
#[track_caller]
pub(crate) fn read(file: &dyn FsFile, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0xFF; len];
    let count = file.read_at(&mut bytes, offset).expect("it can be read");
    bytes.truncate(count);
    bytes
}

#[track_caller]
pub(crate) fn stat(fs: &dyn FsOps, path: &str) -> Metadata {
    let metadata = fs.metadata(Path::new(path)).expect("it can be asked for");
    metadata.expect("the name is there")
}

pub(crate) fn exists(fs: &dyn FsOps, path: &str) -> bool {
    fs.metadata(Path::new(path))
        .expect("it can be asked for")
        .is_some()
}

/// The names in a directory, in order.
#[track_caller]
pub(crate) fn names(fs: &dyn FsOps, path: &str) -> Vec<String> {
    let entries = fs.read_dir(Path::new(path)).expect("it can be listed");
    let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    names.sort();
    names
}

pub(crate) fn mkdir(fs: &dyn FsOps, path: &str) -> io::Result<()> {
    fs.create_dir(Path::new(path))
}

pub(crate) fn rmdir(fs: &dyn FsOps, path: &str) -> io::Result<()> {
    fs.remove_dir(Path::new(path))
}

pub(crate) fn unlink(fs: &dyn FsOps, path: &str) -> io::Result<()> {
    fs.remove_file(Path::new(path))
}

pub(crate) fn rename(fs: &dyn FsOps, from: &str, to: &str) -> io::Result<()> {
    fs.rename(Path::new(from), Path::new(to))
}

pub(crate) fn symlink(fs: &dyn FsOps, target: &str, name: &str) -> io::Result<()> {
    fs.symlink(Path::new(target), Path::new(name))
}

pub(crate) fn link(fs: &dyn FsOps, original: &str, name: &str) -> io::Result<()> {
    fs.hard_link(Path::new(original), Path::new(name))
}
