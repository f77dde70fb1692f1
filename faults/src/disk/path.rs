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

/// What is left of the way along a path.
struct Way<'a> {
    /// Starts with a name, unless there is none left.
    rest: &'a str,
    /// What follows where symbolic links led off, the next last.
    behind: Vec<&'a str>,
}

impl<'a> Way<'a> {
    fn along(path: &'a str) -> Self {
        let mut way = Self {
            rest: path,
            behind: Vec::new(),
        };
        way.settle();
        way
    }

    /// Leads along another path first.
    fn detour(&mut self, path: &'a str) {
        self.behind.push(self.rest);
        self.rest = path;
        self.settle();
    }

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = self.rest.bytes().position(|byte| byte == b'/');
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        self.settle();
        Some(name)
    }

    const fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// Moves on to where the next name starts.
    fn settle(&mut self) {
        loop {
            self.rest = to_name(self.rest);
            if !self.rest.is_empty() {
                return;
            }
            match self.behind.pop() {
                Some(next) => self.rest = next,
                None => return,
            }
        }
    }
}

/// The path from its first name on: slashes and dots in front of it lead nowhere.
fn to_name(mut path: &str) -> &str {
    while let Some(rest) = path.strip_prefix('/').or_else(|| path.strip_prefix("./")) {
        path = rest;
    }
    if path == "." { "" } else { path }
}

/// Most symbolic links on the way of one path, as on Linux (`MAXSYMLINKS`).
const LINKS_MAX: u32 = 40;

/// What a name in a directory refers to, if it is there, with the name as it is stored.
fn enter<'a>(image: &'a Image, dir: Ino, name: &str) -> Result<Option<(&'a Name, Ino)>, Errno> {
    match image.node(dir) {
        Some(Node::File(_) | Node::Symlink(_)) => Err(Errno::ENOTDIR),
        // No store needs it, and a crash can leave a directory without a parent.
        _ if name == ".." => Err(Errno::EINVAL),
        _ if name.len() > NAME_MAX => Err(Errno::ENAMETOOLONG),
        Some(Node::Dir(entries)) => Ok(entries
            .get_key_value(name)
            .map(|(name, &target)| (name, target))),
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
enum End<'a> {
    /// To a directory that no name in the path stands for: the root.
    Dir(Ino),
    /// To a name, which has to be that of a directory if `asks_dir`.
    At {
        dir: Ino,
        name: &'a str,
        found: Option<(&'a Name, Ino)>,
        asks_dir: bool,
    },
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
fn walk<'a>(image: &'a Image, path: &'a str, last: Last) -> Result<End<'a>, Errno> {
    let mut way = Way::along(path);
    let mut asks_dir = is_dir_path(path);
    let mut dir = ROOT;
    let mut links = 0;
    while let Some(name) = way.next() {
        let is_last = way.is_done();
        if is_last && asks_dir && last == Last::Made && image.dir(dir).is_some() {
            return Err(Errno::EISDIR);
        }
        let found = enter(image, dir, name)?;
        if (!is_last || last != Last::Named)
            && let Some(Node::Symlink(leads_to)) = found.and_then(|(_, ino)| image.node(ino))
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
            way.detour(leads_to);
            continue;
        }
        if is_last {
            return Ok(End::At {
                dir,
                name,
                found,
                asks_dir,
            });
        }
        dir = found.ok_or(Errno::ENOENT)?.1;
    }
    Ok(End::Dir(dir))
}

fn inode(image: &Image, path: &str, last: Last) -> Result<Ino, Errno> {
    match walk(image, path, last)? {
        End::Dir(ino) => Ok(ino),
        End::At {
            found, asks_dir, ..
        } => {
            let (_, ino) = found.ok_or(Errno::ENOENT)?;
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
        End::At {
            dir, name, found, ..
        } => Ok(Place {
            dir,
            name: found.map_or_else(|| Arc::from(name), |(name, _)| Arc::clone(name)),
            target: found.map(|(_, target)| target),
        }),
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
