//! The name space under a choice of name changes.

use super::atom_set::AtomSet;
use super::canonical::View;
use crate::image::{Image, Ino, Name, Names, Node, file_term};
use crate::log::MicroOp;

/// The names under one choice.
#[derive(Debug)]
pub(super) struct NameSpace {
    pub(super) names: Names,
    /// The reachable directories, once an image was asked for.
    skeleton: Option<Image>,
    /// What the directories and the files without pending content add to the hash of an image.
    pub(super) settled: u128,
    /// The files with pending content that a name reaches: position among those of the view, and the hash of the names.
    pub(super) open: Vec<(usize, u128)>,
    /// For how many files with pending content the last two hold.
    touching: usize,
}

impl NameSpace {
    pub(super) fn new(durable: &mut Option<Names>, view: &View<'_>, chosen: AtomSet) -> Self {
        let durable = durable.get_or_insert_with(|| view.base.names());
        let names = if chosen.is_empty() {
            durable.clone()
        } else {
            patched(durable, view, chosen).unwrap_or_else(|| view.renamed(chosen).names())
        };
        let mut space = Self {
            names,
            skeleton: None,
            settled: 0,
            open: Vec::new(),
            touching: 0,
        };
        space.settle(view);
        space
    }

    /// Takes note of files that have got pending content since.
    pub(super) fn update(&mut self, view: &View<'_>) {
        if self.touching != view.touching.len() {
            self.settle(view);
        }
    }

    fn settle(&mut self, view: &View<'_>) {
        self.touching = view.touching.len();
        self.open.clear();
        self.settled = self.names.dirs;
        for file in &self.names.files {
            match view.touching.iter().position(|(ino, _)| *ino == file.ino) {
                Some(position) => self.open.push((position, file.hash)),
                None => self.settled ^= file_term(file.hash, view.durable_hash(file.ino)),
            }
        }
    }

    /// Everything that names reach, the files as in the base.
    pub(super) fn skeleton(&mut self, view: &View<'_>, chosen: AtomSet) -> &Image {
        let Self {
            skeleton, names, ..
        } = self;
        skeleton.get_or_insert_with(|| {
            let mut image = view.renamed(chosen);
            image.keep_reachable();
            for file in &names.files {
                if !image
                    .file(file.ino)
                    .is_some_and(|content| content.is_trimmed())
                {
                    let content = view.build(file.ino, AtomSet::EMPTY);
                    image.insert(file.ino, Node::File(content));
                }
            }
            image
        })
    }
}

/// The names of the base with the chosen changes, where these are about files alone: what a link says is part of
/// the hash of its path, and a directory that moves takes the paths of
/// everything below it along, which is left to a walk over the whole.
fn patched(durable: &Names, view: &View<'_>, chosen: AtomSet) -> Option<Names> {
    let mut names = durable.clone();
    let mut done: Vec<(Ino, &Name, Option<Ino>)> = Vec::new();
    for position in chosen.iter() {
        for change in &view.atoms[position].changes {
            let MicroOp::Name { dir, name, target } = change else {
                continue;
            };
            let before = done
                .iter()
                .rfind(|(other, known, _)| other == dir && *known == name)
                .map(|(_, _, target)| *target)
                .or_else(|| Some(view.base.dir(*dir)?.get(name).copied()))?;
            for ino in [before, *target].into_iter().flatten() {
                if !matches!(view.base.node(ino), Some(Node::File(_)) | None) {
                    return None;
                }
            }
            let path = names.path(*dir, name)?;
            if let Some(before) = before {
                names.remove(before, path);
            }
            if let Some(target) = *target {
                names.add(target, path);
            }
            done.push((*dir, name, *target));
        }
    }
    Some(names)
}
