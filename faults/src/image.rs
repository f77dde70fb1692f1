//! What is on a disk: sectors, files, names.

mod content;
mod sector;
mod tree;

pub use content::Content;
pub use sector::{SECTOR, Sector};
pub use tree::{Entries, Image, Ino, Name, Node, ROOT};
pub(crate) use tree::{Names, file_term};
