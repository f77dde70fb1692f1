//! A whole disk: inodes and the names that reach them.

use std::collections::BTreeMap;
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::content::Content;
use super::sector::mix;
use crate::log::MicroOp;

/// Identity of a file or directory. Names come and go; this stays, and is never used twice on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ino(pub u64);

/// The root directory.
pub const ROOT: Ino = Ino(1);

/// A name in a directory.
pub type Name = Arc<str>;

/// The entries of a directory.
pub type Entries = BTreeMap<Name, Ino>;

/// A file or a directory.
#[derive(Clone, Debug)]
pub enum Node {
    /// A regular file.
    File(Arc<Content>),
    /// A directory.
    Dir(Arc<Entries>),
}

/// The content of a disk. Cloning is cheap: everything large is shared until it changes.
#[derive(Clone, Debug)]
pub struct Image {
    nodes: BTreeMap<Ino, Node>,
    next: u64,
}

impl Default for Image {
    fn default() -> Self {
        Self::new()
    }
}

impl Image {
    /// An empty disk: the root directory and nothing in it.
    pub fn new() -> Self {
        Self {
            nodes: BTreeMap::from([(ROOT, Node::Dir(Arc::default()))]),
            next: ROOT.0 + 1,
        }
    }

    /// The inode number that the next file or directory gets.
    pub const fn next_ino(&self) -> Ino {
        Ino(self.next)
    }

    /// The file or directory of this number.
    pub fn node(&self, ino: Ino) -> Option<&Node> {
        self.nodes.get(&ino)
    }

    /// Every inode, reachable or not.
    pub fn nodes(&self) -> impl Iterator<Item = (Ino, &Node)> {
        self.nodes.iter().map(|(&ino, node)| (ino, node))
    }

    /// The content of a file.
    pub fn file(&self, ino: Ino) -> Option<&Arc<Content>> {
        match self.nodes.get(&ino)? {
            Node::File(content) => Some(content),
            Node::Dir(_) => None,
        }
    }

    /// The entries of a directory.
    pub fn dir(&self, ino: Ino) -> Option<&Arc<Entries>> {
        match self.nodes.get(&ino)? {
            Node::Dir(entries) => Some(entries),
            Node::File(_) => None,
        }
    }

    /// Puts a file or directory in place of what was there.
    pub fn insert(&mut self, ino: Ino, node: Node) {
        self.next = self.next.max(ino.0 + 1);
        self.nodes.insert(ino, node);
    }

