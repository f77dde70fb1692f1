//! The store: commits, reads, closing.

mod upkeep;

use std::path::Path;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::fs::Metadata;
use crate::host::Host;
use crate::level::{Ack, Level};
use crate::mutation::Mutation;

use super::coverage::Coverage;
use super::database::Database;
use super::destination::{Destination, Live};
use super::directory::follow;
use super::error::{StoreError, unreadable};
use super::limits::{self, Change, change};
use super::location::Location;
use super::lock::Lock;
use super::opening::{Home, Opened, Opening};
use super::options::Options;
use super::promotion::Promotion;
use super::vfs::Mount;
use super::warning::Warning;

/// Warnings that are held until somebody takes them; the oldest go first.
const WARNINGS_MAX: usize = 16;

/// A mount that jobs of the store may share. When the store goes, nobody can do anything with it any more.
struct Fence(Arc<Mount>);

impl Drop for Fence {
    fn drop(&mut self) {
        self.0.fence();
    }
}

/// An open store.
///
/// It has one owner and starts no thread. Dropping it is what the death of the process would be: nothing more is written, and the locks
/// are released. [`close`](Store::close) ends it cleanly. Either way the jobs of its snapshots that are left can write nothing any more; the
/// lock of the snapshot path is released with the last of them.
#[must_use = "dropping a store is no clean close"]
pub struct Store {
    /// Before the database, so that dropping the store fences it: SQLite would tidy up otherwise.
    mount: Fence,
    pub(super) database: Database,
    pub(super) host: Host,
    pub(super) options: Options,
    home: Home,
    locks: Vec<Lock>,
    snapshots: Option<Destination>,
    promotion: Promotion,
    /// Commits of this life.
    commits: u64,
    coverage: Coverage,
    /// Tells the jobs of this store from those of others.
    owner: Arc<()>,
    /// There while a snapshot is being put in place without the store.
    turn: Weak<()>,
    warnings: Vec<Warning>,
    /// The first failure of a commit.
    poison: Option<String>,
    /// Whether SQLite may show a commit of which nobody knows whether it is durable.
    in_doubt: bool,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("location", &self.options.location)
            .field("home", &self.home)
            .field("poison", &self.poison)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store, recovering from whatever a crash left.
    ///
    /// When it returns, everything recovered is durable, and no temporary of an earlier life is left beside the database or the snapshot.
    ///
    /// # Errors
    /// `InvalidOption`, `Locked`, `NotFound`; `Orphaned` where something says that the database was there and it is not; `Damaged`,
    /// `ForeignFile` and `NewerVersion` for files that no legal crash leaves, which are not changed then; `Io` and `Sqlite`.
    pub fn open(host: &Host, options: &Options) -> Result<Self, StoreError> {
        options.validate()?;
        let mut options = options.clone();
        if let Location::File(path) = &mut options.location {
            (*path, _) = follow(&*host.fs, path)?;
            // A link may lead to a name that is none.
            options.validate()?;
        }
        let mount = Mount::new(host.clone(), options.vfs.clone())
            .map_err(|error| unreadable(Path::new(":memory:"), None, error))?;
        let mut snapshots = options
            .snapshot_path
            .as_deref()
            .map(|path| Destination::new(path, options.keep));
        let opening = Opening {
            fs: &*host.fs,
            mount: &mount,
            options: &options,
        };
        let Opened {
            home,
            database,
            locks,
            is_seeded,
        } = opening
            .open(snapshots.as_mut())
            .map_err(|error| error.with_os(mount.last_os_error()))?;
        Ok(Self {
            mount: Fence(Arc::new(mount)),
            database,
            host: host.clone(),
            options,
            home,
            locks,
            snapshots,
            promotion: Promotion::default(),
            commits: 0,
            coverage: Coverage::new(is_seeded),
            owner: Arc::new(()),
            turn: Weak::new(),
            warnings: Vec::new(),
            poison: None,
            in_doubt: false,
        })
    }

    /// Gives `key` the value `value`. The acknowledgement is `Power` where the database is in its file afterwards, else `Memory`; and
    /// `Memory` where copying the log into the database failed behind it.
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    pub fn put(&mut self, key: &[u8], value: &[u8]) -> Result<Ack, StoreError> {
        self.commit(std::iter::once((key, Some(value))))
    }

    /// Removes `key`; removing an absent key is a commit like another. The acknowledgement is as that of [`put`](Self::put).
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    pub fn delete(&mut self, key: &[u8]) -> Result<Ack, StoreError> {
        self.commit(std::iter::once((key, None)))
    }

    /// Makes several changes in order, together or not at all. The acknowledgement is as that of [`put`](Self::put). An empty batch is
    /// no commit.
    ///
    /// # Errors
    /// `TooLarge` for a key, value or batch beyond the limits. `Sqlite` when the commit failed: no read shows it, its
    /// [outcome](StoreError::outcome) says what may be found after recovery, and the store is poisoned. `Poisoned` from then on.
    pub fn batch(&mut self, mutations: &[Mutation]) -> Result<Ack, StoreError> {
        self.check_poison()?;
        if mutations.is_empty() {
            return Ok(Ack::at(self.standing()));
        }
        self.commit(mutations.iter().map(change))
    }

