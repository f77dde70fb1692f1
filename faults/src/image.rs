//! What is on a disk: sectors, files, names.

mod content;
mod entries;
mod kept;
mod names;
mod sector;
mod tree;

pub use content::Content;
pub use entries::Entries;
pub(crate) use names::{Names, file_term};
pub use sector::{SECTOR, Sector};
pub use tree::{Image, Ino, Name, Node, ROOT};
