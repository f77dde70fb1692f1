//! What a process gets from its operating system.

use std::sync::Arc;

use crate::clock::{Clock, StdClock};
use crate::fs::{FsOps, StdFs};

/// The operating system of one process: its file system and its clock. Cloning shares both.
#[derive(Clone)]
pub struct Host {
    /// The file system.
    pub fs: Arc<dyn FsOps>,
    /// Monotonic time.
    pub clock: Arc<dyn Clock>,
}

impl Host {
    /// A host made of the given parts.
    pub fn new(fs: Arc<dyn FsOps>, clock: Arc<dyn Clock>) -> Self {
        Self { fs, clock }
    }

    /// The real operating system; relative paths are taken from the current directory of the process.
    pub fn real() -> Self {
        Self::new(Arc::new(StdFs::new()), Arc::new(StdClock::new()))
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
