//! How far a fault reaches once it has struck.

use crate::object_target::ObjectTarget;

/// What else is hit, from the operation that a fault selects on. Later operations are hit whatever their kind, where the effect
/// applies to them, and as long as the fault's window of time is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Nothing else: each operation is selected for itself.
    #[default]
    Operation,
    /// Every later operation on the same inode.
    File,
    /// Every later operation on a path below the directory of the one selected.
    Directory,
    /// Every later operation that touches a stripe of an object target, of whatever file: a read, write, truncation or reservation by
    /// its bytes, a sync of a file by the pages that it would write. Operations on names touch none. A sync that fails because of this
    /// fails to write the pages on that target, and writes all others.
    ///
    /// **Not modelled**: the length of a file, which `stat` asks the object targets for.
    Target(ObjectTarget),
    /// Every later operation.
    FileSystem,
}

impl Scope {
    /// Every scope, with the first of two object targets.
    pub const ALL: &'static [Self] = &[
        Self::Operation,
        Self::File,
        Self::Directory,
        Self::Target(ObjectTarget::FIRST_OF_TWO),
        Self::FileSystem,
    ];

    /// The name in plans, without which target.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::File => "file",
            Self::Directory => "directory",
            Self::Target(_) => "target",
            Self::FileSystem => "fs",
        }
    }
}
