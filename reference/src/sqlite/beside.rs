//! What lies beside a database: SQLite's journals, temporaries of ours, older snapshots, and what other programs leave.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::{FileKind, FsOps};

use super::directory::parent;
use super::error::{StoreError, io_error};

/// What SQLite puts behind the name of a database for its write-ahead log.
const LOG: &str = "-wal";

/// What SQLite puts behind the name of a database, and what it belongs to inseparably.
pub(super) const JOURNALS: [&str; 2] = [LOG, "-journal"];

/// The same, with shared memory, which other programs may have left.
const SIDECARS: [&str; 3] = ["-wal", "-journal", "-shm"];

/// Behind the name of a temporary of ours.
const TEMPORARY: &str = ".tmp";

/// A path with something behind it.
pub(super) fn suffixed(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Whether a path is that of a write-ahead log.
pub(super) fn is_log(path: &Path) -> bool {
    path.as_os_str()
        .as_encoded_bytes()
        .ends_with(LOG.as_bytes())
}

/// The lock file of a database.
pub(super) fn lock_path(path: &Path) -> PathBuf {
    suffixed(path, ".lock")
}

/// An older snapshot.
pub(super) fn older_path(path: &Path, number: u64) -> PathBuf {
    suffixed(path, &format!(".{number}"))
}

/// A temporary beside a path; the number tells those of one store from each other.
pub(super) fn temporary_path(path: &Path, number: u64) -> PathBuf {
    suffixed(path, &format!(".{number}{TEMPORARY}"))
}

/// What there is beside a database.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// Whether the database is there.
    pub(super) is_there: bool,
    /// Whether what is there is neither a file nor a directory, nor a link.
    pub(super) is_special: bool,
    /// Its write-ahead log and its rollback journal.
    pub(super) journals: Vec<PathBuf>,
    /// These and its shared memory.
    pub(super) sidecars: Vec<PathBuf>,
    /// Temporaries of ours, and what SQLite put beside them.
    pub(super) temporaries: Vec<PathBuf>,
    /// Numbers of the older snapshots, ascending.
    pub(super) older: Vec<u64>,
    /// Names by which others keep what they are about to put in place, or have replaced.
    pub(super) others: Vec<PathBuf>,
}

impl Beside {
    /// Looks at the directory of a database; one that is absent has nothing in it.
    pub(super) fn list(fs: &dyn FsOps, path: &Path) -> Result<Self, StoreError> {
        let dir = parent(path);
        let entries = match fs.read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            result => result.map_err(io_error("list", dir))?,
        };
        let mut beside = Self::default();
        let base = path.file_name().and_then(|name| name.to_str());
        beside.is_special = entries
            .iter()
            .any(|entry| Some(entry.name.as_str()) == base && entry.kind == FileKind::Other);
        let mut names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        for name in names {
            if let Some(suffix) = base.and_then(|base| name.strip_prefix(base)) {
                beside.add(dir.join(name), suffix);
            }
        }
        beside.older.sort_unstable();
        Ok(beside)
    }

    fn add(&mut self, path: PathBuf, suffix: &str) {
        if suffix.is_empty() {
            self.is_there = true;
        } else if SIDECARS.contains(&suffix) {
            if JOURNALS.contains(&suffix) {
                self.journals.push(path.clone());
            }
            self.sidecars.push(path);
        } else if is_temporary(suffix) {
            self.temporaries.push(path);
        } else if let Some(number) = suffix.strip_prefix('.').and_then(number) {
            self.older.push(number);
        } else if [TEMPORARY, ".bak"].contains(&suffix) {
            self.others.push(path);
        }
    }

    /// Something that says that there was a database where now is none.
    pub(super) fn trace(&self, path: &Path) -> Option<PathBuf> {
        let older = || self.older.last().map(|&number| older_path(path, number));
        let kept = self.journals.iter().chain(&self.others).next().cloned();
        kept.or_else(older)
    }
}

/// A number as [`older_path`] writes it.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Whether a name has behind it what [`temporary_path`] puts there, with what SQLite may have added.
fn is_temporary(suffix: &str) -> bool {
    let ours = SIDECARS
        .iter()
        .find_map(|sidecar| suffix.strip_suffix(sidecar))
        .unwrap_or(suffix);
    // A journal is replaced by a temporary of its own.
    let ours = JOURNALS
        .iter()
        .find_map(|journal| ours.strip_prefix(journal))
        .unwrap_or(ours);
    ours.strip_suffix(TEMPORARY)
        .and_then(|rest| rest.strip_prefix('.'))
        .and_then(number)
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_thing() {
        let mut beside = Beside::default();
        for suffix in [
            "",
            "-wal",
            "-journal",
            "-shm",
            ".7.tmp",
            ".7.tmp-journal",
            "-wal.1.tmp",
            ".2",
            ".10",
            ".tmp",
            ".bak",
            ".lock",
            ".02",
            "x",
            ".x.tmp",
            "-wal2",
        ] {
            beside.add(suffixed(Path::new("d/a.db"), suffix), suffix);
        }
        let names = |paths: &[PathBuf]| -> Vec<String> {
            let name = |path: &PathBuf| path.display().to_string().split_off("d/a.db".len());
            paths.iter().map(name).collect()
        };
        assert!(beside.is_there);
        assert_eq!(names(&beside.journals), ["-wal", "-journal"]);
        assert_eq!(names(&beside.sidecars), ["-wal", "-journal", "-shm"]);
        assert_eq!(
            names(&beside.temporaries),
            [".7.tmp", ".7.tmp-journal", "-wal.1.tmp"]
        );
        assert_eq!(beside.older, [2, 10]);
        assert_eq!(names(&beside.others), [".tmp", ".bak"]);
    }

    #[test]
    fn temporaries_and_locks_are_no_trace_of_a_database() {
        let path = Path::new("a.db");
        for (suffix, is_trace) in [
            (".1.tmp", false),
            (".lock", false),
            ("-shm", false),
            ("-wal", true),
            ("-journal", true),
            (".tmp", true),
            (".bak", true),
            (".1", true),
        ] {
            let mut beside = Beside::default();
            beside.add(suffixed(path, suffix), suffix);
            let trace = is_trace.then(|| suffixed(path, suffix));
            assert_eq!(beside.trace(path), trace, "{suffix}");
        }
    }
}
