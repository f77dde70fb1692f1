//! Files that have lost their last name and are open: their blocks are their own until they are closed.
//!
//! The end of a process closes them, in the log and in a [fork](Frontier::fork): what it had not synced by then may go to the blocks of a
//! file that it had replaced, although it held that open.

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

    /// Closes every file that has lost a name, as the end of a process does. Returns whether the legal states may have changed.
    pub(super) fn close_orphans(&mut self) -> bool {
        let mut changed = false;
        for ino in std::mem::take(&mut self.orphans.held) {
            changed |= self.free_unnamed(ino);
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use plimsoll_reference::fs::{FsFile, FsOps, OpenOptions, read_to_end};

    use super::*;
    use crate::crash::Bounds;
    use crate::disk::SimFs;
    use crate::image::Image;
    use crate::profile::Profile;
    use crate::rng::Rng;

    const LEN: usize = 512;

    fn create(fs: &SimFs, path: &str, byte: u8) -> Box<dyn FsFile> {
        let options = OpenOptions::read_write().create_new().append();
        let file = fs.open(Path::new(path), options).expect("there is room");
        file.append(&[byte; LEN]).expect("there is room");
        file
    }

    /// The first bytes that a power loss may show at `current`, after a file that is open was replaced there and another was written.
    fn shown(frontier: &mut Frontier) -> Vec<u8> {
        let bounds = Bounds {
            exhaustive: 1 << 10,
            samples: 0,
        };
        let mut states = Vec::new();
        assert!(frontier.states(bounds, &mut Rng::stream(1, "states"), &mut states));
        let mut shown: Vec<u8> = states
            .into_iter()
            .map(|state| {
                let disk = SimFs::new(frontier.image(state));
                let file = disk.open(Path::new("current"), OpenOptions::read_only());
                read_to_end(&*file.expect("it was durable")).expect("it can be read")[0]
            })
            .collect();
        shown.sort_unstable();
        shown.dedup();
        shown
    }

    #[test]
    fn the_end_of_a_process_frees_what_it_had_open_and_replaced() {
        let fs = SimFs::new(Image::new());
        let held = create(&fs, "current", b'o');
        let new = create(&fs, "next", b'n');
        for file in [&held, &new] {
            file.sync_all().expect("a sync");
        }
        fs.sync_dir(Path::new("")).expect("a sync");
        fs.rename(Path::new("next"), Path::new("current"))
            .expect("a name");
        let log = create(&fs, "log", b'l');
        let profile = Profile::named("ext4-writeback").expect("it ships");
        let mut frontier = Frontier::new(Image::new(), profile);
        for entry in fs.take_log() {
            frontier.advance(&entry);
        }
        assert_eq!(shown(&mut frontier), *b"no");
        let mut fork = frontier.fork();
        assert!(fork.is_fresh());
        assert_eq!(shown(&mut fork), *b"lno");
        drop((held, log));
    }
}
