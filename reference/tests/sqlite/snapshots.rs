//! The canonical path, and the older snapshots beside it.

use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_reference::sqlite::{Options, Store, StoreError};

use crate::support::{Bench, dump, map};

const SNAPSHOT: &str = "backup/new/a.db";

fn options(keep: u32) -> Options {
    Options::file("a.db").snapshot_path(SNAPSHOT).keep(keep)
}

fn snapshot(store: &mut Store, value: &str) {
    store.put(b"k", value.as_bytes()).expect("a commit");
    store.snapshot().expect("a snapshot");
}

#[test]
fn older_snapshots_are_kept_and_pruned() {
    let bench = Bench::new();
    let mut store = bench.open(&options(3));
    for value in ["1", "2", "3", "4", "5"] {
        snapshot(&mut store, value);
        assert_eq!(bench.read(SNAPSHOT), Some(map(&[("k", value)])));
    }
    assert_eq!(bench.names("backup/new"), ["a.db", "a.db.3", "a.db.4"]);
    assert_eq!(bench.read("backup/new/a.db.3"), Some(map(&[("k", "3")])));
    assert_eq!(bench.read("backup/new/a.db.4"), Some(map(&[("k", "4")])));
    store.close().expect("it closes");
    // A lower number takes effect, and a snapshot alone is one.
    let mut store = bench.open(&options(1));
    snapshot(&mut store, "6");
    assert_eq!(bench.names("backup/new"), ["a.db"]);
}

#[test]
fn a_snapshot_that_fails_costs_no_older_one() {
    let bench = Bench::new();
    let mut store = bench.open(&options(3));
    for value in ["1", "2", "3"] {
        snapshot(&mut store, value);
    }
    let before = bench.names("backup/new");
    // Temporaries cannot be created where directories have their names.
    for number in 0..20 {
        let name = format!("{SNAPSHOT}.{number}.tmp");
        std::fs::create_dir(bench.path(&name)).expect("a directory");
    }
    for _ in 0..5 {
        store.snapshot().expect_err("there is no place");
    }
    for number in 0..20 {
        let name = format!("{SNAPSHOT}.{number}.tmp");
        std::fs::remove_dir(bench.path(&name)).expect("it is empty");
    }
    assert_eq!(bench.names("backup/new"), before);
    assert!(!store.is_poisoned());
    snapshot(&mut store, "4");
    assert_eq!(bench.names("backup/new").len(), 3);
}

#[test]
fn what_lies_beside_an_old_snapshot_does_not_reach_the_new_one() {
    let bench = Bench::new();
    let mut store = bench.open(&options(2));
    snapshot(&mut store, "1");
    // Somebody has opened the snapshot, written to it, and died.
    let mount = Mount::new(bench.host.clone(), MountOptions::default()).expect("a mount");
    let other = mount.open(SNAPSHOT).expect("a database");
    let mode: String = other
        .query_row("PRAGMA journal_mode = wal", (), |row| row.get(0))
        .expect("a mode");
    assert_eq!(mode, "wal");
    other
        .execute("UPDATE pair SET value = x'39'", ())
        .expect("a commit");
    drop(mount); // before the connection, which so cannot tidy up
    drop(other);
    assert!(bench.path("backup/new/a.db-wal").exists());
    snapshot(&mut store, "2");
    assert_eq!(bench.names("backup/new"), ["a.db", "a.db.1"]);
    assert_eq!(bench.read(SNAPSHOT), Some(map(&[("k", "2")])));
    let older = bench.read("backup/new/a.db.1");
    assert_eq!(older, Some(map(&[("k", "9")])), "nor is its own lost");
}

#[test]
fn a_copy_never_goes_onto_the_live_files() {
    let bench = Bench::new();
    std::os::unix::fs::symlink("a.db", bench.path("link.db")).expect("a link");
    let mut store = bench.open(&Options::file("a.db"));
    store.put(b"a", b"1").expect("a commit");
    std::fs::hard_link(bench.path("a.db"), bench.path("hard.db")).expect("a link");
    for to in [
        "a.db",
        "./a.db",
        "link.db",
        "hard.db",
        "a.db-wal",
        "a.db.lock",
    ] {
        let error = store.export(to.as_ref()).expect_err(to);
        assert!(
            matches!(error, StoreError::LiveFile { .. }),
            "{to}: {error}"
        );
        let error = store.compact_to(to.as_ref()).expect_err(to);
        assert!(
            matches!(error, StoreError::LiveFile { .. }),
            "{to}: {error}"
        );
    }
    assert_eq!(dump(&store), map(&[("a", "1")]));
    drop(store);
    let error = bench
        .open(&Options::file("a.db").snapshot_path("link.db"))
        .snapshot()
        .expect_err("it leads to the database");
    assert!(matches!(error, StoreError::LiveFile { .. }), "{error}");
}

#[test]
fn two_stores_do_not_share_a_snapshot_path() {
    let bench = Bench::new();
    let mut one = bench.open(&Options::file("a.db").snapshot_path(SNAPSHOT));
    let mut two = bench.open(&Options::file("b.db").snapshot_path(SNAPSHOT));
    one.snapshot().expect("it comes first");
    let error = two.snapshot().expect_err("it is taken");
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    one.close().expect("it closes");
    two.snapshot().expect("it is free");
}

#[test]
fn none_are_kept_is_refused() {
    let error = Bench::new().try_open(&options(0)).expect_err("not one");
    let is_refused = matches!(error, StoreError::InvalidOption { option: "keep", .. });
    assert!(is_refused, "{error}");
}

#[test]
fn copies_hold_everything_and_need_nothing_beside_them() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::file("a.db"));
    store.put(b"a", &vec![1; 9000]).expect("a commit");
    store.delete(b"a").expect("a commit");
    store.put(b"b", b"2").expect("a commit");
    store.export("out/full.db".as_ref()).expect("an export");
    store.compact_to("out/small.db".as_ref()).expect("a copy");
    assert_eq!(bench.names("out"), ["full.db", "small.db"]);
    for name in ["out/full.db", "out/small.db"] {
        assert_eq!(bench.read(name), Some(map(&[("b", "2")])));
    }
    let len = |name| std::fs::metadata(bench.path(name)).expect("a file").len();
    assert!(len("out/small.db") < len("out/full.db"));
}
