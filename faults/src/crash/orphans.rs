//! Files that have lost their last name and are open: their blocks are their own until they are closed.
//!
//! **Not modelled**: the handles that a killed process leaves to be closed, in a [fork](Frontier::fork): what it had not synced by then
//! may go to blocks of a file that it had replaced, and its successor can do nothing about that. A kill in the log closes them.

use super::frontier::Frontier;
use super::reuse::{may_reuse, reuse};
use crate::image::Ino;
use crate::log::{Entry, MicroOp};

/// Open files that have lost a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Orphans {
    held: Vec<Ino>,
}

impl Orphans {
    /// Whether a file that has lost a name is still open.
    pub(super) fn is_open(&self, ino: Ino) -> bool {
        self.held.contains(&ino)
    }
}

impl Frontier {
    /// Takes note of files that lose a name while open, and of the end of their last handle. Returns whether the legal states may have
    /// changed.
    pub(super) fn note_handles(&mut self, entry: &Entry) -> bool {
        let mut changed = false;
        for change in &entry.changes {
            match change {
                MicroOp::Held { ino, .. } if !self.orphans.held.contains(ino) => {
                    self.orphans.held.push(*ino);
                }
                MicroOp::Released { ino } => {
                    self.orphans.held.retain(|held| held != ino);
                    changed |= self.free_unnamed(*ino);
                }
                _ => {}
            }
        }
        changed
    }

    /// A file is closed, and if it has no name its blocks are free from now on. As long as the removal of its last name is pending,
    /// they are to be seen under that name, and part of what that removal is for; after that nobody sees them.
    fn free_unnamed(&mut self, ino: Ino) -> bool {
        let is_named = self.volatile.links(ino) > 0;
        if !may_reuse(&self.profile) || is_named {
            return false;
        }
        let Some(removal) = self.last_removal(ino) else {
            return false;
        };
        let changes = &mut self.pending.atoms[removal].changes;
        changes.push(MicroOp::Free { ino });
        let found = reuse(
            &self.profile,
            &mut self.pending,
            &(removal..removal + 1),
            &self.base,
            &self.volatile,
            &self.orphans,
        );
        // The atom was changed, too: what was computed over it is of no use.
        self.renumbered();
        found
    }

    /// The last pending atom by which a file loses a name.
    fn last_removal(&self, ino: Ino) -> Option<usize> {
        let atoms = &self.pending.atoms;
        atoms.iter().enumerate().rposition(|(position, atom)| {
            atom.names().any(|(dir, name, target)| {
                let mut earlier = atoms[..position].iter().rev();
                let before = earlier
                    .find_map(|atom| {
                        let mut names = atom.names();
                        let entry = names.find(|(of, other, _)| *of == dir && *other == name);
                        entry.map(|(_, _, target)| target)
                    })
                    .unwrap_or_else(|| {
                        let entries = self.base.dir(dir);
                        entries.and_then(|entries| entries.get(name)).copied()
                    });
                before == Some(ino) && target != Some(ino)
            })
        })
    }
}
