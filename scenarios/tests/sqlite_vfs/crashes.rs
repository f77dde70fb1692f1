//! Errors of the disk, dead processes, and panics.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::image::Image;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_reference::clock::StdClock;
use plimsoll_reference::fs::{DirEntry, FsFile, FsOps, Metadata, OpenOptions, StdFs};
use plimsoll_reference::host::Host;
use rusqlite::ffi;

use crate::support::{check_integrity, connect, create, disk, insert, keys, mount, simulated};

/// What the third row meets when this goes wrong, and what is there afterwards.
fn check_fault(mode: &str, fault: &str, code: i32, errno: Option<i32>) {
    let disk = disk();
    let mount = mount(&simulated(&disk));
    let connection = connect(&mount, mode);
    create(&connection);
    insert(&connection, 1, 10).expect("a row");
    disk.set_plan(&fault.parse().expect("a fault"));
    let error = insert(&connection, 2, 10).expect_err(fault);
    let found = error.sqlite_error().map(|error| error.extended_code);
    assert_eq!(found, Some(code), "{fault}: {error}");
    let last = mount.last_os_error().and_then(|error| error.raw_os_error());
    assert_eq!(last, errno, "{fault}");
    disk.set_plan(&FaultPlan::none());
    assert_eq!(keys(&connection), [1], "{fault}");
    check_integrity(&connection);
    insert(&connection, 3, 10).expect("the disk works again");
    assert_eq!(keys(&connection), [1, 3], "{fault}");
}

#[test]
fn errors_of_the_disk_reach_sqlite_as_what_they_are() {
    const EIO: Option<i32> = Some(5);
    const ENOSPC: Option<i32> = Some(28);
    let journal = "store.db-journal";
    check_fault(
        "delete",
        &format!("write {journal} ENOSPC"),
        ffi::SQLITE_FULL,
        ENOSPC,
    );
    check_fault(
        "delete",
        &format!("write {journal} EIO"),
        ffi::SQLITE_IOERR_WRITE,
        EIO,
    );
    check_fault(
        "delete",
        &format!("fsync {journal} EIO"),
        ffi::SQLITE_IOERR_FSYNC,
        EIO,
    );
    check_fault(
        "truncate",
        &format!("truncate {journal} EIO"),
        ffi::SQLITE_IOERR_TRUNCATE,
        EIO,
    );
    check_fault(
        "delete",
        &format!("unlink {journal} EIO"),
        ffi::SQLITE_IOERR_DELETE,
        EIO,
    );
    check_fault(
        "wal",
        "fsync store.db-wal EIO",
        ffi::SQLITE_IOERR_FSYNC,
        EIO,
    );
    check_fault("wal", "write store.db-wal ENOSPC", ffi::SQLITE_FULL, ENOSPC);
}

#[test]
fn a_dead_process_changes_nothing() {
    for mode in ["delete", "persist", "wal"] {
        let disk = disk();
        let process = disk.process();
        let mounted = mount(&simulated(&process));
        let connection = connect(&mounted, mode);
        create(&connection);
        insert(&connection, 1, 10).expect("a row");
        connection
            .execute_batch("PRAGMA cache_size = 1; BEGIN")
            .expect("a transaction");
        for key in 2..20 {
            insert(&connection, key, 4000).expect("a row");
        }
        process.fence();
        let at_crash = disk.image().hash();
        // This may get no further than the cache of the connection.
        let _ = insert(&connection, 30, 10);
        connection
            .execute_batch("COMMIT")
            .expect_err("the process is dead");
        drop(connection);
        drop(mounted);
        assert_eq!(disk.image().hash(), at_crash, "{mode}");
        assert_eq!(process.open_handles(), 0, "{mode}");

        let mounted = mount(&simulated(&disk.process()));
        let connection = connect(&mounted, mode);
        check_integrity(&connection);
        assert_eq!(keys(&connection), [1], "{mode}");
    }
}

#[test]
fn a_connection_that_outlives_its_mount_changes_nothing() {
    let disk = disk();
    let mounted = mount(&simulated(&disk));
    let connection = connect(&mounted, "delete");
    create(&connection);
    connection.execute_batch("BEGIN").expect("a transaction");
    insert(&connection, 1, 10).expect("a row");
    let before = disk.image().hash();
    let name = mounted.vfs_name().to_owned();
    drop(mounted);
    let other = SimFs::new(Image::new());
    let second = mount(&simulated(&other));
    assert_ne!(second.vfs_name(), name, "the first still has files open");
    connection
        .execute_batch("COMMIT")
        .expect_err("the host is not mounted");
    drop(connection);
    assert_eq!(disk.image().hash(), before);
    assert_eq!(disk.open_handles(), 0);
    assert_eq!(other.operations(), 0, "another disk saw nothing of it");
}

/// A file system with a bug.
struct Panics(StdFs);

impl FsOps for Panics {
    fn open(&self, path: &Path, options: OpenOptions) -> io::Result<Box<dyn FsFile>> {
        assert!(
            !path.to_string_lossy().ends_with("-journal"),
            "a bug in the file system"
        );
        self.0.open(path, options)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn hard_link(&self, original: &Path, link: &Path) -> io::Result<()> {
        self.0.hard_link(original, link)
    }
    fn symlink(&self, target: &Path, link: &Path) -> io::Result<()> {
        self.0.symlink(target, link)
    }
    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.0.read_link(path)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.0.remove_file(path)
    }
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.0.create_dir(path)
    }
    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.0.remove_dir(path)
    }
    fn read_dir(&self, path: &Path) -> io::Result<Vec<DirEntry>> {
        self.0.read_dir(path)
    }
    fn metadata(&self, path: &Path) -> io::Result<Option<Metadata>> {
        self.0.metadata(path)
    }
    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        self.0.sync_dir(path)
    }
}

#[test]
fn a_panic_does_not_get_through_sqlite() {
    let dir = tempfile::tempdir().expect("a directory");
    let fs = Arc::new(Panics(StdFs::rooted(dir.path())));
    let mount = mount(&Host::new(fs, Arc::new(StdClock::new())));
    let connection = connect(&mount, "delete");
    let error = connection
        .execute_batch("CREATE TABLE t (k)")
        .expect_err("no journal can be opened");
    let code = error.sqlite_error_code();
    assert_eq!(code, Some(rusqlite::ErrorCode::SystemIoFailure), "{error}");
}
