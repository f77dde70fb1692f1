//! From paths to inodes.

use std::path::Path;
use std::sync::Arc;

use crate::errno::Errno;
use crate::image::{Image, Ino, Name, Node, ROOT};

/// Longest name, as on Linux file systems (`NAME_MAX`).
const NAME_MAX: usize = 255;

/// Longest path, as on Linux (`PATH_MAX` less the NUL).
const PATH_MAX: usize = 4095;

/// A path as text.
pub(super) fn text(path: &Path) -> Result<&str, Errno> {
    let text = path.to_str().ok_or(Errno::EILSEQ)?;
    if text.len() > PATH_MAX {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(text)
}

/// Whether a path says of what it names that it is a directory: by a slash or a dot behind it.
pub(super) fn is_dir_path(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.")
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
}

fn enter(image: &Image, dir: Ino, name: &str) -> Result<Ino, Errno> {
    match image.node(dir) {
        Some(Node::File(_)) => Err(Errno::ENOTDIR),
        // No store needs it, and a crash can leave a directory without a parent.
        _ if name == ".." => Err(Errno::EINVAL),
        _ if name.len() > NAME_MAX => Err(Errno::ENAMETOOLONG),
        Some(Node::Dir(entries)) => entries.get(name).copied().ok_or(Errno::ENOENT),
        None => Err(Errno::ENOENT),
    }
}

/// The inode that a path names.
pub(super) fn resolve(image: &Image, path: &str) -> Result<Ino, Errno> {
    let ino = components(path).try_fold(ROOT, |dir, name| enter(image, dir, name))?;
    if is_dir_path(path) && image.file(ino).is_some() {
        return Err(Errno::ENOTDIR);
    }
    Ok(ino)
}

/// Where the last name of a path is looked up: its directory and that name.
pub(super) struct Place {
    pub(super) dir: Ino,
    pub(super) name: Name,
    /// What the name refers to now.
    pub(super) target: Option<Ino>,
}

/// Splits a path into the directory, which must exist, and the last name, which need not.
///
/// The root has no such name: that is `EBUSY`, which callers turn into what their system call says.
pub(super) fn place(image: &Image, path: &str) -> Result<Place, Errno> {
    let mut dir = ROOT;
    let mut parts = components(path);
    let name = parts.next_back().ok_or(Errno::EBUSY)?;
    for part in parts {
        dir = enter(image, dir, part)?;
    }
    let target = match enter(image, dir, name) {
        Ok(ino) => Some(ino),
        Err(Errno::ENOENT) => None,
        Err(errno) => return Err(errno),
    };
    let entries = image.dir(dir).ok_or(Errno::ENOENT)?;
    let name = match entries.get_key_value(name) {
        Some((name, _)) => Arc::clone(name),
        None => Arc::from(name),
    };
    Ok(Place { dir, name, target })
}
