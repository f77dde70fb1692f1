//! How far a fault reaches once it has struck.

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
    /// Every later operation.
    FileSystem,
}

impl Scope {
    /// Every scope.
    pub const ALL: &'static [Self] = &[
        Self::Operation,
        Self::File,
        Self::Directory,
        Self::FileSystem,
    ];

    /// The name in plans.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operation => "operation",
            Self::File => "file",
            Self::Directory => "directory",
            Self::FileSystem => "fs",
        }
    }
}
