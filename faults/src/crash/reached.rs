//! The inodes that a name reaches.

use super::atom::Atom;
use crate::image::{Image, Ino};

/// Every inode that a durable, visible or pending name reaches, sorted.
pub(super) fn reached(base: &Image, volatile: &Image, atoms: &[Atom]) -> Vec<Ino> {
    let mut live: Vec<Ino> = Vec::new();
    base.walk(&mut |_, ino| live.push(ino));
    volatile.walk(&mut |_, ino| live.push(ino));
    for atom in atoms {
        live.extend(atom.names().filter_map(|(_, _, target)| target));
    }
    // A pending name may lead to a directory that has entries of its own, in either image.
    let mut next = 0;
    while let Some(&ino) = live.get(next) {
        for image in [base, volatile] {
            let entries = image
                .dir(ino)
                .into_iter()
                .flat_map(|entries| entries.values());
            for &child in entries {
                if !live.contains(&child) {
                    live.push(child);
                }
            }
        }
        next += 1;
    }
    live.sort_unstable();
    live
}
