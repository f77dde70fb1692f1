//! A whole disk: inodes and the names that reach them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::content::Content;
use super::entries::Entries;
use crate::log::{InodeKind, MicroOp};

/// Identity of a file, directory or symbolic link. Names come and go; this stays, and is never used twice on a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ino(pub u64);

/// The root directory.
pub const ROOT: Ino = Ino(1);

/// A name in a directory.
pub type Name = Arc<str>;

/// What a name leads to.
#[derive(Clone, Debug)]
pub enum Node {
    /// A regular file.
    File(Arc<Content>),
    /// A directory.
    Dir(Arc<Entries>),
    /// A symbolic link, with its target.
    Symlink(Arc<str>),
}

/// The content of a disk. Cloning is cheap: everything large is shared until it changes.
#[derive(Clone, Debug)]
pub struct Image {
    /// In order of inodes. A list, because it is copied for each recovery, and new inodes go to its end.
    nodes: Vec<(Ino, Node)>,
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
            nodes: vec![(ROOT, Node::Dir(Arc::default()))],
            next: ROOT.0 + 1,
        }
    }

    /// The inode number that the next file or directory gets.
    pub const fn next_ino(&self) -> Ino {
        Ino(self.next)
    }

    /// The file or directory of this number.
    pub fn node(&self, ino: Ino) -> Option<&Node> {
        let position = self.position(ino).ok()?;
        self.nodes.get(position).map(|(_, node)| node)
    }

    fn node_mut(&mut self, ino: Ino) -> Option<&mut Node> {
        let position = self.position(ino).ok()?;
        self.nodes.get_mut(position).map(|(_, node)| node)
    }

    /// Where an inode is in the list, or where it would be.
    fn position(&self, ino: Ino) -> Result<usize, usize> {
        // Inodes are numbered one after the other, from the root on: none is farther along than its number says.
        let guess = ino.0.saturating_sub(ROOT.0) as usize;
        if self.nodes.get(guess).is_some_and(|&(at, _)| at == ino) {
            return Ok(guess);
        }
        let end = self.nodes.len().min(guess + 2);
        self.nodes[..end].binary_search_by_key(&ino, |&(ino, _)| ino)
    }

    /// Every inode, reachable or not.
    pub fn nodes(&self) -> impl Iterator<Item = (Ino, &Node)> {
        self.nodes.iter().map(|(ino, node)| (*ino, node))
    }

    /// The content of a file.
    pub fn file(&self, ino: Ino) -> Option<&Arc<Content>> {
        match self.node(ino)? {
            Node::File(content) => Some(content),
            Node::Dir(_) | Node::Symlink(_) => None,
        }
    }

    /// The entries of a directory.
    pub fn dir(&self, ino: Ino) -> Option<&Arc<Entries>> {
        match self.node(ino)? {
            Node::Dir(entries) => Some(entries),
            Node::File(_) | Node::Symlink(_) => None,
        }
    }

    /// Puts a file or directory in place of what was there.
    pub fn insert(&mut self, ino: Ino, node: Node) {
        self.next = self.next.max(ino.0 + 1);
        match self.position(ino) {
            Ok(position) => self.nodes[position].1 = node,
            Err(position) => self.nodes.insert(position, (ino, node)),
        }
    }

    /// Forgets the inodes that `keep` does not want.
    pub fn retain(&mut self, mut keep: impl FnMut(Ino) -> bool) {
        self.nodes.retain(|&(ino, _)| ino == ROOT || keep(ino));
    }

    /// Forgets every inode that no name reaches.
    pub fn keep_reachable(&mut self) {
        let mut reachable = vec![ROOT];
        let mut dirs = vec![ROOT];
        let mut next = 0;
        while let Some(&dir) = dirs.get(next) {
            next += 1;
            let Some(entries) = self.dir(dir) else {
                continue;
            };
            for &ino in entries.values() {
                reachable.push(ino);
                if self.dir(ino).is_some() && !dirs.contains(&ino) {
                    dirs.push(ino);
                }
            }
        }
        reachable.sort_unstable();
        self.nodes
            .retain(|(ino, _)| reachable.binary_search(ino).is_ok());
    }

    /// The same disk with its inodes numbered in the order of [`walk`](Self::walk), so that two whose names and contents are alike are alike
    /// in everything. Inodes that no name reaches are left out.
    #[must_use]
    pub fn renumbered(&self) -> Self {
        let mut numbers = BTreeMap::from([(ROOT, ROOT)]);
        self.walk(&mut |_, ino| {
            let next = Ino(ROOT.0 + numbers.len() as u64);
            numbers.entry(ino).or_insert(next);
        });
        let mut image = Self::new();
        for (ino, node) in &self.nodes {
            let Some(&number) = numbers.get(ino) else {
                continue;
            };
            let node = match node {
                Node::Dir(entries) => {
                    let mut renumbered = Entries::default();
                    for (name, target) in entries.iter() {
                        if let Some(&target) = numbers.get(target) {
                            renumbered.insert(Arc::clone(name), target);
                        }
                    }
                    Node::Dir(Arc::new(renumbered))
                }
                Node::File(_) | Node::Symlink(_) => node.clone(),
            };
            image.insert(number, node);
        }
        image
    }

    /// Number of names that a file or directory has, in directories reachable or not.
    pub fn links(&self, ino: Ino) -> u64 {
        self.nodes
            .iter()
            .filter_map(|(_, node)| match node {
                Node::Dir(entries) => Some(entries),
                Node::File(_) | Node::Symlink(_) => None,
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
            MicroOp::Inode { ino, kind } => {
                let node = match kind {
                    InodeKind::File => Node::File(Arc::default()),
                    InodeKind::Dir => Node::Dir(Arc::default()),
                    InodeKind::Symlink(target) => Node::Symlink(Arc::clone(target)),
                };
                self.insert(*ino, node);
            }
            MicroOp::Data { ino, .. }
            | MicroOp::Garbage { ino, .. }
            | MicroOp::Zero { ino, .. }
            | MicroOp::Size { ino, .. } => {
                if let Some(content) = self.file_mut(*ino) {
                    content.apply(*ino, op);
                }
            }
            MicroOp::Evicted { ino, content, .. } => {
                if let Some(file) = self.file_mut(*ino) {
                    *file = (**content).clone();
                    file.keep_sum();
                }
            }
            // No process sees the name that a client gives an open file.
            MicroOp::Free { .. } | MicroOp::Held { .. } | MicroOp::Released { .. } => {}
            MicroOp::Name { dir, name, target } => {
                if let Some(Node::Dir(entries)) = self.node_mut(*dir) {
                    let entries = Arc::make_mut(entries);
                    match target {
                        Some(target) => entries.insert(Arc::clone(name), *target),
                        None => entries.remove(name),
                    };
                }
            }
        }
    }

    /// Applies changes to what processes see, of which no hash is asked at each step.
    pub(crate) fn show_all(&mut self, ops: &[MicroOp]) {
        for run in ops.chunk_by(|one, next| one.file().is_some() && one.file() == next.file()) {
            let [first, ..] = run else { continue };
            let Some(ino) = first.file() else {
                self.apply(first);
                continue;
            };
            if let Some(content) = self.file_mut(ino) {
                content.forget_sum();
                for op in run {
                    content.apply(ino, op);
                }
            }
        }
    }

    /// The same for one of them.
    pub(crate) fn show(&mut self, op: &MicroOp) {
        self.show_all(std::slice::from_ref(op));
    }

    /// Makes the hashes of all files cheap, also after changes to come.
    pub(crate) fn keep_sums(&mut self) {
        for (_, node) in &mut self.nodes {
            if let Node::File(content) = node
                && !content.keeps_sum()
            {
                Arc::make_mut(content).keep_sum();
            }
        }
    }

    fn file_mut(&mut self, ino: Ino) -> Option<&mut Content> {
        match self.node_mut(ino)? {
            Node::File(content) => Some(Arc::make_mut(content)),
            Node::Dir(_) | Node::Symlink(_) => None,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory, a file in it with a second name beside it, a link, and a file without a name.
    fn image(numbers: [u64; 4]) -> Image {
        let [dir, file, link, orphan] = numbers.map(Ino);
        let mut image = Image::new();
        let content = |bytes: &[u8]| Node::File(Arc::new(Content::from_bytes(bytes)));
        image.insert(orphan, content(b"gone"));
        image.insert(file, content(b"kept"));
        image.insert(link, Node::Symlink("dir/file".into()));
        image.insert(dir, Node::Dir(Arc::default()));
        for (of, name, target) in [
            (ROOT, "second", file),
            (ROOT, "dir", dir),
            (ROOT, "link", link),
            (dir, "file", file),
        ] {
            let name = name.into();
            let target = Some(target);
            image.apply(&MicroOp::Name {
                dir: of,
                name,
                target,
            });
        }
        image
    }

    #[test]
    fn images_that_differ_in_numbers_only_are_alike_once_renumbered() {
        let (one, other) = (image([5, 3, 9, 4]), image([2, 7, 3, 11]));
        let (first, second) = (one.renumbered(), other.renumbered());
        assert_ne!(format!("{one:?}"), format!("{other:?}"));
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
        let mut names = Vec::new();
        first.walk(&mut |path, ino| names.push((path.to_owned(), ino.0)));
        let expected = [("dir", 2), ("dir/file", 3), ("link", 4), ("second", 3)];
        assert_eq!(names, expected.map(|(path, ino)| (path.to_owned(), ino)));
        assert_eq!((first.inode_count(), first.next_ino()), (4, Ino(5)));
        let content = first.file(Ino(3)).expect("it is a file");
        assert_eq!(content.to_vec(), b"kept");
    }
}
