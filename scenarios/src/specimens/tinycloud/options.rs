//! How the service is set up.

/// How the service is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Options {
    /// In memory at first.
    InMemory {
        /// Bytes above which a database in memory goes to its file.
        threshold: u64,
    },
    /// In a cache of an object store.
    Cached,
}
