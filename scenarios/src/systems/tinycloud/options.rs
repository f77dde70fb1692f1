//! How the service is set up.

use std::time::Duration;

use super::bug::Bug;
use crate::specimens::mends::Mends;

/// How long an actor waits for a request.
pub(super) const IDLE: Duration = Duration::from_secs(300);

/// What a write to a database in memory is said to survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acks {
    /// Whatever happens, once the actor was due to copy it into the file.
    Window,
    /// Whatever happens.
    Stored,
}

/// Where a database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In memory at first.
    InMemory {
        /// Bytes above which it goes into its file.
        threshold: usize,
        /// What writes are said to survive.
        acks: Acks,
    },
    /// In an object store, behind a cache.
    Cached,
}

/// How the service is set up.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Where a database is.
    pub form: Form,
    /// Which bugs are mended.
    pub mends: Mends<Bug>,
}
