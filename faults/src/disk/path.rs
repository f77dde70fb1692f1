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

/// Most symbolic links on the way of one path, as on Linux (`MAXSYMLINKS`).
const LINKS_MAX: u32 = 40;

fn enter(image: &Image, dir: Ino, name: &str) -> Result<Ino, Errno> {
    match image.node(dir) {
        Some(Node::File(_) | Node::Symlink(_)) => Err(Errno::ENOTDIR),
        // No store needs it, and a crash can leave a directory without a parent.
        _ if name == ".." => Err(Errno::EINVAL),
        _ if name.len() > NAME_MAX => Err(Errno::ENAMETOOLONG),
        Some(Node::Dir(entries)) => entries.get(name).copied().ok_or(Errno::ENOENT),
        None => Err(Errno::ENOENT),
    }
}

/// Where the last name of a path is looked up: its directory and that name.
pub(super) struct Place {
    pub(super) dir: Ino,
    pub(super) name: Name,
    /// What the name refers to now.
    pub(super) target: Option<Ino>,
}

/// Where a path leads.
enum End {
    /// To a directory that no name in the path stands for: the root.
    Dir(Ino),
    /// To a name, which has to be that of a directory if `asks_dir`.
    At { place: Place, asks_dir: bool },
}

/// What becomes of the last name of a path.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Last {
    /// It stands for itself, even where it is a symbolic link.
    Named,
    /// A symbolic link is followed, and a slash behind where it leads asks for a directory.
    Followed,
    /// The same, for a file that may have to be made: a slash behind its name is refused before anything is looked up.
    Made,
}

/// Goes along a path, through symbolic links; to where the last name leads, if that is one too and is to be followed.
fn walk(image: &Image, path: &str, last: Last) -> Result<End, Errno> {
    let mut rest: Vec<String> = components(path).rev().map(str::to_owned).collect();
    let mut asks_dir = is_dir_path(path);
    let mut dir = ROOT;
    let mut links = 0;
    while let Some(name) = rest.pop() {
        let is_last = rest.is_empty();
        if is_last && asks_dir && last == Last::Made && image.dir(dir).is_some() {
            return Err(Errno::EISDIR);
        }
        let target = match enter(image, dir, &name) {
            Err(Errno::ENOENT) if is_last && image.dir(dir).is_some() => None,
            found => Some(found?),
        };
        if let Some(Node::Symlink(leads_to)) = target.and_then(|ino| image.node(ino))
            && (!is_last || last != Last::Named)
        {
            links += 1;
            if links > LINKS_MAX {
                return Err(Errno::ELOOP);
            }
            if leads_to.starts_with('/') {
                dir = ROOT;
            }
            if is_last {
                asks_dir |= is_dir_path(leads_to);
            }
            rest.extend(components(leads_to).rev().map(str::to_owned));
            continue;
        }
        if is_last {
            let entries = image.dir(dir).ok_or(Errno::ENOENT)?;
            let name = match entries.get_key_value(name.as_str()) {
                Some((name, _)) => Arc::clone(name),
                None => Arc::from(name),
            };
            let place = Place { dir, name, target };
            return Ok(End::At { place, asks_dir });
        }
        dir = target.ok_or(Errno::ENOENT)?;
    }
    Ok(End::Dir(dir))
}

fn inode(image: &Image, path: &str, last: Last) -> Result<Ino, Errno> {
    match walk(image, path, last)? {
        End::Dir(ino) => Ok(ino),
        End::At { place, asks_dir } => {
            let ino = place.target.ok_or(Errno::ENOENT)?;
            if asks_dir && image.dir(ino).is_none() {
                return Err(Errno::ENOTDIR);
            }
            Ok(ino)
        }
    }
}

/// The inode that a path leads to.
pub(super) fn resolve(image: &Image, path: &str) -> Result<Ino, Errno> {
    inode(image, path, Last::Followed)
}

/// The inode that a path names, which may be a symbolic link.
pub(super) fn described(image: &Image, path: &str) -> Result<Ino, Errno> {
    // A slash behind a name asks for a directory, and so for where a link leads.
    let last = if is_dir_path(path) {
        Last::Followed
    } else {
        Last::Named
    };
    inode(image, path, last)
}

fn last_place(image: &Image, path: &str, last: Last) -> Result<Place, Errno> {
    match walk(image, path, last)? {
        End::At { place, .. } => Ok(place),
        End::Dir(_) => Err(Errno::EBUSY),
    }
}

/// Splits a path into the directory, which must exist, and the last name, which need not and is not followed.
///
/// The root has no such name: that is `EBUSY`, which callers turn into what their system call says.
pub(super) fn place(image: &Image, path: &str) -> Result<Place, Errno> {
    last_place(image, path, Last::Named)
}

/// The same of the name that a symbolic link, or a chain of them, leads to in the end, for a file to be made there.
///
/// `EISDIR` where that name has a slash behind it, whatever it stands for, as of `O_CREAT` in Linux (`open_last_lookups`).
pub(super) fn followed(image: &Image, path: &str) -> Result<Place, Errno> {
    last_place(image, path, Last::Made)
}
