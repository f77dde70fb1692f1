//! Places that are not what they usually are: other file systems, pipes, names of odd bytes.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use plimsoll_reference::inspection::inspect;
use plimsoll_reference::level::Level;
use plimsoll_reference::native;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_reference::sqlite::{Journal, Options, Store, StoreError};

use crate::odd_fs::odd_host;
use crate::support::{Bench, dump, map};

#[test]
fn files_of_two_file_systems_may_have_one_number() {
    let bench = Bench::new();
    let host = odd_host(&bench);
    let options = Options::file("one/a.db").snapshot_path("two/a.db");
    let mut store = Store::open(&host, &options).expect("it opens");
    store.put(b"a", b"1").expect("a commit");
    for _ in 0..2 {
        store.snapshot().expect("it is another file");
    }
    store.put(b"a", b"2").expect("a commit");
    store
        .restore("two/a.db".as_ref())
        .expect("it is another file");
    assert_eq!(dump(&store), map(&[("a", "1")]));
}

#[test]
fn files_of_two_file_systems_share_no_lock() {
    let bench = Bench::new();
    for dir in ["one", "two"] {
        std::fs::create_dir(bench.path(dir)).expect("a directory");
    }
    let mount = Mount::new(odd_host(&bench), MountOptions::default()).expect("a mount");
    let open = |path| mount.open(path).expect("a database");
    let [one, two] = ["one/a.db", "two/a.db"].map(open);
    one.execute_batch("CREATE TABLE t (a); BEGIN EXCLUSIVE")
        .expect("nobody has it");
    two.execute_batch("CREATE TABLE t (a); BEGIN EXCLUSIVE")
        .expect("nor has anybody this one");
}

#[test]
fn a_directory_without_a_sync_is_no_failure() {
    for journal in [Journal::Wal, Journal::Rollback] {
        let bench = Bench::new();
        let options = Options::file("one/a.db").journal(journal);
        let mut store = Store::open(&odd_host(&bench), &options).expect("it opens");
        let ack = store.put(b"a", b"1").expect("a commit");
        assert_eq!(ack.level, Level::Power);
    }
}

#[test]
fn a_lock_that_only_writers_get_is_got() {
    let bench = Bench::new();
    let host = odd_host(&bench);
    let native = native::Options::new("native");
    let mut one = native::Store::open(&host, &native).expect("it opens");
    one.put(b"a", b"1").expect("a commit");
    let other = Options::file("one/a.db");
    let mut two = Store::open(&host, &other).expect("it opens");
    two.put(b"a", b"1").expect("a commit");
    drop((one, two));
    for path in ["native", "one/a.db"] {
        let found = inspect(&host, path.as_ref(), None).expect("nobody has it");
        assert_eq!(found.pairs.len(), 1, "{path}");
    }
    drop(Store::open(&host, &other).expect("it opens again"));
}

#[test]
fn nobody_waits_for_a_pipe() {
    let bench = Bench::new();
    let mode = nix::sys::stat::Mode::S_IRWXU;
    nix::unistd::mkfifo(&bench.path("pipe"), mode).expect("made");
    std::os::unix::fs::symlink("pipe", bench.path("link")).expect("a link");
    bench
        .open(&Options::file("a.db"))
        .close()
        .expect("it closes");
    for pipe in ["pipe", "link"] {
        let mut store = bench.open(&Options::file("a.db").snapshot_path(pipe));
        let path = Path::new(pipe);
        let failures = [
            store.export(path).expect_err("an export"),
            store.restore(path).expect_err("a source"),
            store.snapshot().expect_err("a snapshot"),
            bench
                .try_open(&Options::memory().snapshot_path(pipe))
                .expect_err("a seed"),
            bench
                .try_open(&Options::file(pipe))
                .expect_err("a database"),
        ];
        for (number, error) in failures.into_iter().enumerate() {
            // Where snapshots go no copy goes.
            let is_told = matches!(
                error,
                StoreError::ForeignFile { .. } | StoreError::InvalidOption { option: "to", .. }
            );
            assert!(is_told, "{pipe}, {number}: {error}");
        }
        store.put(b"a", b"1").expect("it goes on");
    }
}

/// A name that is not UTF-8.
fn odd_name() -> PathBuf {
    PathBuf::from(OsStr::from_bytes(b"a\xff.db"))
}

/// Directories are listed without such names: what lies beside would not be found, nor the file itself.
#[test]
fn a_name_that_no_directory_shows_is_refused() {
    let bench = Bench::new();
    std::os::unix::fs::symlink(odd_name(), bench.path("link.db")).expect("a link");
    for (option, options) in [
        ("location", Options::file(odd_name())),
        ("location", Options::file(odd_name()).memory_threshold(1)),
        ("location", Options::file("link.db")),
        ("snapshot_path", Options::memory().snapshot_path(odd_name())),
    ] {
        let error = bench.try_open(&options).expect_err("it is no name");
        let is_refused =
            matches!(error, StoreError::InvalidOption { option: named, .. } if named == option);
        assert!(is_refused, "{error}");
    }
    let mut store = bench.open(&Options::file("a.db"));
    let error = store.export(&odd_name()).expect_err("it is no name");
    assert!(
        matches!(error, StoreError::InvalidOption { option: "to", .. }),
        "{error}"
    );
}

#[test]
fn a_directory_of_any_name_is_a_place() {
    let bench = Bench::new();
    let path = odd_name().join("a.db");
    let options = Options::file(&path).snapshot_path(odd_name().join("b.db"));
    let mut store = bench.open(&options);
    store.put(b"a", b"1").expect("a commit");
    store.snapshot().expect("a snapshot");
    store.compact().expect("it becomes no larger");
    let copy = odd_name().join("c.db");
    store.compact_to(&copy).expect("a copy");
    store.delete(b"a").expect("a commit");
    store.restore(&copy).expect("a copy of ours");
    store.close().expect("it closes");
    assert_eq!(dump(&bench.open(&options)), map(&[("a", "1")]));
}