    /// Forgets the inodes that `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(Ino) -> bool) {
        self.nodes.retain(|&ino, _| ino == ROOT || keep(ino));
    }

    /// Forgets every inode that no name reaches.
    pub fn keep_reachable(&mut self) {
        let mut reachable = Vec::with_capacity(self.nodes.len());
        self.reach(ROOT, &mut reachable);
        self.nodes
            .retain(|&ino, _| ino == ROOT || reachable.contains(&ino));
    }

    fn reach(&self, dir: Ino, reachable: &mut Vec<Ino>) {
        let Some(entries) = self.dir(dir) else { return };
        for &ino in entries.values() {
            if !reachable.contains(&ino) {
                reachable.push(ino);
                self.reach(ino, reachable);
            }
        }
    }

    /// Number of names that a file or directory has, in directories reachable or not.
    pub fn links(&self, ino: Ino) -> u64 {
        self.nodes
            .values()
            .filter_map(|node| match node {
                Node::Dir(entries) => Some(entries),
                Node::File(_) => None,
            })
            .flat_map(|entries| entries.values())
            .filter(|&&target| target == ino)
            .count() as u64
    }

    /// Number of inodes held, reachable or not.
    pub fn inode_count(&self) -> usize {
        self.nodes.len()
    }

    /// Applies one change. Changes of inodes that are gone are without effect.
    pub fn apply(&mut self, op: &MicroOp) {
        match op {
            MicroOp::Inode { ino, is_dir } => {
                let node = if *is_dir {
                    Node::Dir(Arc::default())
                } else {
                    Node::File(Arc::default())
                };
                self.insert(*ino, node);
            }
            MicroOp::Data {
                ino,
                first,
                sectors,
            } => {
                if let Some(content) = self.file_mut(*ino) {
                    for (index, sector) in sectors.iter().enumerate() {
                        content.set_sector(first + index as u64, Some(Arc::clone(sector)));
                    }
                }
            }
            MicroOp::Zero { ino, from } => {
                if let Some(content) = self.file_mut(*ino) {
                    content.cut(*from);
                }
            }
            MicroOp::Size { ino, len, change } => {
                if let Some(content) = self.file_mut(*ino) {
                    content.set_len(change.applied(content.len(), *len));
                }
            }
            MicroOp::Evicted { ino, content } => {
                if let Some(file) = self.file_mut(*ino) {
                    *file = (**content).clone();
                }
            }
            // No process sees the name that a client gives an open file.
            MicroOp::Held { .. } | MicroOp::Released { .. } => {}
            MicroOp::Name { dir, name, target } => {
                if let Some(Node::Dir(entries)) = self.nodes.get_mut(dir) {
                    let entries = Arc::make_mut(entries);
                    match target {
                        Some(target) => entries.insert(Arc::clone(name), *target),
                        None => entries.remove(name),
                    };
                }
            }
        }
    }

    fn file_mut(&mut self, ino: Ino) -> Option<&mut Content> {
        match self.nodes.get_mut(&ino)? {
            Node::File(content) => Some(Arc::make_mut(content)),
            Node::Dir(_) => None,
        }
    }

    /// Visits every name from the root down, in order of paths. A directory that is reached twice is visited once.
    pub fn walk(&self, visit: &mut dyn FnMut(&str, Ino)) {
        let mut path = String::new();
        let mut seen = vec![ROOT];
        self.walk_dir(ROOT, &mut path, &mut seen, visit);
    }

    fn walk_dir(
        &self,
        dir: Ino,
        path: &mut String,
        seen: &mut Vec<Ino>,
        visit: &mut dyn FnMut(&str, Ino),
    ) {
        let Some(entries) = self.dir(dir) else { return };
        for (name, &ino) in entries.iter() {
            let len = path.len();
            if len > 0 {
                path.push('/');
            }
            path.push_str(name);
            visit(path, ino);
            if matches!(self.node(ino), Some(Node::Dir(_))) && !seen.contains(&ino) {
                seen.push(ino);
                self.walk_dir(ino, path, seen, visit);
            }
            path.truncate(len);
        }
    }

    /// The names that lead to files, hashed: what recovery can observe of the name space.
    pub(crate) fn names(&self) -> Names {
        let mut names = Names::default();
        self.names_in(ROOT, 0, 0, &mut names);
        names
    }

    fn names_in(&self, dir: Ino, prefix: u64, depth: u32, names: &mut Names) {
        let Some(entries) = self.dir(dir) else { return };
        // A crash may leave a directory inside itself; what lies that deep cannot be observed by any bounded recovery.
        if depth > DEPTH_MAX {
            return;
        }
        for (name, &ino) in entries.iter() {
            let path = xxh3_64(name.as_bytes())
                ^ prefix.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            match self.node(ino) {
                Some(Node::Dir(_)) => {
                    names.dirs ^= mix(u128::from(path), 1);
                    self.names_in(ino, path | 1, depth + 1, names);
                }
                Some(Node::File(_)) | None => {
                    match names.files.iter_mut().find(|(file, _)| *file == ino) {
                        Some((_, sum)) => *sum ^= mix(u128::from(path), 2),
                        None => names.files.push((ino, mix(u128::from(path), 2))),
                    }
                }
            }
        }
    }

    /// Hash of everything that can be observed: names, link identity and contents. Inode numbers do not count.
    pub fn hash(&self) -> u128 {
        let names = self.names();
        names.files.iter().fold(names.dirs, |sum, (ino, name)| {
            sum ^ file_term(*name, self.file(*ino).map_or(0, |content| content.hash()))
        })
    }
}

/// Deepest directory that canonicalisation looks into.
const DEPTH_MAX: u32 = 64;

/// The observable part of a name space.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Hash of the directories.
    pub(crate) dirs: u128,
    /// Every file that a name reaches, with the hash of all its names.
    pub(crate) files: Vec<(Ino, u128)>,
}

/// What a file adds to the hash of an image.
pub(crate) fn file_term(names: u128, content: u128) -> u128 {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&names.to_le_bytes());
    bytes[16..].copy_from_slice(&content.to_le_bytes());
    xxh3_128(&bytes)
}
