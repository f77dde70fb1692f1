//! From a choice of atoms to an image, by way of what recovery can observe.
//!
//! The state of a disk factors into the name space and the content of each file. Each factor depends on few atoms, so it is
//! computed once per distinct choice of those, and a state is looked up rather than built: building happens for images that
//! nobody has seen yet.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::atom::Atom;
use super::atom_set::AtomSet;
use crate::image::{Content, Image, Ino, Names, Node, SECTOR, Sector, file_term};
use crate::log::MicroOp;

/// The name space under one choice of name changes.
#[derive(Clone, Debug)]
pub(super) struct NameSpace {
    names: Names,
    /// The reachable directories, once an image was asked for.
    skeleton: Option<Image>,
}

/// Contents and name spaces computed so far. They stay valid as atoms are added, until the base moves or atoms are renumbered.
#[derive(Debug, Default)]
pub(super) struct Memo {
    names: FxHashMap<AtomSet, NameSpace>,
    /// By file, chosen atoms and, where lost ones show garbage, lost atoms.
    files: FxHashMap<(Ino, AtomSet, AtomSet), (u128, Arc<Content>)>,
}

/// Everything that determines the states at one crash point.
pub(super) struct View<'a> {
    pub(super) base: &'a Image,
    pub(super) atoms: &'a [Atom],
    /// The atoms that change names.
    pub(super) naming: AtomSet,
    /// The atoms that change each file with pending content.
    pub(super) touching: &'a [(Ino, AtomSet)],
}

impl View<'_> {
    fn touching(&self, ino: Ino) -> AtomSet {
        self.touching
            .iter()
            .find(|(file, _)| *file == ino)
            .map_or(AtomSet::EMPTY, |(_, set)| *set)
    }

    /// The base with the chosen name changes.
    fn renamed(&self, chosen: AtomSet) -> Image {
        let mut image = self.base.clone();
        for position in chosen.iter() {
            for change in &self.atoms[position].changes {
                if matches!(change, MicroOp::Name { .. }) {
                    image.apply(change);
                }
            }
        }
        image
    }
}

impl Memo {
    /// Forgets everything: the base has moved, or atoms have other numbers.
    pub(super) fn forget(&mut self) {
        self.names.clear();
        self.files.clear();
    }

    /// Hash of everything recovery can observe under this choice.
    pub(super) fn key(&mut self, view: &View<'_>, kept: AtomSet, garbage: bool) -> u128 {
        let Self { names, files } = self;
        let space = space(names, view, kept);
        space
            .names
            .files
            .iter()
            .fold(space.names.dirs, |sum, &(ino, name)| {
                let (hash, _) = file(files, view, ino, kept, garbage);
                sum ^ file_term(name, *hash)
            })
    }

    /// The image under this choice.
    pub(super) fn image(&mut self, view: &View<'_>, kept: AtomSet, garbage: bool) -> Image {
        let Self { names, files } = self;
        let space = space(names, view, kept);
        let skeleton = space.skeleton.get_or_insert_with(|| {
            let mut image = view.renamed(kept.intersection(view.naming));
            image.keep_reachable();
            image
        });
        let mut image = skeleton.clone();
        for &(ino, _) in &space.names.files {
            let (_, content) = file(files, view, ino, kept, garbage);
            image.insert(ino, Node::File(Arc::clone(content)));
        }
        image
    }
}

fn space<'a>(
    names: &'a mut FxHashMap<AtomSet, NameSpace>,
    view: &View<'_>,
    kept: AtomSet,
) -> &'a mut NameSpace {
    let chosen = kept.intersection(view.naming);
    names.entry(chosen).or_insert_with(|| NameSpace {
        names: if chosen.is_empty() {
            view.base.names()
        } else {
            view.renamed(chosen).names()
        },
        skeleton: None,
    })
}

fn file<'a>(
    files: &'a mut FxHashMap<(Ino, AtomSet, AtomSet), (u128, Arc<Content>)>,
    view: &View<'_>,
    ino: Ino,
    kept: AtomSet,
    garbage: bool,
) -> &'a (u128, Arc<Content>) {
    let touching = view.touching(ino);
    let chosen = kept.intersection(touching);
    let exposed = if garbage {
        touching.difference(chosen)
    } else {
        AtomSet::EMPTY
    };
    files
        .entry((ino, chosen, exposed))
        .or_insert_with(|| build_file(view, ino, chosen, exposed))
}

fn build_file(
    view: &View<'_>,
    ino: Ino,
    chosen: AtomSet,
    exposed: AtomSet,
) -> (u128, Arc<Content>) {
    if chosen.is_empty()
        && exposed.is_empty()
        && let Some(content) = view.base.file(ino)
        && content.is_trimmed()
    {
        return (content.hash(), Arc::clone(content));
    }
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
        MicroOp::Zero { from, .. } => content.cut(*from),
        MicroOp::Size { len, change, .. } => content.set_len(change.applied(content.len(), *len)),
        MicroOp::Inode { .. }
        | MicroOp::Name { .. }
        | MicroOp::Evicted { .. }
        | MicroOp::Held { .. }
        | MicroOp::Released { .. } => {}
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
