//! How a store is opened.

use std::path::{Path, PathBuf};

use crate::digits::number;
use crate::level::Level;
use crate::native::CreatePolicy;

use super::error::StoreError;
use super::location::{Location, ParseLocationError, Spelling};
use super::vfs::MountOptions;

/// Largest database that stays in memory unless another size is asked for, in bytes.
pub const MEMORY_THRESHOLD_DEFAULT: u64 = 10 << 20;

/// Snapshots that are kept unless another number is asked for, the canonical one counted.
pub const KEEP_DEFAULT: u32 = 5;

/// Where commits are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    /// In a write-ahead log, with `synchronous=FULL`. Its index is in the memory of the process, so that no file system refuses it.
    Wal,
    /// In a rollback journal that is removed at each commit, with `synchronous=EXTRA`.
    Rollback,
}

/// When the whole database is read for damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntegrityCheck {
    /// At each open, which takes time in proportion to the database.
    AtOpen,
    /// Only what is restored; opening looks at the header and the schema.
    OnRestore,
}

/// How a store is opened. The defaults are the safest.
///
/// ```
/// use plimsoll_reference::level::Level;
/// use plimsoll_reference::sqlite::Options;
///
/// let options = Options::file("store.db").snapshot_path("backup/store.db").keep(3);
/// assert_eq!(options.commit_level(), Level::Power);
/// let options = Options::file("store.db").memory_threshold(1 << 20);
/// assert_eq!(options.commit_level(), Level::Memory);
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(super) location: Location,
    pub(super) memory_threshold: Option<u64>,
    pub(super) create_policy: CreatePolicy,
    pub(super) journal: Journal,
    pub(super) integrity_check: IntegrityCheck,
    pub(super) checkpoint_pages: u32,
    pub(super) snapshot_path: Option<PathBuf>,
    pub(super) keep: u32,
    pub(super) vfs: MountOptions,
}

impl Options {
    /// A store at this location: each commit of a file durable before its acknowledgement, created when absent, no snapshots.
    pub fn new(location: Location) -> Self {
        Self {
            location,
            memory_threshold: None,
            create_policy: CreatePolicy::CreateIfAbsent,
            journal: Journal::Wal,
            integrity_check: IntegrityCheck::AtOpen,
            checkpoint_pages: 1000,
            snapshot_path: None,
            keep: KEEP_DEFAULT,
            vfs: MountOptions::default(),
        }
    }

