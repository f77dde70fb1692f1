//! Moving a database from memory to its file.

use std::path::Path;
use std::time::Duration;

use super::beside::temporary_path;
use super::database::{Database, Method};
use super::directory::is_there;
use super::error::StoreError;
use super::lock::Lock;
use super::options::{Journal, Options};
use super::replace::{Format, Prepared};
use super::vfs::Mount;
use crate::fs::FsOps;

/// Least time between a move that failed and the next attempt.
const RETRY_MIN: Duration = Duration::from_secs(1);

/// Most time between them.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// A database in its file, opened.
pub(super) struct Filed {
    pub(super) database: Database,
    pub(super) lock: Lock,
}

/// When a database moves to its file.
#[derive(Debug, Default)]
pub(super) struct Promotion {
    attempts: u64,
    /// The time to wait after the next failure.
    delay: Duration,
    /// When to try again, after a failure.
    due_at: Option<Duration>,
    /// Whether an attempt may have put the file in place.
    is_begun: bool,
}

impl Promotion {
    /// When an attempt is due that is made again.
    pub(super) const fn due_at(&self) -> Option<Duration> {
        self.due_at
    }

    /// Whether an attempt may have put the file in place.
    pub(super) const fn is_begun(&self) -> bool {
        self.is_begun
    }

    /// Whether nothing keeps a move from being tried now.
    pub(super) fn is_free(&self, now: Duration) -> bool {
        self.due_at.is_none_or(|due_at| due_at <= now)
    }

    /// Puts off the next attempt, longer after each failure.
    pub(super) fn put_off(&mut self, now: Duration) {
        self.delay = (self.delay * 2).clamp(RETRY_MIN, RETRY_MAX);
        self.due_at = Some(now.saturating_add(self.delay));
    }

    /// Writes the database to its file in one step, durably, and opens it there.
    ///
    /// The file may be in place after an error. It is complete then, and the next attempt replaces it.
    pub(super) fn file(
        &mut self,
        fs: &dyn FsOps,
        mount: &Mount,
        database: &Database,
        path: &Path,
        options: &Options,
    ) -> Result<Filed, StoreError> {
        if !self.is_begun && is_there(fs, path)? {
            // Since the store was opened somebody else has put it there.
            return Err(StoreError::Locked {
                path: path.to_path_buf(),
            });
        }
        self.attempts += 1;
        let temporary = temporary_path(path, self.attempts);
        let format = match options.journal {
            Journal::Wal => Format::Wal,
            Journal::Rollback => Format::Rollback,
        };
        let prepared = Prepared::write(fs, &temporary, format, || {
            database.copy_to(mount, &temporary, Method::Backup)
        })?;
        self.is_begun = true;
        prepared.install(fs, path)?;
        let lock = Lock::of(fs, path)?;
        let database = Database::file(fs, mount, path, options)?;
        Ok(Filed { database, lock })
    }
}
