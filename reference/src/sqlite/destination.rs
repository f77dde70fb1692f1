//! Where a copy of a store goes: a snapshot at the canonical path with older ones beside it, or an export.
//!
//! The copy is put in place of the one before it only when it is whole and durable, and only then older ones beyond the number that is
//! kept are removed. An older snapshot is a second name of the file that was in place, so that nothing has to be moved along.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{FsOps, Metadata};
use crate::host::Host;
use crate::native::CreatePolicy;

use super::beside::{Beside, temporary_path};
use super::database::{Database, Method};
use super::error::StoreError;
use super::lock::Lock;
use super::recovery::remove_temporaries;
use super::replace::{Format, Prepared};
use super::site::{Ground, Site};
use super::vfs::Mount;
use super::warning::Warning;

/// The open store, as far as a copy has to do with it.
pub(super) struct Live<'a> {
    pub(super) host: &'a Host,
    pub(super) mount: &'a Mount,
    pub(super) database: &'a Database,
    /// The path of the database, also of one that is still in memory.
    pub(super) path: Option<&'a Path>,
    /// The file behind it.
    pub(super) file: Option<Metadata>,
}

impl Live<'_> {
    pub(super) fn ground(&self) -> Ground<'_> {
        Ground {
            fs: &*self.host.fs,
            mount: self.mount,
            live_path: self.path,
            live_file: self.file,
        }
    }
}

/// A path that copies are put at, with its lock.
pub(super) struct Destination {
    site: Site,
    lock: Option<Arc<Lock>>,
    /// Tells the temporaries of one store from each other.
    attempts: u64,
}

impl Destination {
    pub(super) fn new(path: &Path, keep: u32) -> Self {
        Self::of(Site::new(path, keep))
    }

    /// For one copy, beside which nothing is kept and nothing removed that others keep there.
    pub(super) fn alone(path: &Path) -> Self {
        Self::of(Site::alone(path))
    }

    const fn of(site: Site) -> Self {
        Self {
            site,
            lock: None,
            attempts: 0,
        }
    }

    pub(super) fn path(&self) -> &Path {
        self.site.path()
    }

    pub(super) const fn site_mut(&mut self) -> &mut Site {
        &mut self.site
    }

    /// Takes the lock, so that nobody else puts anything at the path.
    pub(super) fn lock(&mut self, fs: &dyn FsOps, policy: CreatePolicy) -> Result<(), StoreError> {
        if self.lock.is_none() {
            self.lock = Some(Arc::new(Lock::beside(fs, self.path(), policy)?));
        }
        Ok(())
    }

    /// Removes what an earlier life was writing when it ended.
    pub(super) fn tidy(&mut self, fs: &dyn FsOps) -> Result<(), StoreError> {
        if Beside::list(fs, self.path())?.temporaries.is_empty() {
            return Ok(());
        }
        self.lock(fs, CreatePolicy::CreateIfAbsent)?;
        // Listed again: until now they may have been somebody else's.
        remove_temporaries(fs, &Beside::list(fs, self.path())?)
    }

    /// Takes the lock, if that is not done, and gives a name under which a copy can be written, with the lock that it needs. The first
    /// time it creates the directory, and removes what earlier lives have left.
    pub(super) fn begin(&mut self, live: &Live<'_>) -> Result<(PathBuf, Arc<Lock>), StoreError> {
        let fs = &*live.host.fs;
        if self.lock.is_none() {
            self.site.refuse_live(&live.ground())?;
            self.lock(fs, CreatePolicy::CreateIfAbsent)?;
            // The lock is ours: whoever wrote these is gone.
            remove_temporaries(fs, &Beside::list(fs, self.path())?)?;
        }
        let Some(lock) = &self.lock else {
            return Err(StoreError::Locked {
                path: self.path().to_path_buf(),
            });
        };
        let lock = Arc::clone(lock);
        Ok((self.next_temporary(), lock))
    }

    /// A name under which a copy can be written by whoever has the lock.
    pub(super) fn next_temporary(&mut self) -> PathBuf {
        self.attempts += 1;
        temporary_path(self.path(), self.attempts)
    }

    /// Puts a copy of the store in place, durably: written and installed in one.
    pub(super) fn put(
        &mut self,
        live: &Live<'_>,
        method: Method,
    ) -> Result<Option<Warning>, StoreError> {
        let prepared = self.write(live, method)?;
        self.install(live, prepared)
    }

    /// Puts a copy that was written in place, durably, and keeps the one before it beside it. A warning says that older copies are left.
    pub(super) fn install(
        &mut self,
        live: &Live<'_>,
        prepared: Prepared,
    ) -> Result<Option<Warning>, StoreError> {
        self.site.put(&live.ground(), prepared)
    }

    pub(super) fn release(self) -> Result<(), StoreError> {
        // A job that is still at work keeps it.
        match self.lock.and_then(Arc::into_inner) {
            Some(lock) => lock.release(),
            None => Ok(()),
        }
    }

    /// Writes a copy of the store beside the path.
    pub(super) fn write(
        &mut self,
        live: &Live<'_>,
        method: Method,
    ) -> Result<Prepared, StoreError> {
        let (temporary, _lock) = self.begin(live)?;
        Prepared::write(&*live.host.fs, &temporary, Format::Rollback, || {
            live.database.copy_to(live.mount, &temporary, method)
        })
    }
}
