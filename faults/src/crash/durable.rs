//! What is durable at a position, and what a crash there may take or leave of it.

use super::atom::Atom;
use super::frontier::Frontier;
use crate::image::{Image, Ino, Node, ROOT};

impl Frontier {
    /// What is durable here for certain.
    pub const fn durable(&self) -> &Image {
        &self.base
    }

    /// Whether no pending change takes anything of an image away.
    pub fn keeps_all(&self, image: &Image) -> bool {
        let mut changed = self.pending.atoms.iter().filter(|atom| !atom.is_damage());
        changed.all(|atom| atom.changes.iter().all(|it| image.keeps_all_after(it)))
    }

    /// Whether some crash may leave a name of a file or directory.
    pub fn may_name(&self, ino: Ino) -> bool {
        let mut durable = self.base.nodes();
        let is_entry = |(_, node): (Ino, &Node)| match node {
            Node::Dir(entries) => entries.values().any(|&of| of == ino),
            _ => false,
        };
        let names_it = |atom: &Atom| atom.names().any(|(_, _, target)| target == Some(ino));
        ino == ROOT || durable.any(is_entry) || self.pending.atoms.iter().any(names_it)
    }
}
