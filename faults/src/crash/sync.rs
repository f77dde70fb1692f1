//! What a successful sync makes durable.

use super::atom::Atom;
use super::atom_set::AtomSet;
use crate::image::Ino;
use crate::log::Scope;
use crate::profile::{Cover, Profile};

/// The pending atoms that a successful sync of `scope` makes durable.
pub(super) fn forced(profile: &Profile, scope: Scope, pending: &[Atom]) -> AtomSet {
    let (covers, ino) = covers(profile, scope);
    let names_it = |atom: &Atom| atom.names().any(|(_, _, target)| target == Some(ino));
    // The sync of a file or directory waits for the transaction that changed it last; what came after may be in another.
    let changed = pending
        .iter()
        .rposition(|atom| atom.touches_file(ino) || names_it(atom) || atom.touches_dir(ino));
    let size_changed = pending
        .iter()
        .rposition(|atom| atom.touches_file(ino) && atom.has_size());
    let covered = |position: usize, atom: &Atom| {
        covers.iter().any(|cover| match cover {
            Cover::Data => atom.touches_file(ino) && atom.has_data(),
            Cover::Size => atom.touches_file(ino) && atom.has_size(),
            Cover::OwnNames => names_it(atom),
            Cover::Entries => atom.touches_dir(ino),
            Cover::PriorMetadata => changed.is_some_and(|last| position <= last) && atom.journalled,
            Cover::AllMetadata => changed.is_some() && atom.journalled,
            Cover::PriorMetadataIfSize => {
                size_changed.is_some_and(|last| position <= last) && atom.journalled
            }
        })
    };
    let mut set = AtomSet::EMPTY;
    for (position, atom) in pending.iter().enumerate() {
        if !atom.marked_clean && covered(position, atom) {
            if !profile.sync_escapes_order {
                set = set.union(atom.before);
            }
            set.insert(position);
        }
    }
    if profile.sync_escapes_order {
        with_paths(set, pending)
    } else {
        set
    }
}

/// What a sync of `scope` covers, and whose sync it is.
fn covers(profile: &Profile, scope: Scope) -> (&[Cover], Ino) {
    match scope {
        Scope::File(ino) => (&profile.fsync_covers, ino),
        Scope::FileData(ino) => (&profile.fdatasync_covers, ino),
        Scope::Dir(ino) => (&profile.fsync_dir_covers, ino),
    }
}

/// Adds what a log of a few inodes needs to be replayed: the names of the directories that lead to its names, and what became of
/// files that had one of these names before (they would be lost otherwise).
fn with_paths(mut set: AtomSet, pending: &[Atom]) -> AtomSet {
    loop {
        let mut grown = set;
        for position in set.iter() {
            for (dir, name, _) in pending[position].names() {
                for (earlier, atom) in pending[..position].iter().enumerate() {
                    let is_needed = atom.names().any(|(of, other, target)| {
                        target == Some(dir) || (of == dir && other == name)
                    });
                    if is_needed {
                        grown.insert(earlier);
                    }
                }
            }
        }
        if grown == set {
            return set;
        }
        set = grown;
    }
}

/// The first pending move between directories of which a sync of `scope` writes the new name alone.
pub(super) fn parted(profile: &Profile, scope: Scope, pending: &[Atom]) -> Option<usize> {
    let (covers, ino) = covers(profile, scope);
    if !profile.sync_escapes_order {
        return None;
    }
    pending.iter().position(|atom| {
        let mut names = atom.names();
        let mut removed = atom.names().filter(|(_, _, target)| target.is_none());
        let added = names.find(|(dir, _, target)| {
            (*target == Some(ino) && covers.contains(&Cover::OwnNames))
                || (target.is_some() && *dir == ino && covers.contains(&Cover::Entries))
        });
        added.is_some_and(|(to, _, _)| removed.any(|(from, _, _)| from != to))
    })
}
