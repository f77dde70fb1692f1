//! Looking at a store that nobody has open, without changing a byte of it.
//!
//! What is at the path says what it is: the directory of a native store, a snapshot or copy of one, a database of the engine on SQLite.
//!
//! **Not covered**: reading beside a server. Only a file that is replaced as a whole, as snapshots are, can be read at any time.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::error_text::with_causes;
use crate::fs::{FileKind, FsOps, OpenOptions};
use crate::host::Host;
use crate::{native, sqlite};

/// The first bytes of every SQLite database.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The directory of a native store.
    Native,
    /// A snapshot or copy of a native store.
    NativeSnapshot,
    /// A database of the engine on SQLite.
    Sqlite,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "native store",
            Self::NativeSnapshot => "snapshot of a native store",
            Self::Sqlite => "SQLite store",
        })
    }
}

/// A store as it was found.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// What it is.
    pub kind: Kind,
    /// Every key and its value, in key order.
    pub pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Number of the last commit, where it is written down.
    pub sequence: Option<u64>,
    /// What the next open mends.
    pub repairs: Vec<String>,
}

/// A store that cannot be shown.
#[derive(Debug, Error)]
pub enum InspectionError {
    /// Nothing is there.
    #[error("nothing is at `{}`; name the directory of a native store, a snapshot, or a database", path.display())]
    Absent {
        /// The path.
        path: PathBuf,
    },
    /// The database that is being written to.
    #[error("`{}` is open elsewhere; end that first, or read its snapshot", path.display())]
    InUse {
        /// The path.
        path: PathBuf,
    },
    /// It could not be looked at.
    #[error("cannot look at `{}`: the file system failed; mend it", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// It is no complete native store.
    #[error(transparent)]
    Native(#[from] native::StoreError),
    /// It is no complete SQLite store.
    #[error(transparent)]
    Sqlite(#[from] sqlite::StoreError),
}

impl InspectionError {
    /// The error with its causes, on one line.
    pub fn text(&self) -> String {
        with_causes(self)
    }
}

/// Reads all of what is at a path, and checks it. `snapshot_path` is where a native store has its snapshot, if not in its directory.
///
/// # Errors
/// Nothing is there; it is damaged, foreign or incomplete; somebody has it open.
pub fn inspect(
    host: &Host,
    path: &Path,
    snapshot_path: Option<&Path>,
) -> Result<Inspection, InspectionError> {
    let fs = &*host.fs;
    let failed = |source| InspectionError::Io {
        path: path.to_path_buf(),
        source,
    };
    // What belongs beside a database is beside what a link leads to.
    let (resolved, found) = sqlite::follow(fs, path)?;
    let Some(found) = found else {
        return Err(InspectionError::Absent {
            path: path.to_path_buf(),
        });
    };
    match kind(fs, &resolved, found.kind).map_err(failed)? {
        Kind::Native => native_store(fs, path, snapshot_path),
        Kind::NativeSnapshot => {
            let mut pairs = Vec::new();
            native::read_snapshot(fs, path, &mut collect(&mut pairs))?;
            Ok(Inspection {
                kind: Kind::NativeSnapshot,
                pairs,
                sequence: None,
                repairs: Vec::new(),
            })
        }
        Kind::Sqlite => database(host, &resolved),
    }
}

fn collect(pairs: &mut Vec<(Vec<u8>, Vec<u8>)>) -> impl FnMut(&[u8], &[u8]) {
    |key, value| pairs.push((key.to_vec(), value.to_vec()))
}

/// What is there, by its first bytes.
fn kind(fs: &dyn FsOps, path: &Path, found: FileKind) -> io::Result<Kind> {
    match found {
        FileKind::Dir => return Ok(Kind::Native),
        // Opening a pipe waits for somebody to write to it.
        FileKind::Other => {
            let reason = "it is neither a file nor a directory";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        FileKind::File | FileKind::Symlink => {}
    }
    let file = fs.open(path, OpenOptions::read_only())?;
    let mut start = [0; SQLITE_MAGIC.len()];
    let count = file.read_at(&mut start, 0)?;
    // SQLite takes an empty file for a database, so that its engine has the right words for one.
    let is_sqlite = count == 0 || start == *SQLITE_MAGIC;
    Ok(if is_sqlite {
        Kind::Sqlite
    } else {
        Kind::NativeSnapshot
    })
}

fn native_store(
    fs: &dyn FsOps,
    path: &Path,
    snapshot_path: Option<&Path>,
) -> Result<Inspection, InspectionError> {
    let mut options = native::Options::new(path);
    if let Some(snapshot) = snapshot_path {
        options = options.snapshot_path(snapshot);
    }
    let mut pairs = Vec::new();
    let found = native::read_store(fs, &options, &mut collect(&mut pairs))?;
    let Some(findings) = found else {
        return Err(InspectionError::Absent {
            path: path.to_path_buf(),
        });
    };
    let mut repairs: Vec<String> = findings
        .temporaries
        .iter()
        .map(|path| format!("removes the temporary `{}`", path.display()))
        .collect();
    if findings.unsettled > 0 {
        repairs.push(format!(
            "writes again the last {} commits, which may not be durable",
            findings.unsettled
        ));
    }
    Ok(Inspection {
        kind: Kind::Native,
        pairs,
        sequence: Some(findings.sequence),
        repairs,
    })
}

fn database(host: &Host, path: &Path) -> Result<Inspection, InspectionError> {
    let journals = journals(&*host.fs, path).map_err(|source| InspectionError::Io {
        path: path.to_path_buf(),
        source,
    })?;
    let mut pairs = Vec::new();
    match sqlite::read_image(host, path, &mut collect(&mut pairs)) {
        Ok(true) => {}
        Ok(false) => {
            return Err(InspectionError::Absent {
                path: path.to_path_buf(),
            });
        }
        Err(sqlite::StoreError::Locked { .. }) => {
            return Err(InspectionError::InUse {
                path: path.to_path_buf(),
            });
        }
        Err(error) => return Err(error.into()),
    }
    let repairs = journals
        .iter()
        .map(|path| format!("takes in `{}`, which may not be durable", path.display()))
        .collect();
    Ok(Inspection {
        kind: Kind::Sqlite,
        pairs,
        sequence: None,
        repairs,
    })
}

/// The journals beside a database that hold anything.
fn journals(fs: &dyn FsOps, path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for suffix in ["-wal", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let journal = PathBuf::from(name);
        if fs.metadata(&journal)?.is_some_and(|file| file.len > 0) {
            found.push(journal);
        }
    }
    Ok(found)
}
