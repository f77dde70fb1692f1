//! What an eviction that a plan decided on takes from what is pending.

use super::atom::Atom;
use super::holder::Holder;
use super::pending::Pending;
use crate::image::{Ino, SECTOR};
use crate::log::MicroOp;
use crate::object_target::ObjectTarget;

/// Bytes in a sector.
const SECTOR_BYTES: u64 = SECTOR as u64;

impl Pending {
    /// Forgets what the client had for a file, or for the part of it that is on one target: it can reach no disk any more.
    ///
    /// **Not modelled**: pages that the client had sent before. The process sees none of them, so the servers have none.
    pub(super) fn discard_unsent(&mut self, ino: Ino, target: Option<ObjectTarget>) {
        let is_unsent = |atom: &Atom| atom.held == Holder::Client && atom.touches_file(ino);
        let Some(target) = target else {
            self.keep(|atom| !is_unsent(atom));
            return;
        };
        // The plan's stripes need not be those of the disk, so that an atom may be on the target in part.
        for atom in self.atoms.iter_mut().filter(|atom| is_unsent(atom)) {
            atom.leave(ino, target);
        }
        self.keep(|atom| !atom.is_spent());
    }
}

impl Atom {
    /// Drops what it changes of a file on a target. A length that ended there ends with the data that is left.
    fn leave(&mut self, file: Ino, target: ObjectTarget) {
        let mut left: Vec<MicroOp> = Vec::with_capacity(self.changes.len());
        let mut end = 0;
        let written = self.changes.iter().filter_map(MicroOp::new_sectors);
        for data in written.filter(|data| data.ino == file) {
            let (start, stop) = data.bytes();
            for (from, to) in target.runs_elsewhere(start, stop) {
                end = end.max(to);
                left.push(data.part(from / SECTOR_BYTES..to / SECTOR_BYTES));
            }
        }
        for change in std::mem::take(&mut self.changes) {
            match change {
                MicroOp::Data { ino, .. } if ino == file => {}
                MicroOp::Size { ino, len, change } if ino == file => {
                    let is_gone = len > 0 && target.holds(len - 1);
                    let len = if is_gone { len.min(end) } else { len };
                    if !is_gone || len > 0 {
                        left.push(MicroOp::Size { ino, len, change });
                    }
                }
                other => left.push(other),
            }
        }
        self.changes = left;
    }
}
