//! What recovery can observe of a name space.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::sector::mix;
use super::tree::{Image, Ino, Node, ROOT};

/// A file that names reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NamedFile {
    pub(crate) ino: Ino,
    /// Hash of all its names.
    pub(crate) hash: u128,
    /// Number of its names.
    links: u32,
}

/// The observable part of a name space.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Hash of the directories and symbolic links.
    pub(crate) dirs: u128,
    /// Every file that a name reaches, in order of inodes.
    pub(crate) files: Vec<NamedFile>,
    /// Every directory that was looked into, with what stands for its path.
    prefixes: Vec<(Ino, u64)>,
    /// Whether a directory has several paths.
    tangled: bool,
}

impl Names {
    /// The hash of a path: of a name in a directory. There is none where the directory has none, or more than one.
    pub(crate) fn path(&self, dir: Ino, name: &str) -> Option<u64> {
        if self.tangled {
            return None;
        }
        let (_, prefix) = self.prefixes.iter().find(|(ino, _)| *ino == dir)?;
        Some(path_hash(*prefix, name))
    }

    /// A file gets a name.
    pub(crate) fn add(&mut self, ino: Ino, path: u64) {
        let term = mix(u128::from(path), 2);
        match self.files.binary_search_by_key(&ino, |file| file.ino) {
            Ok(position) => {
                let file = &mut self.files[position];
                file.hash ^= term;
                file.links += 1;
            }
            Err(position) => {
                let file = NamedFile {
                    ino,
                    hash: term,
                    links: 1,
                };
                self.files.insert(position, file);
            }
        }
    }

    /// A file loses a name, which it has.
    pub(crate) fn remove(&mut self, ino: Ino, path: u64) {
        if let Ok(position) = self.files.binary_search_by_key(&ino, |file| file.ino) {
            let file = &mut self.files[position];
            file.hash ^= mix(u128::from(path), 2);
            file.links -= 1;
            if file.links == 0 {
                self.files.remove(position);
            }
        }
    }

    fn visit(&mut self, image: &Image, dir: Ino, prefix: u64) {
        let Some(entries) = image.dir(dir) else {
            return;
        };
        self.prefixes.push((dir, prefix));
        for (name, &ino) in entries.iter() {
            let path = path_hash(prefix, name);
            match image.node(ino) {
                Some(Node::Dir(_)) => {
                    let mut known = self.prefixes.iter();
                    match known.find(|(known, _)| *known == ino) {
                        // A crash may leave a directory two names, or inside itself: what it holds was told under its first path, and that
                        // it is that one can be observed.
                        Some(&(_, first)) => {
                            self.tangled = true;
                            self.dirs ^= mix(u128::from(path) << 64 | u128::from(first), 4);
                        }
                        None => {
                            self.dirs ^= mix(u128::from(path), 1);
                            self.visit(image, ino, path | 1);
                        }
                    }
                }
                // Which names lead to the same link cannot matter: it never changes.
                Some(Node::Symlink(target)) => {
                    let target = xxh3_128(target.as_bytes());
                    self.dirs ^= mix(target ^ u128::from(path), 3);
                }
                Some(Node::File(_)) | None => self.add(ino, path),
            }
        }
    }
}

fn path_hash(prefix: u64, name: &str) -> u64 {
    xxh3_64(name.as_bytes()) ^ prefix.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Image {
    /// The names that lead to files, hashed: what recovery can observe of the name space.
    pub(crate) fn names(&self) -> Names {
        let mut names = Names::default();
        names.visit(self, ROOT, 0);
        names
    }

    /// Hash of everything that can be observed: names, link identity and contents. Inode numbers do not count.
    pub fn hash(&self) -> u128 {
        let names = self.names();
        names.files.iter().fold(names.dirs, |sum, file| {
            let content = self.file(file.ino).map_or(0, |content| content.hash());
            sum ^ file_term(file.hash, content)
        })
    }
}

/// What a file adds to the hash of an image.
pub(crate) fn file_term(names: u128, content: u128) -> u128 {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&names.to_le_bytes());
    bytes[16..].copy_from_slice(&content.to_le_bytes());
    xxh3_128(&bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::log::MicroOp;

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    /// Directories 2 to 4, with these names: in which directory, the position of the name, and of what.
    fn image(names: &[(u64, usize, u64)]) -> Image {
        let mut image = Image::new();
        for ino in 2..5 {
            image.insert(Ino(ino), Node::Dir(Arc::default()));
        }
        for &(dir, name, target) in names {
            image.apply(&MicroOp::Name {
                dir: Ino(dir),
                name: Arc::from(NAMES[name]),
                target: Some(Ino(target)),
            });
        }
        image
    }

    #[test]
    fn a_directory_with_two_names_is_another_than_two_directories() {
        let one = image(&[(1, 0, 2), (1, 1, 2)]);
        let two = image(&[(1, 0, 2), (1, 1, 3)]);
        assert_ne!(one.hash(), two.hash());
        let other_numbers = image(&[(1, 0, 4), (1, 1, 4)]);
        assert_eq!(one.hash(), other_numbers.hash());
    }

    #[test]
    fn directories_inside_each_other_are_told_at_once() {
        // Under each of two names the other, twice: paths without an end, and twice as many with each step.
        let inside = [(1, 0, 2), (2, 0, 3), (2, 1, 3), (3, 0, 2), (3, 1, 2)];
        let with = |more: (u64, usize, u64)| image(&[&inside[..], &[more]].concat()).hash();
        assert_ne!(with((3, 2, 2)), with((3, 2, 3)));
        assert_ne!(with((3, 2, 4)), with((2, 2, 4)));
    }
}
