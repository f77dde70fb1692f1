//! Where the database lies, and how it is read.

/// How the store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The path of the database, as the application gives it.
    pub path: &'static str,
    /// Whether opening believes what the superblock says of the log, instead of reading all of it.
    pub trusts_superblock: bool,
}

impl Options {
    /// A path with a directory, and a log that is read in full.
    pub const fn usual() -> Self {
        Self {
            path: "/vault.db",
            trusts_superblock: false,
        }
    }

    /// A bare file name, which means the current directory.
    pub const fn bare_name() -> Self {
        Self {
            path: "vault.db",
            trusts_superblock: false,
        }
    }

    /// A reader that starts at the last checkpoint and ends at the last manifest, both as the superblock names them.
    pub const fn trusting() -> Self {
        Self {
            path: "/vault.db",
            trusts_superblock: true,
        }
    }
}
