//! What recovery can observe of a state, part by part.

use crate::image::{Ino, file_term};

/// The names of a state, and what each file holds there, as hashes. Two states with equal names are the same to a recovery that
/// looks only at files which hold the same in both.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// Of all names, and of what they lead to but for what files hold.
    pub names: u128,
    /// Every file that a name reaches.
    files: Vec<FilePart>,
}

/// A file of a state.
#[derive(Clone, Copy, Debug)]
struct FilePart {
    ino: Ino,
    /// Hash of all its names: what it is known by in other states.
    names: u128,
    content: u128,
}

impl Parts {
    pub(super) const fn new(dirs: u128) -> Self {
        Self {
            names: dirs,
            files: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, ino: Ino, names: u128, content: u128) {
        self.names ^= file_term(names, 0);
        self.files.push(FilePart {
            ino,
            names,
            content,
        });
    }

    /// The files among these inodes that names reach, in an order that does not depend on their numbers: each as the hash of its
    /// names.
    pub fn named(&self, inodes: &[Ino]) -> Vec<u128> {
        let chosen = self.files.iter().filter(|file| inodes.contains(&file.ino));
        let mut named: Vec<u128> = chosen.map(|file| file.names).collect();
        named.sort_unstable();
        named
    }

    /// Hash of what files hold, each given by the hash of its names. There is none where one of them is not here.
    pub fn contents(&self, files: &[u128]) -> Option<u128> {
        files.iter().try_fold(0, |sum, names| {
            let file = self.files.iter().find(|file| file.names == *names)?;
            Some(sum ^ file_term(file.names, file.content))
        })
    }
}