    /// A store in this file, whatever its name looks like.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::new(Location::File(path.into()))
    }

    /// A store in memory. With [`snapshot_path`](Self::snapshot_path) it starts from the snapshot and ends in one.
    pub fn memory() -> Self {
        Self::new(Location::Memory)
    }

    /// Reads a [`Location`] with the parameters `memory_threshold` (bytes), `snapshot` (a path), `keep` (a number) beside `mode` and
    /// `cache`.
    ///
    /// ```
    /// use plimsoll_reference::sqlite::Options;
    /// assert!(Options::from_url("file:a.db?snapshot=b.db&keep=3").is_ok());
    /// assert!(Options::from_url("file:a.db?snapshot=b.db&keep=three").is_err());
    /// ```
    ///
    /// # Errors
    /// The text names no database, a parameter is unknown, or a number is none.
    pub fn from_url(text: &str) -> Result<Self, ParseLocationError> {
        let spelling = Spelling::parse(text)?;
        let mut options = Self::new(spelling.location);
        if spelling.may_create == Some(false) {
            options.create_policy = CreatePolicy::OpenExisting;
        }
        for (name, value) in &spelling.parameters {
            let wrong = |reason| ParseLocationError::new(text, reason);
            let no_number = || wrong(format!("`{name}` is a number, not `{value}`"));
            match name.as_str() {
                "memory_threshold" => {
                    options.memory_threshold = Some(number(value).ok_or_else(no_number)?);
                }
                "keep" => options.keep = number(value).ok_or_else(no_number)?,
                "snapshot" => options.snapshot_path = Some(PathBuf::from(value)),
                _ => return Err(wrong(format!("the parameter `{name}` is unknown"))),
            }
        }
        let wrong = |error: StoreError| ParseLocationError::new(text, error.to_string());
        options.validate().map_err(wrong)?;
        Ok(options)
    }

    /// Holds the database of a file in memory until it is larger than this many bytes or is closed; then it moves to the file. One
    /// that is found in its file stays there.
    #[must_use]
    pub fn memory_threshold(mut self, bytes: u64) -> Self {
        self.memory_threshold = Some(bytes);
        self
    }

    /// What to do where there is no database.
    #[must_use]
    pub fn create_policy(mut self, policy: CreatePolicy) -> Self {
        self.create_policy = policy;
        self
    }

    /// Where commits are logged.
    #[must_use]
    pub fn journal(mut self, journal: Journal) -> Self {
        self.journal = journal;
        self
    }

    /// When the whole database is read for damage.
    #[must_use]
    pub fn integrity_check(mut self, check: IntegrityCheck) -> Self {
        self.integrity_check = check;
        self
    }

    /// Copies the write-ahead log into the database when it has this many pages; at least 1.
    #[must_use]
    pub fn checkpoint_pages(mut self, pages: u32) -> Self {
        self.checkpoint_pages = pages;
        self
    }

    /// Where snapshots go. Older ones are kept beside it, as `PATH.N`, the newest with the highest number.
    #[must_use]
    pub fn snapshot_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.snapshot_path = Some(path.into());
        self
    }

    /// How many snapshots are kept, the canonical one counted; at least 1.
    #[must_use]
    pub fn keep(mut self, snapshots: u32) -> Self {
        self.keep = snapshots;
        self
    }

    /// How the disk appears to SQLite.
    #[must_use]
    pub fn vfs(mut self, options: MountOptions) -> Self {
        self.vfs = options;
        self
    }

    /// The level at which commits are acknowledged at first. A store that moves from memory to its file goes on at `Power`.
    pub fn commit_level(&self) -> Level {
        match (&self.location, self.memory_threshold) {
            (Location::File(_), None) => Level::Power,
            (Location::Memory, _) | (Location::File(_), Some(_)) => Level::Memory,
        }
    }

    /// The file of the database, if it has one.
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.location {
            Location::Memory => None,
            Location::File(path) => Some(path),
        }
    }

    pub(super) fn validate(&self) -> Result<(), StoreError> {
        let refuse = |option, reason| Err(StoreError::InvalidOption { option, reason });
        if self.keep == 0 {
            return refuse("keep", "the snapshot itself counts; keep at least 1");
        }
        if self.checkpoint_pages == 0 {
            return refuse(
                "checkpoint_pages",
                "a log without pages takes nothing; use at least 1",
            );
        }
        if self.location == Location::Memory && self.memory_threshold.is_some() {
            return refuse(
                "memory_threshold",
                "a database in memory has no file to move to; name one",
            );
        }
        if self.path().is_some_and(|path| !is_named(path)) {
            return refuse("location", "a database has a file name, in UTF-8");
        }
        let snapshot = self.snapshot_path.as_deref();
        if snapshot.is_some_and(|path| !is_named(path)) {
            return refuse("snapshot_path", "a snapshot has a file name, in UTF-8");
        }
        Ok(())
    }
}

/// Whether a path ends in a name by which what lies beside it can be found: directories are listed without the names that are not UTF-8.
pub(super) fn is_named(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_str().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_or_refused() {
        let options = Options::from_url("file:a.db?memory_threshold=4096&snapshot=b%20c&keep=2")
            .expect("it is complete");
        assert_eq!(options.memory_threshold, Some(4096));
        assert_eq!(options.snapshot_path.as_deref(), Some(Path::new("b c")));
        assert_eq!(options.keep, 2);
        for (text, reason) in [
            ("file:a?keep=", "is a number"),
            ("file:a?keep=-1", "is a number"),
            ("file:a?keep=+1", "is a number"),
            ("file:a?keep=5x", "is a number"),
            ("file:a?keep=4294967296", "is a number"),
            ("file:a?keep=0", "keep at least 1"),
            ("file:a?memory_threshold=10MB", "is a number"),
            ("file:a?threshold=1", "unknown"),
            ("sqlite::memory:?x=1", "unknown"),
            ("file::memory:?memory_threshold=1", "no file to move to"),
            ("file:a/..", "file name"),
        ] {
            let error = Options::from_url(text).expect_err(text);
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_mode_says_whether_a_file_may_be_created() {
        let policy = |text| {
            Options::from_url(text)
                .expect("it is a location")
                .create_policy
        };
        assert_eq!(policy("file:a?mode=rw"), CreatePolicy::OpenExisting);
        assert_eq!(policy("file:a?mode=rwc"), CreatePolicy::CreateIfAbsent);
        assert_eq!(policy("file:a"), CreatePolicy::CreateIfAbsent);
    }
}
