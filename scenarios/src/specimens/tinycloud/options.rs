//! How the service is set up.

/// How the service is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes above which a database in memory goes to its file.
    pub memory_threshold: u64,
}
