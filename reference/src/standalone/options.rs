//! How a parent works.

use std::path::PathBuf;
use std::time::Duration;

use super::setup::Setup;

/// Exit code: something that was acknowledged is not held as it was promised, or may not be.
pub const UNSAFE: i32 = 1;

/// Exit code: the command line is wrong.
pub const USAGE: i32 = 2;

/// Exit code: everything that was acknowledged is held as it was promised, but a request failed, was not made, or its answer could not be
/// delivered.
pub const UNDONE: i32 = 3;

/// Time without a word from the server after which people are told so.
const PATIENCE: Duration = Duration::from_secs(60);

/// How a parent works.
#[derive(Clone, Debug)]
pub struct StandaloneOptions {
    pub(super) server: PathBuf,
    pub(super) setup: Setup,
    pub(super) resume: bool,
    pub(super) existing: bool,
    pub(super) patience: Duration,
    pub(super) give_up_after: Option<Duration>,
}

impl StandaloneOptions {
    /// A parent of `server serve ...`, which makes a new store, or opens one that is not in memory. It waits for as long as it takes, and
    /// says so every minute.
    pub fn new(server: impl Into<PathBuf>, setup: Setup) -> Self {
        Self {
            server: server.into(),
            setup,
            resume: false,
            existing: false,
            patience: PATIENCE,
            give_up_after: None,
        }
    }

    /// Goes on from what is at the path. Without this, a store in memory is refused where there is one already.
    #[must_use]
    pub fn resume(mut self, resume: bool) -> Self {
        self.resume = resume;
        self
    }

    /// Refuses a place where no store is, for whoever means one that is there. Without this, one on disk is made where none is.
    #[must_use]
    pub fn existing(mut self, existing: bool) -> Self {
        self.existing = existing;
        self
    }

    /// Says every so often, at most every second, that the server is silent, while something of it is waited for.
    #[must_use]
    pub fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// Stops waiting for a server that has been silent for so long. It goes on by itself; what becomes of it is then unknown.
    #[must_use]
    pub fn give_up_after(mut self, time: Duration) -> Self {
        self.give_up_after = Some(time);
        self
    }
}
