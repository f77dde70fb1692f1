//! Finding the database, or making one.

use std::path::Path;

use crate::fs::FsOps;
use crate::native::CreatePolicy;

use super::beside::{Beside, temporary_path};
use super::database::Database;
use super::destination::Destination;
use super::directory::{is_there, parent, settle_names, sync_dir};
use super::error::StoreError;
use super::image::open_checked;
use super::lock::Lock;
use super::options::Options;
use super::promotion::{Filed, Promotion};
use super::recovery::{remove_temporaries, settle_contents};
use super::vfs::Mount;

/// Where the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    Memory,
    File,
}

/// A database, ready to be served.
pub(super) struct Opened {
    pub(super) home: Home,
    pub(super) database: Database,
    /// The lock file beside the database, and the database itself.
    pub(super) locks: Vec<Lock>,
    /// Whether it came from a snapshot.
    pub(super) is_seeded: bool,
}

/// What opening works with.
pub(super) struct Opening<'a> {
    pub(super) fs: &'a dyn FsOps,
    pub(super) mount: &'a Mount,
    pub(super) options: &'a Options,
}

impl Opening<'_> {
    /// Opens what the options say.
    pub(super) fn open(&self, snapshots: Option<&mut Destination>) -> Result<Opened, StoreError> {
        let Some(path) = self.options.path() else {
            // The snapshot is then all that there is of the store.
            if let Some(snapshots) = snapshots {
                snapshots.lock(self.fs, self.options.create_policy)?;
                snapshots.tidy(self.fs)?;
            }
            return self.in_memory(Path::new(":memory:"));
        };
        let opened = self.at(path)?;
        if let Some(snapshots) = snapshots {
            snapshots.tidy(self.fs)?;
        }
        Ok(opened)
    }

    /// Opens the database that belongs into this file.
    fn at(&self, path: &Path) -> Result<Opened, StoreError> {
        let lock = Lock::beside(self.fs, path, self.options.create_policy)?;
        let beside = Beside::list(self.fs, path)?;
        remove_temporaries(self.fs, &beside)?;
        let mut opened = if beside.is_there {
            self.existing(path, &beside)?
        } else {
            // An empty database would hide that there was one.
            if let Some(sibling) = beside.trace(path) {
                return Err(orphaned(path, sibling));
            }
            if self.options.memory_threshold.is_some() {
                self.in_memory(path)?
            } else {
                self.created(path)?
            }
        };
        opened.locks.push(lock);
        Ok(opened)
    }

    fn existing(&self, path: &Path, beside: &Beside) -> Result<Opened, StoreError> {
        if beside.is_special {
            // Opening a pipe waits for somebody to write to it.
            return Err(StoreError::ForeignFile {
                path: path.to_path_buf(),
            });
        }
        let own = Lock::of(self.fs, path)?;
        if own.metadata()?.len == 0 {
            return Err(StoreError::Damaged {
                path: path.to_path_buf(),
                reason: "it is empty".to_owned(),
            });
        }
        settle_contents(self.fs, path, beside)?;
        let database = Database::file(self.fs, self.mount, path, self.options)?;
        Ok(Opened {
            home: Home::File,
            database,
            locks: vec![own],
            is_seeded: false,
        })
    }

    /// Makes a database where none is. It gets its name when it is complete.
    fn created(&self, path: &Path) -> Result<Opened, StoreError> {
        if let Some(snapshot) = &self.options.snapshot_path
            && is_there(self.fs, snapshot)?
        {
            return Err(orphaned(path, snapshot.clone()));
        }
        self.may_create(path)?;
        let empty = Database::memory(self.mount)?;
        let Filed { database, lock } =
            Promotion::default().file(self.fs, self.mount, &empty, path, self.options)?;
        Ok(Opened {
            home: Home::File,
            database,
            locks: vec![lock],
            is_seeded: false,
        })
    }

    /// A database in memory, which starts as the snapshot if there is one.
    fn in_memory(&self, path: &Path) -> Result<Opened, StoreError> {
        let database = Database::memory(self.mount)?;
        let is_seeded = match &self.options.snapshot_path {
            Some(snapshot) => self.seed(&database, snapshot)?,
            None => false,
        };
        if !is_seeded {
            self.may_create(path)?;
        }
        Ok(Opened {
            home: Home::Memory,
            database,
            locks: Vec::new(),
            is_seeded,
        })
    }

    fn seed(&self, database: &Database, snapshot: &Path) -> Result<bool, StoreError> {
        let beside = Beside::list(self.fs, snapshot)?;
        if !beside.is_there {
            return match beside.trace(snapshot) {
                Some(sibling) => Err(orphaned(snapshot, sibling)),
                None => Ok(false),
            };
        }
        if beside.is_special {
            // Opening a pipe waits for somebody to write to it.
            return Err(StoreError::ForeignFile {
                path: snapshot.to_path_buf(),
            });
        }
        // Its name may not be durable yet, and what is shown has to stay. The marker goes beside what is locked.
        sync_dir(self.fs, parent(snapshot))?;
        let locked = self.options.path().unwrap_or(snapshot);
        settle_names(self.fs, &temporary_path(locked, 0))?;
        let source = open_checked(self.fs, self.mount, snapshot)?;
        let replaced = database.replace_by(&source.connection);
        replaced.map_err(|error| error.into_error(snapshot, self.mount.last_os_error()))?;
        Ok(true)
    }

    fn may_create(&self, path: &Path) -> Result<(), StoreError> {
        match self.options.create_policy {
            CreatePolicy::CreateIfAbsent => Ok(()),
            CreatePolicy::OpenExisting => Err(StoreError::NotFound {
                path: path.to_path_buf(),
            }),
        }
    }
}

fn orphaned(path: &Path, sibling: std::path::PathBuf) -> StoreError {
    StoreError::Orphaned {
        path: path.to_path_buf(),
        sibling,
    }
}