    /// Makes several batches in order, as one commit: all of them together or none. The limits are those of each batch by itself.
    pub(crate) fn joined(&mut self, batches: &[Vec<Mutation>]) -> Result<Ack, StoreError> {
        self.check_poison()?;
        for batch in batches {
            limits::check(batch.iter().map(change))?;
        }
        let committed = self.database.commit(batches.iter().flatten().map(change));
        self.guard(committed)?;
        self.after_commit()
    }

    /// The value of a key, as last published.
    ///
    /// # Errors
    /// `Sqlite`. A read that fails poisons nothing. `Poisoned` after a commit that failed when it may have counted already: SQLite shows it
    /// although it may not be durable, and what was read once must stay.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.check_doubt()?;
        self.database.get(key).map_err(|error| self.explain(error))
    }

    /// Visits every key and its value in key order, as last published.
    ///
    /// # Errors
    /// As [`get`](Self::get); some may have been visited.
    pub fn scan(&self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
        self.check_doubt()?;
        self.database
            .visit(visit)
            .map_err(|error| self.explain(error))
    }

    /// Number of keys.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn len(&self) -> Result<u64, StoreError> {
        self.check_doubt()?;
        self.database.len().map_err(|error| self.explain(error))
    }

    /// Whether there are no keys.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }

    /// Whether the database is in memory, and commits are acknowledged at `Memory`.
    pub fn is_in_memory(&self) -> bool {
        self.home == Home::Memory
    }

    /// Whether the database has a file, in which it is or to which it moves.
    pub fn has_file(&self) -> bool {
        self.options.path().is_some()
    }

    /// Where snapshots go, if there is a place for them.
    pub fn snapshot_path(&self) -> Option<&Path> {
        self.options.snapshot_path.as_deref()
    }

    /// Whether an earlier failure keeps the store from taking writes. Snapshots and exports go on, and so do reads, unless SQLite failed
    /// at a commit, compaction or checkpoint in such a way that it may show what is not durable.
    pub fn is_poisoned(&self) -> bool {
        self.poison.is_some()
    }

    /// What the store went on in spite of since this was last called.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    /// Makes durable everything acknowledged so far: `Power`. A database in memory moves to its file for that, and stays there.
    ///
    /// One without a file is left as it is: `Memory`, or `Power` when a snapshot holds everything.
    ///
    /// # Errors
    /// `Poisoned`; `Io` and `Sqlite` when the move failed, which changes nothing but that it may be in its file already.
    pub fn sync(&mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        if self.home == Home::Memory && self.options.path().is_some() {
            self.promote()?;
        }
        Ok(Ack::at(self.standing()))
    }

    /// Does the background work that is due by the host's clock: a move to the file that failed is tried again. The acknowledgement is
    /// the level at which everything is held now.
    ///
    /// # Errors
    /// `Poisoned`. A move that fails again is a warning.
    pub fn tick(&mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        if self.promotion.due_at().is_some() {
            self.promote_if_large()?;
        }
        Ok(Ack::at(self.standing()))
    }

    /// When [`tick`](Self::tick) has something to do, on the host's clock; a time that is past means now.
    pub fn next_deadline(&self) -> Option<Duration> {
        if self.is_poisoned() || self.home == Home::File {
            return None;
        }
        self.promotion.due_at()
    }

    /// Ends the store cleanly. A database in memory goes to its file, or into a last snapshot where it has no file and there are
    /// snapshots; one that is empty, and never was in a snapshot, leaves no file.
    ///
    /// The acknowledgement says what everything acknowledged so far is held at: `Memory` where there is neither file nor snapshot, else
    /// `Power`.
    ///
    /// # Errors
    /// `Poisoned`, and `Io` and `Sqlite` of any step. What was promised before still holds. A caller whose database was in memory only,
    /// and who cannot lose it, calls [`sync`](Self::sync) or [`snapshot`](Self::snapshot) first, which leave the store open when they fail.
    pub fn close(mut self) -> Result<Ack, StoreError> {
        self.check_poison()?;
        let mut level = self.standing();
        if level != Level::Power && self.is_empty()? && self.is_untold() {
            level = match self.options.path() {
                Some(_) => Level::Power, // Nothing is what the next life finds.
                None => Level::Memory,
            };
        } else if level != Level::Power {
            if self.options.path().is_some() {
                self.promote()?;
            } else if self.snapshots.is_some() {
                self.snapshot()?;
            }
            level = self.standing();
        }
        if self.home == Home::File && self.database.is_wal() {
            self.database
                .empty_log(&*self.host.fs)
                .map_err(|error| self.explain(error))?;
        }
        let Self {
            mount,
            database,
            locks,
            snapshots,
            ..
        } = self;
        database
            .close()
            .map_err(|error| error.with_os(mount.0.last_os_error()))?;
        // Before the locks go: from now on the jobs that are left do nothing.
        drop(mount);
        for lock in locks {
            lock.release()?;
        }
        if let Some(snapshots) = snapshots {
            snapshots.release()?;
        }
        Ok(Ack::at(level))
    }

    /// Whether nothing of this database was ever in a file.
    fn is_untold(&self) -> bool {
        !self.promotion.is_begun() && self.coverage.is_none()
    }

    fn commit<'a>(
        &mut self,
        changes: impl Iterator<Item = Change<'a>> + Clone,
    ) -> Result<Ack, StoreError> {
        self.check_poison()?;
        limits::check(changes.clone())?;
        let committed = self.database.commit(changes);
        self.guard(committed)?;
        self.after_commit()
    }

    /// Whether it is in memory, and the snapshot in place holds everything.
    pub(crate) fn is_saved(&self) -> bool {
        self.home == Home::Memory && self.standing() == Level::Power
    }

    /// The level at which everything published is held now.
    pub(super) fn standing(&self) -> Level {
        if self.is_poisoned() {
            // A sync that failed may have been about an earlier commit, too, which an earlier sync had let pass.
            return Level::Memory;
        }
        match self.home {
            Home::File => Level::Power,
            // A file that a failed move has put in place comes before the snapshot when the store is opened again.
            Home::Memory if self.coverage.is_full(self.commits) && !self.promotion.is_begun() => {
                Level::Power
            }
            Home::Memory => Level::Memory,
        }
    }

    /// What a copy has to know of the store, and where snapshots go.
    pub(super) fn live(&mut self) -> Result<(Live<'_>, Option<&mut Destination>), StoreError> {
        let file = self.own_file()?;
        let live = Live {
            host: &self.host,
            mount: &self.mount.0,
            database: &self.database,
            path: self.options.path(),
            file,
        };
        Ok((live, self.snapshots.as_mut()))
    }

    /// Where snapshots go.
    pub(super) const fn snapshots_mut(&mut self) -> Option<&mut Destination> {
        self.snapshots.as_mut()
    }

    /// The file of the database, by the lock that was taken of it.
    pub(super) fn own_file(&self) -> Result<Option<Metadata>, StoreError> {
        let path = self.options.path();
        let own = self.locks.iter().find(|lock| Some(lock.path()) == path);
        match own {
            Some(lock) => lock.metadata().map(Some),
            None => Ok(None),
        }
    }

    pub(super) const fn mount(&self) -> &Arc<Mount> {
        &self.mount.0
    }

    pub(super) const fn home(&self) -> Home {
        self.home
    }

    /// Whether a move to the file has come so far that the file may be there.
    pub(super) const fn is_move_begun(&self) -> bool {
        self.promotion.is_begun()
    }

    /// Number of the last commit of this life.
    pub(super) const fn commits(&self) -> u64 {
        self.commits
    }

    /// What the jobs of this store have in common.
    pub(super) fn owner(&self) -> Arc<()> {
        Arc::clone(&self.owner)
    }

    /// Refuses to put anything in the place of snapshots while one is being put there without the store.
    pub(super) fn check_turn(&self) -> Result<(), StoreError> {
        match self.snapshot_path() {
            Some(path) if self.turn.strong_count() > 0 => Err(StoreError::SnapshotBusy {
                path: path.to_path_buf(),
            }),
            _ => Ok(()),
        }
    }

    /// The turn to put a snapshot in place: it lasts until this is dropped.
    pub(super) fn take_turn(&mut self) -> Arc<()> {
        let turn = Arc::new(());
        self.turn = Arc::downgrade(&turn);
        turn
    }

    /// What the snapshot in place holds.
    pub(super) const fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    pub(super) const fn coverage_mut(&mut self) -> &mut Coverage {
        &mut self.coverage
    }

    pub(super) fn warn(&mut self, warning: Warning) {
        if self.warnings.len() == WARNINGS_MAX {
            self.warnings.remove(0);
        }
        self.warnings.push(warning);
    }

    fn check_doubt(&self) -> Result<(), StoreError> {
        if self.in_doubt {
            self.check_poison()
        } else {
            Ok(())
        }
    }

    pub(super) fn check_poison(&self) -> Result<(), StoreError> {
        match &self.poison {
            None => Ok(()),
            Some(cause) => Err(StoreError::Poisoned {
                cause: cause.clone(),
            }),
        }
    }

    /// Poisons the store when a commit failed: what it left on disk is unknown, and the operating system may call the same pages clean the
    /// next time it is asked.
    pub(super) fn guard(&mut self, result: Result<(), StoreError>) -> Result<(), StoreError> {
        result.map_err(|error| {
            let error = self.explain(error);
            self.in_doubt |= error.leaves_doubt();
            if self.poison.is_none() {
                self.poison = Some(error.text());
            }
            error
        })
    }

    /// Adds what the operating system said last.
    pub(super) fn explain(&self, error: StoreError) -> StoreError {
        error.with_os(self.mount.0.last_os_error())
    }
}
