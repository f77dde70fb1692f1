//! From paths to inodes.

use std::path::Path;
use std::sync::Arc;

use crate::errno::Errno;
use crate::image::{Image, Ino, Name, Node, ROOT};

/// Longest name, as on Linux file systems (`NAME_MAX`).
const NAME_MAX: usize = 255;

/// A path as text, without superfluous slashes and dots; `.` for the root.
pub(super) fn text(path: &Path) -> Result<&str, Errno> {
    path.to_str().ok_or(Errno::EILSEQ)
}

fn components(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/')
        .filter(|part| !part.is_empty() && *part != ".")
}

fn enter(image: &Image, dir: Ino, name: &str) -> Result<Ino, Errno> {
    match image.node(dir) {
        Some(Node::Dir(entries)) => entries.get(name).copied().ok_or(Errno::ENOENT),
        Some(Node::File(_)) => Err(Errno::ENOTDIR),
        None => Err(Errno::ENOENT),
    }
}

/// The inode that a path names.
pub(super) fn resolve(image: &Image, path: &str) -> Result<Ino, Errno> {
    components(path).try_fold(ROOT, |dir, name| {
        if name == ".." {
            // No store needs it, and a crash can leave a directory without a parent.
            Err(Errno::EINVAL)
        } else {
            enter(image, dir, name)
        }
    })
}

/// Where the last name of a path is looked up: its directory and that name.
pub(super) struct Place {
    pub(super) dir: Ino,
    pub(super) name: Name,
    /// What the name refers to now.
    pub(super) target: Option<Ino>,
}

/// Splits a path into the directory, which must exist, and the last name, which need not.
pub(super) fn place(image: &Image, path: &str) -> Result<Place, Errno> {
    let mut dir = ROOT;
    let mut parts = components(path);
    let name = parts.next_back().ok_or(Errno::EBUSY)?;
    if name == ".." {
        return Err(Errno::EINVAL);
    }
    if name.len() > NAME_MAX {
        return Err(Errno::ENAMETOOLONG);
    }
    for part in parts {
        if part == ".." {
            return Err(Errno::EINVAL);
        }
        dir = enter(image, dir, part)?;
    }
    let Some(entries) = image.dir(dir) else {
        return Err(Errno::ENOTDIR);
    };
    let (name, target) = match entries.get_key_value(name) {
        Some((name, &ino)) => (Arc::clone(name), Some(ino)),
        None => (Arc::from(name), None),
    };
    Ok(Place { dir, name, target })
}
