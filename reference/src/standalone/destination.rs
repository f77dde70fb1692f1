//! The place where the data will be.

use std::io;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use crate::fs::{FsFile, FsOps, OpenOptions, sync_dir_if_possible};

use super::options::{UNDONE, USAGE};
use super::refusal::Refusal;
use super::setup::{EngineKind, Setup};

/// Behind the path of a destination: the lock of whoever works on it.
const LOCK_SUFFIX: &str = ".standalone";

/// Behind the path of a database or snapshot, or before the rest of such a name: what SQLite, the engines and people put there.
const SIBLINGS: [&str; 6] = ["-wal", "-journal", "-shm", ".tmp", ".bak", ".old"];

/// The place where the data will be, locked for as long as this is there.
pub(super) struct Destination {
    _lock: Box<dyn FsFile>,
}

impl Destination {
    /// Refuses a place where there is no store, nor anything that says that there was one, before anything is made there.
    pub(super) fn refuse_absent(fs: &dyn FsOps, setup: &Setup) -> Result<(), Refusal> {
        let path = setup.path.display();
        match trace(fs, setup) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(Refusal::new(
                UNDONE,
                format!("there is no store at `{path}`; name one that is there"),
            )),
            Err(error) => Err(Refusal::new(
                UNDONE,
                format!("cannot look for a store at `{path}`: {error}"),
            )),
        }
    }

    /// Locks the place, and refuses one that is taken: by another process, or by data that nobody asked to go on from.
    pub(super) fn take(fs: &dyn FsOps, setup: &Setup, resume: bool) -> Result<Self, Refusal> {
        let path = setup.path.as_path();
        let failed = |what: &str| {
            let message = format!("cannot {what} `{}`", path.display());
            move |error: io::Error| Refusal::new(UNDONE, format!("{message}: {error}"))
        };
        if let Some(dir) = path.parent() {
            make_directory(fs, dir).map_err(failed("make the directory of"))?;
        }
        let lock = lock_path(path);
        let file = fs
            .open(&lock, OpenOptions::read_write().create())
            .map_err(failed("lock"))?;
        if !file.try_lock().map_err(failed("lock"))? {
            let message = format!(
                "`{}` is being worked on: another process has locked `{}`; wait for its end, or choose another path",
                path.display(),
                lock.display()
            );
            return Err(Refusal::new(UNDONE, message));
        }
        let found = match resume || !setup.in_memory {
            true => None,
            false => trace(fs, setup).map_err(failed("look beside"))?,
        };
        match found {
            None => Ok(Self { _lock: file }),
            Some(found) => {
                let message = format!(
                    "`{}` is there, and a store in memory would replace it; use --resume to go on from it, or choose another path",
                    found.display()
                );
                Err(Refusal::new(USAGE, message))
            }
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(LOCK_SUFFIX);
    PathBuf::from(name)
}

/// Makes a directory with its ancestors, durably: engines take it that an ancestor which is there is durable.
fn make_directory(fs: &dyn FsOps, dir: &Path) -> io::Result<()> {
    let Some(above) = dir.parent() else {
        return Ok(()); // The root, or the directory of the process.
    };
    if fs.metadata(dir)?.is_some() {
        return Ok(());
    }
    make_directory(fs, above)?;
    match fs.create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    sync_dir_if_possible(fs, above)
}

/// Something that says that there is or was data.
fn trace(fs: &dyn FsOps, setup: &Setup) -> io::Result<Option<PathBuf>> {
    let mut found = match setup.engine {
        EngineKind::Native => in_directory(fs, &setup.path)?,
        EngineKind::Sqlite => beside(fs, &setup.path)?,
    };
    if let Some(path) = &setup.snapshot_path
        && found.is_none()
    {
        found = beside(fs, &setup.path.join(path))?;
    }
    Ok(found)
}

/// The first file of a native store in this directory; or what is there and is no directory.
fn in_directory(fs: &dyn FsOps, dir: &Path) -> io::Result<Option<PathBuf>> {
    let is_data = |name: &str| name.contains(".log") || name.starts_with("snapshot.plim");
    match names(fs, dir) {
        Err(error) if error.raw_os_error() == Some(Errno::ENOTDIR as i32) => Ok(Some(dir.into())),
        result => {
            let first = result?.into_iter().find(|name| is_data(name));
            Ok(first.map(|name| dir.join(name)))
        }
    }
}

/// The first of a file, its journals, temporaries and older copies.
fn beside(fs: &dyn FsOps, path: &Path) -> io::Result<Option<PathBuf>> {
    let dir = path.parent().unwrap_or(Path::new(""));
    let base = path.file_name().and_then(|name| name.to_str());
    let is_data = |name: &str| {
        base.and_then(|base| name.strip_prefix(base))
            .is_some_and(is_sibling)
    };
    let first = names(fs, dir)?.into_iter().find(|name| is_data(name));
    Ok(first.map(|name| dir.join(name)))
}

/// Whether a name with this behind that of a database says that there is or was one.
fn is_sibling(suffix: &str) -> bool {
    suffix.is_empty()
        || SIBLINGS.iter().any(|sibling| suffix.starts_with(sibling))
        || suffix
            .strip_prefix('.')
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// The names in a directory, in order; one that is absent has none.
fn names(fs: &dyn FsOps, dir: &Path) -> io::Result<Vec<String>> {
    let entries = match fs.read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        result => result?,
    };
    let mut names: Vec<String> = entries.into_iter().map(|entry| entry.name).collect();
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use crate::fs::StdFs;

    use super::*;

    /// Takes a destination `a/store` in a fresh directory that has these files in it, and says what was refused.
    fn check(engine: EngineKind, files: &[&str], resume: bool) -> Option<Refusal> {
        let dir = tempfile::tempdir().expect("a directory");
        let fs = StdFs::rooted(dir.path());
        for file in files {
            let path = Path::new(file);
            make_directory(&fs, path.parent().expect("it has one")).expect("made");
            fs.open(path, OpenOptions::read_write().create())
                .expect("created");
        }
        let mut setup = Setup::new("a/store", engine);
        setup.in_memory = true;
        Destination::take(&fs, &setup, resume).err()
    }

    #[test]
    fn nothing_that_is_there_is_replaced_unless_asked() {
        use EngineKind::{Native, Sqlite};
        for engine in [Native, Sqlite] {
            assert_eq!(check(engine, &[], false), None);
            assert_eq!(check(engine, &["a/other", "a/store.lock"], false), None);
        }
        for file in ["", "-wal", "-journal", ".tmp", ".bak", ".1", ".7.tmp"] {
            let file = format!("a/store{file}");
            let refusal = check(Sqlite, &[&file], false).expect(&file);
            assert_eq!(refusal.code, USAGE);
            assert!(refusal.message.contains(&format!("`{file}`")));
            assert_eq!(check(Sqlite, &[&file], true), None);
        }
        for file in ["snapshot.plim", "0000000001.log", "snapshot.plim.3-1.tmp"] {
            let file = format!("a/store/{file}");
            assert!(check(Native, &[&file], false).is_some(), "{file}");
            assert_eq!(check(Native, &[&file], true), None);
        }
        assert!(check(Native, &["a/store"], false).is_some(), "it is a file");
        assert_eq!(check(Native, &["a/store/lock"], false), None);
    }

    #[test]
    fn a_second_one_is_refused_until_the_first_is_gone() {
        let dir = tempfile::tempdir().expect("a directory");
        let fs = StdFs::rooted(dir.path());
        let setup = Setup::new("store", EngineKind::Native);
        let first = Destination::take(&fs, &setup, false).expect("it is free");
        let refusal = Destination::take(&fs, &setup, false).err().expect("taken");
        assert_eq!(refusal.code, UNDONE);
        assert!(refusal.message.contains("another process"), "{refusal:?}");
        drop(first);
        assert!(Destination::take(&fs, &setup, true).is_ok());
    }
}
