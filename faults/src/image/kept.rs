//! Whether a change leaves alone what an image holds.

use super::content::Content;
use super::sector::{SECTOR, Sector};
use super::tree::Image;
use crate::log::MicroOp;

impl Image {
    /// Whether everything that this image holds is there after a change as well: every name with what it refers to, and every byte of
    /// every file, named or not. What is added, at the end of a file too, takes nothing away.
    pub fn keeps_all_after(&self, change: &MicroOp) -> bool {
        match change {
            MicroOp::Data {
                ino,
                first,
                sectors,
            } => self.file(*ino).is_none_or(|content| {
                (*first..)
                    .zip(sectors)
                    .all(|(index, sector)| is_kept(content, index, sector))
            }),
            MicroOp::Zero { ino, from } => {
                self.file(*ino).is_none_or(|content| content.len() <= *from)
            }
            MicroOp::Size { ino, len, change } => self
                .file(*ino)
                .is_none_or(|content| change.applied(content.len(), *len) >= content.len()),
            MicroOp::Garbage { ino, first, .. } => self
                .file(*ino)
                .is_none_or(|content| content.len() <= first * SECTOR as u64),
            MicroOp::Name { dir, name, target } => {
                let held = self.dir(*dir).and_then(|entries| entries.get(name));
                held.is_none() || held == target.as_ref()
            }
            MicroOp::Evicted { ino, .. } => {
                self.file(*ino).is_none_or(|content| content.is_empty())
            }
            // A file is free when its last name is gone, and that is a change of its own.
            MicroOp::Inode { .. }
            | MicroOp::Free { .. }
            | MicroOp::Held { .. }
            | MicroOp::Released { .. } => true,
        }
    }
}

/// Whether the bytes that a file has in a sector are in its new version.
fn is_kept(content: &Content, index: u64, new: &Sector) -> bool {
    let start = index * SECTOR as u64;
    let len = content.len().saturating_sub(start).min(SECTOR as u64) as usize;
    let old = content
        .sector(index)
        .map_or(&[0; SECTOR], |sector| sector.bytes());
    old[..len] == new.bytes()[..len]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::image::{Ino, ROOT};
    use crate::log::{InodeKind, SizeChange};

    const FILE: Ino = Ino(2);

    /// A file `a` of three bytes.
    fn image() -> Image {
        let mut image = Image::new();
        for change in [
            MicroOp::Inode {
                ino: FILE,
                kind: InodeKind::File,
            },
            name("a", Some(FILE)),
            data(0, b"abc"),
            size(3),
        ] {
            image.apply(&change);
        }
        image
    }

    fn name(name: &str, target: Option<Ino>) -> MicroOp {
        MicroOp::Name {
            dir: ROOT,
            name: Arc::from(name),
            target,
        }
    }

    fn data(first: u64, bytes: &[u8]) -> MicroOp {
        let mut sector = [0; SECTOR];
        sector[..bytes.len()].copy_from_slice(bytes);
        MicroOp::Data {
            ino: FILE,
            first,
            sectors: vec![Sector::new(sector)],
        }
    }

    fn size(len: u64) -> MicroOp {
        MicroOp::Size {
            ino: FILE,
            len,
            change: SizeChange::Set,
        }
    }

    #[test]
    fn what_is_added_takes_nothing_away() {
        let image = image();
        for change in [
            data(0, b"abcd"),
            data(0, b"abc"),
            data(1, b"more"),
            size(4),
            MicroOp::Zero { ino: FILE, from: 3 },
            name("b", Some(FILE)),
            name("b", None),
            name("a", Some(FILE)),
        ] {
            assert!(image.keeps_all_after(&change), "{change:?}");
        }
    }

    #[test]
    fn what_is_overwritten_cut_or_renamed_is_gone() {
        let image = image();
        for change in [
            data(0, b"abX"),
            data(0, b"ab"),
            size(2),
            MicroOp::Zero { ino: FILE, from: 2 },
            name("a", None),
            name("a", Some(Ino(3))),
        ] {
            assert!(!image.keeps_all_after(&change), "{change:?}");
        }
    }
}
