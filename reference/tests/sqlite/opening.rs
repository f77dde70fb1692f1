//! What is there decides what opening does; nothing that was there is hidden by an empty database.

use plimsoll_reference::level::Level;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_reference::sqlite::{CreatePolicy, Journal, Options, StoreError};

use crate::support::{Bench, dump, map};

const PATH: &str = "data/a.db";

#[test]
fn commits_outlive_a_kill_and_a_clean_close() {
    for journal in [Journal::Wal, Journal::Rollback] {
        let bench = Bench::new();
        let options = Options::file(PATH).journal(journal);
        let mut store = bench.open(&options);
        assert_eq!(store.put(b"a", b"1").expect("a commit").level, Level::Power);
        drop(store);
        let mut store = bench.open(&options);
        assert_eq!(dump(&store), map(&[("a", "1")]));
        store.put(b"b", b"2").expect("a commit");
        assert_eq!(store.close().expect("it closes").level, Level::Power);
        assert_eq!(bench.names("data"), ["a.db"]);
        assert_eq!(dump(&bench.open(&options)), map(&[("a", "1"), ("b", "2")]));
    }
}

#[test]
fn traces_of_a_database_that_is_gone_are_reported() {
    for suffix in ["-wal", "-journal", ".tmp", ".bak", ".1"] {
        let bench = Bench::new();
        std::fs::create_dir(bench.path("data")).expect("a directory");
        bench.write(&format!("{PATH}{suffix}"), b"something");
        for options in [
            Options::file(PATH),
            Options::file(PATH).memory_threshold(1 << 20),
        ] {
            let error = bench.try_open(&options).expect_err(suffix);
            assert!(matches!(error, StoreError::Orphaned { .. }), "{error}");
        }
        assert_eq!(bench.names("data"), [format!("a.db{suffix}")]);
    }
}

#[test]
fn a_snapshot_without_its_database_is_reported() {
    let bench = Bench::new();
    let options = Options::file(PATH).snapshot_path("backup.db");
    let mut store = bench.open(&options);
    store.put(b"a", b"1").expect("a commit");
    store.snapshot().expect("a snapshot");
    store.close().expect("it closes");
    std::fs::remove_file(bench.path(PATH)).expect("it was there");
    let error = bench.try_open(&options).expect_err("it would be empty");
    assert!(matches!(error, StoreError::Orphaned { .. }), "{error}");
}

#[test]
fn temporaries_of_ours_are_removed() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("data")).expect("a directory");
    for suffix in [".1.tmp", ".2.tmp-journal", "-wal.0.tmp"] {
        bench.write(&format!("{PATH}{suffix}"), b"half");
    }
    bench.open(&Options::file(PATH)).close().expect("it closes");
    assert_eq!(bench.names("data"), ["a.db"]);
}

#[test]
fn only_what_exists_is_opened_where_that_is_asked_for() {
    let bench = Bench::new();
    for options in [
        Options::file(PATH),
        Options::file("a.db"),
        Options::memory(),
    ] {
        let options = options.create_policy(CreatePolicy::OpenExisting);
        let error = bench.try_open(&options).expect_err("nothing is there");
        assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    }
    assert_eq!(bench.names(""), [""; 0]);
    bench.open(&Options::file(PATH)).close().expect("it closes");
    let existing = Options::file(PATH).create_policy(CreatePolicy::OpenExisting);
    bench.open(&existing).close().expect("it closes");
}

#[test]
fn files_that_are_no_database_of_ours_are_refused_and_left_alone() {
    let bench = Bench::new();
    let mount = Mount::new(bench.host.clone(), MountOptions::default()).expect("a mount");
    let foreign = mount.open("foreign.db").expect("a database");
    foreign
        .execute_batch("CREATE TABLE pair (key, value)")
        .expect("a table");
    drop(foreign);
    bench.write("text.db", &[b'x'; 5000]);
    bench.write("empty.db", b"");
    bench.write("short.db", b"SQLite");
    for name in ["foreign.db", "text.db", "empty.db", "short.db"] {
        let before = std::fs::read(bench.path(name)).expect("a file");
        let error = bench.try_open(&Options::file(name)).expect_err(name);
        let is_typed = matches!(
            error,
            StoreError::ForeignFile { .. } | StoreError::Damaged { .. }
        );
        assert!(is_typed, "{name}: {error}");
        let after = std::fs::read(bench.path(name)).expect("a file");
        assert_eq!(before, after, "{name}");
    }
}

#[test]
fn a_newer_format_is_refused() {
    let bench = Bench::new();
    bench
        .open(&Options::file("a.db"))
        .close()
        .expect("it closes");
    let mount = Mount::new(bench.host.clone(), MountOptions::default()).expect("a mount");
    let newer = mount.open("a.db").expect("a database");
    newer
        .execute_batch("PRAGMA user_version = 7")
        .expect("a number");
    drop(newer);
    let error = bench
        .try_open(&Options::file("a.db"))
        .expect_err("it is newer");
    let is_newer = matches!(error, StoreError::NewerVersion { found: 7, .. });
    assert!(is_newer, "{error}");
}

#[test]
fn a_second_store_is_kept_out_under_any_name() {
    let bench = Bench::new();
    let store = bench.open(&Options::file("a.db"));
    std::os::unix::fs::symlink("a.db", bench.path("b.db")).expect("a link");
    std::fs::hard_link(bench.path("a.db"), bench.path("c.db")).expect("a link");
    for name in ["a.db", "b.db", "c.db"] {
        let error = bench.try_open(&Options::file(name)).expect_err(name);
        assert!(
            matches!(error, StoreError::Locked { .. }),
            "{name}: {error}"
        );
    }
    drop(store);
    bench
        .open(&Options::file("a.db"))
        .close()
        .expect("it closes");
}

#[test]
fn what_belongs_beside_a_database_is_found_through_a_link() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("data/a.db", bench.path("b.db")).expect("a link");
    let mut store = bench.open(&Options::file(PATH));
    store.put(b"a", b"1").expect("a commit");
    drop(store); // which leaves the commit in the log
    let store = bench.open(&Options::file("b.db"));
    assert_eq!(dump(&store), map(&[("a", "1")]));
}

#[test]
fn paths_that_look_like_memory_are_files() {
    for name in [":memory:", "file::memory:", "my:memory:.db"] {
        let bench = Bench::new();
        let options = Options::file(name);
        let mut store = bench.open(&options);
        assert!(!store.is_in_memory());
        store.put(b"a", b"1").expect("a commit");
        store.close().expect("it closes");
        assert_eq!(bench.names(""), [name]);
        assert_eq!(dump(&bench.open(&options)), map(&[("a", "1")]));
    }
}

#[test]
fn sizes_beyond_the_limits_have_no_effect() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::file("a.db"));
    let error = store
        .put(&vec![0; (64 << 10) + 1], b"")
        .expect_err("a long key");
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    assert!(!store.is_poisoned());
    store.put(&vec![0; 64 << 10], b"").expect("the longest key");
}
