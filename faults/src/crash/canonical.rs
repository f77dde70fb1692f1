//! From a choice of atoms to an image, by way of what recovery can observe.
//!
//! The state of a disk factors into the name space and the content of each file. Each factor depends on few atoms, so it is
//! computed once per distinct choice of those, and a state is looked up rather than built: building happens for images that
//! nobody has seen yet.

use std::sync::Arc;

use super::atom::Atom;
use super::atom_set::AtomSet;
use super::choices::Choices;
use super::name_space::NameSpace;
use super::parts::Parts;
use super::pending_file::PendingFile;
use crate::image::{Content, Image, Ino, Names, Node, file_term};
use crate::log::MicroOp;

/// Contents and name spaces computed so far. They stay valid as atoms are added, until the base moves or atoms are renumbered.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// The names of the base. They outlive what is forgotten, unless they change.
    durable: Option<Names>,
    spaces: Choices<NameSpace>,
    /// One for each file with pending content, in the order of the view, and some that are left over.
    files: Vec<FileMemo>,
}

/// What is known of one file.
#[derive(Debug, Default)]
struct FileMemo {
    pending: PendingFile,
    kept: Choices<FileChoice>,
}

/// A file under one choice.
#[derive(Debug)]
struct FileChoice {
    hash: u128,
    /// Once an image was asked for.
    content: Option<Arc<Content>>,
}

/// Everything that determines the states at one crash point.
pub(super) struct View<'a> {
    pub(super) base: &'a Image,
    pub(super) atoms: &'a [Atom],
    /// The atoms that change names.
    pub(super) naming: AtomSet,
    /// The atoms that change each file with pending content, in the order of the first of them.
    pub(super) touching: &'a [(Ino, AtomSet)],
    /// The atoms of garbage that nothing can be seen of once others are chosen, with these.
    pub(super) veiled: &'a [(usize, AtomSet)],
}

impl View<'_> {
    /// The base with the chosen name changes.
    pub(super) fn renamed(&self, chosen: AtomSet) -> Image {
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

    /// Hash of what can be read of a file in the base.
    pub(super) fn durable_hash(&self, ino: Ino) -> u128 {
        self.with_durable(ino, |content| {
            content.hash_with(content.len(), std::iter::empty())
        })
    }

    /// Looks at a file in the base, which is empty there when nothing was made durable of it.
    fn with_durable<T>(&self, ino: Ino, look: impl FnOnce(&Content) -> T) -> T {
        match self.base.file(ino) {
            Some(content) => look(content),
            None => look(&Content::default()),
        }
    }

    /// The content of a file under a choice of its atoms.
    pub(super) fn build(&self, ino: Ino, chosen: AtomSet) -> Arc<Content> {
        let durable = self.base.file(ino);
        if chosen.is_empty()
            && let Some(content) = durable
            && content.is_trimmed()
        {
            return Arc::clone(content);
        }
        let mut content = durable.map_or_else(Content::default, |content| (**content).clone());
        for change in self.changes(ino, chosen) {
            content.apply(ino, change);
        }
        content.trim();
        Arc::new(content)
    }

    /// The changes of a file under a choice, in the order in which they were made.
    fn changes(&self, ino: Ino, chosen: AtomSet) -> impl Iterator<Item = &MicroOp> {
        chosen
            .iter()
            .flat_map(|position| &self.atoms[position].changes)
            .filter(move |change| change.file() == Some(ino))
    }
}

impl Memo {
    /// What holds for another future of the same base as well.
    pub(super) fn fork(&self) -> Self {
        Self {
            durable: self.durable.clone(),
            ..Self::default()
        }
    }

    /// Forgets everything: the base has moved, and its names with it.
    pub(super) fn forget_names(&mut self) {
        self.durable = None;
        self.forget();
    }

    /// Forgets everything but the names of the base: what files hold there has changed, or atoms have other numbers.
    pub(super) fn forget(&mut self) {
        self.spaces.clear();
        for file in &mut self.files {
            file.pending.clear();
            file.kept.clear();
        }
    }

    /// The names under this choice, and the files in the order of the view.
    fn space(&mut self, view: &View<'_>, kept: AtomSet) -> (&mut NameSpace, &mut [FileMemo]) {
        let Self {
            durable,
            spaces,
            files,
        } = self;
        if files.len() < view.touching.len() {
            files.resize_with(view.touching.len(), FileMemo::default);
        }
        let chosen = kept.intersection(view.naming);
        let space = spaces.get(chosen, || NameSpace::new(durable, view, chosen));
        space.update(view);
        (space, files)
    }

    /// Hash of everything recovery can observe under this choice.
    pub(super) fn key(&mut self, view: &View<'_>, kept: AtomSet) -> u128 {
        let (space, files) = self.space(view, kept);
        space
            .open
            .iter()
            .fold(space.settled, |sum, &(position, names)| {
                let file = files[position].choose(view, position, kept);
                sum ^ file_term(names, file.hash)
            })
    }

    /// The same, part by part.
    pub(super) fn parts(&mut self, view: &View<'_>, kept: AtomSet) -> Parts {
        let (space, files) = self.space(view, kept);
        let mut parts = Parts::new(space.names.dirs);
        for file in &space.names.files {
            let touching = view.touching.iter().position(|(ino, _)| *ino == file.ino);
            let content = match touching {
                Some(position) => files[position].choose(view, position, kept).hash,
                None => view.durable_hash(file.ino),
            };
            parts.add(file.ino, file.hash, content);
        }
        parts
    }

    /// The image under this choice.
    pub(super) fn image(&mut self, view: &View<'_>, kept: AtomSet) -> Image {
        let (space, files) = self.space(view, kept);
        let mut image = space.skeleton(view, kept.intersection(view.naming)).clone();
        for &(position, _) in &space.open {
            let file = files[position].choose(view, position, kept);
            let hash = file.hash;
            let (ino, touching) = view.touching[position];
            let content = file
                .content
                .get_or_insert_with(|| view.build(ino, kept.intersection(touching)));
            debug_assert_eq!(content.hash(), hash, "a hash is that of what is built");
            image.insert(ino, Node::File(Arc::clone(content)));
        }
        image
    }
}

impl FileMemo {
    /// What becomes of the file at this position of the view.
    fn choose(&mut self, view: &View<'_>, position: usize, kept: AtomSet) -> &mut FileChoice {
        let (ino, touching) = view.touching[position];
        let mut chosen = kept.intersection(touching);
        for &(garbage, by) in view.veiled {
            if chosen.contains(garbage) && by.is_subset(&chosen) {
                chosen.remove(garbage);
            }
        }
        let pending = &mut self.pending;
        self.kept.get(chosen, || {
            let hash = view.with_durable(ino, |durable| {
                pending.update(durable, view.atoms, ino, touching);
                pending.hash(durable, chosen)
            });
            FileChoice {
                hash: hash.unwrap_or_else(|| view.build(ino, chosen).hash()),
                content: None,
            }
        })
    }
}
