//! From a choice of atoms to an image, by way of what recovery can observe.
//!
//! The state of a disk factors into the name space and the content of each file. Each factor depends on few atoms, so it is
//! computed once per distinct choice of those, and a state is looked up rather than built: building happens for images that
//! nobody has seen yet.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::atom::Atom;
use super::atom_set::AtomSet;
use crate::image::{Content, Image, Ino, Node, SECTOR, Sector, file_term};
use crate::log::MicroOp;

/// The name space under one choice of name changes.
#[derive(Clone, Debug)]
pub(super) struct NameSpace {
    /// The reachable directories and files, the files with their durable content.
    skeleton: Image,
    /// Hash of the directories and of all files that no pending atom touches.
    settled: u128,
    /// Reachable files with pending content: identity, hash of the names, the atoms that touch it.
    open: Vec<(Ino, u128, AtomSet)>,
}

/// Contents and name spaces computed so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Memo {
    names: FxHashMap<AtomSet, Arc<NameSpace>>,
    /// By file, chosen atoms and, where lost ones show garbage, lost atoms.
    files: FxHashMap<(Ino, AtomSet, AtomSet), (u128, Arc<Content>)>,
}

/// Everything that determines the states at one crash point.
pub(super) struct View<'a> {
    pub(super) base: &'a Image,
    pub(super) atoms: &'a [Atom],
    /// The atoms that change names.
    pub(super) naming: AtomSet,
}

impl Memo {
    /// Forgets the name spaces: a file that was settled may be pending now.
    pub(super) fn forget_names(&mut self) {
        self.names.clear();
    }

    /// Forgets everything: the base has moved.
    pub(super) fn forget(&mut self) {
        self.names.clear();
        self.files.clear();
    }

    /// Hash of everything recovery can observe under this choice.
    pub(super) fn key(&mut self, view: &View<'_>, kept: AtomSet, garbage: bool) -> u128 {
        let space = self.space(view, kept);
        space
            .open
            .iter()
            .fold(space.settled, |sum, &(ino, names, touching)| {
                let (hash, _) = self.file(view, ino, kept, touching, garbage);
                sum ^ file_term(names, *hash)
            })
    }

    /// The image under this choice.
    pub(super) fn image(&mut self, view: &View<'_>, kept: AtomSet, garbage: bool) -> Image {
        let space = self.space(view, kept);
        let mut image = space.skeleton.clone();
        for &(ino, _, touching) in &space.open {
            let (_, content) = self.file(view, ino, kept, touching, garbage);
            image.insert(ino, Node::File(Arc::clone(content)));
        }
        image
    }

    fn space(&mut self, view: &View<'_>, kept: AtomSet) -> Arc<NameSpace> {
        let chosen = kept.intersection(view.naming);
        if let Some(space) = self.names.get(&chosen) {
            return Arc::clone(space);
        }
        let space = Arc::new(self.build_space(view, chosen));
        self.names.insert(chosen, Arc::clone(&space));
        space
    }

    fn build_space(&mut self, view: &View<'_>, chosen: AtomSet) -> NameSpace {
        let mut skeleton = view.base.clone();
        for position in chosen.iter() {
            for change in &view.atoms[position].changes {
                if matches!(change, MicroOp::Name { .. }) {
                    skeleton.apply(change);
                }
            }
        }
        let names = skeleton.names();
        let mut settled = names.dirs;
        let mut open = Vec::new();
        for &(ino, name) in &names.files {
            let touching = view
                .atoms
                .iter()
                .enumerate()
                .filter(|(_, atom)| atom.touches_file(ino))
                .fold(AtomSet::EMPTY, |mut set, (position, _)| {
                    set.insert(position);
                    set
                });
            if touching.is_empty() {
                let (hash, content) = self.file(view, ino, AtomSet::EMPTY, touching, false);
                settled ^= file_term(name, *hash);
                let content = Arc::clone(content);
                skeleton.insert(ino, Node::File(content));
            } else {
                open.push((ino, name, touching));
            }
        }
        let mut reachable: Vec<Ino> = names.files.iter().map(|&(ino, _)| ino).collect();
        skeleton.walk(&mut |_, ino| reachable.push(ino));
        skeleton.retain(|ino| reachable.contains(&ino));
        NameSpace {
            skeleton,
            settled,
            open,
        }
    }

    fn file(
        &mut self,
        view: &View<'_>,
        ino: Ino,
        kept: AtomSet,
        touching: AtomSet,
        garbage: bool,
    ) -> &(u128, Arc<Content>) {
        let chosen = kept.intersection(touching);
        let exposed = if garbage {
            touching.difference(chosen)
        } else {
            AtomSet::EMPTY
        };
        self.files
            .entry((ino, chosen, exposed))
            .or_insert_with(|| build_file(view, ino, chosen, exposed))
    }
}

fn build_file(
    view: &View<'_>,
    ino: Ino,
    chosen: AtomSet,
    exposed: AtomSet,
) -> (u128, Arc<Content>) {
    let mut content = view
        .base
        .file(ino)
        .map_or_else(Content::default, |content| (**content).clone());
    let mut image_changes = |set: AtomSet, apply: &mut dyn FnMut(&mut Content, &MicroOp)| {
        for position in set.iter() {
            for change in &view.atoms[position].changes {
                if change.file() == Some(ino) {
                    apply(&mut content, change);
                }
            }
        }
    };
    image_changes(chosen, &mut apply);
    image_changes(exposed, &mut |content, change| expose(content, ino, change));
    content.trim();
    (content.hash(), Arc::new(content))
}

fn apply(content: &mut Content, change: &MicroOp) {
    match change {
        MicroOp::Data { first, sectors, .. } => {
            for (index, sector) in sectors.iter().enumerate() {
                content.set_sector(first + index as u64, Some(Arc::clone(sector)));
            }
        }
        MicroOp::Zero { from, to, .. } => content.clear(*from, *to),
        MicroOp::Size { len, .. } => content.set_len(*len),
        MicroOp::Inode { .. } | MicroOp::Name { .. } => {}
    }
}

/// Fills the sectors that a lost write had allocated, and that nothing else wrote, with what the disk held there before.
fn expose(content: &mut Content, ino: Ino, lost: &MicroOp) {
    if let MicroOp::Data { first, sectors, .. } = lost {
        for index in *first..first + sectors.len() as u64 {
            if index * (SECTOR as u64) < content.len() && content.sector(index).is_none() {
                content.set_sector(index, Some(Sector::garbage(ino.0, index)));
            }
        }
    }
}
