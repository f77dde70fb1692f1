//! The canonical path, and the older snapshots beside it.

use plimsoll_reference::level::Level;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_reference::sqlite::{Journal, Options, SnapshotJob, Store, StoreError};

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
    std::os::unix::fs::symlink(".", bench.path("dir")).expect("a link");
    let absolute = bench.path("a.db-wal");
    let mut store = bench.open(&Options::file("a.db"));
    store.put(b"a", b"1").expect("a commit");
    std::fs::hard_link(bench.path("a.db"), bench.path("hard.db")).expect("a link");
    for to in [
        "a.db",
        "./a.db",
        "link.db",
        "hard.db",
        "a.db-wal",
        "./a.db-wal",
        "dir/a.db-wal",
        absolute.to_str().expect("UTF-8"),
        "a.db.lock",
        "./a.db.lock",
        "dir/a.db-journal",
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
fn a_copy_never_goes_where_the_database_is_about_to_move() {
    let bench = Bench::new();
    let options = Options::file("a.db").memory_threshold(1 << 20);
    let mut store = bench.open(&options);
    store.put(b"a", b"1").expect("a commit");
    let error = store.export("./a.db".as_ref()).expect_err("its own place");
    assert!(matches!(error, StoreError::LiveFile { .. }), "{error}");
    assert_eq!(store.close().expect("it closes").level, Level::Power);
}

#[test]
fn a_copy_never_goes_where_snapshots_go() {
    let bench = Bench::new();
    let mut store = bench.open(&options(3));
    snapshot(&mut store, "1");
    snapshot(&mut store, "2");
    let before = bench.names("backup/new");
    store.close().expect("it closes");
    let mut store = bench.open(&options(3));
    for to in [SNAPSHOT, "./backup/./new/a.db", "backup/new/a.db.lock"] {
        let error = store.export(to.as_ref()).expect_err(to);
        let is_refused = matches!(error, StoreError::InvalidOption { option: "to", .. });
        assert!(is_refused, "{to}: {error}");
    }
    assert_eq!(bench.names("backup/new"), before);
}

#[test]
fn a_store_that_was_an_older_snapshot_is_not_pruned() {
    let bench = Bench::new();
    let mut store = bench.open(&options(2));
    snapshot(&mut store, "1");
    snapshot(&mut store, "2");
    store.close().expect("it closes");
    let older = Options::file("backup/new/a.db.1").snapshot_path(SNAPSHOT);
    let mut store = bench.open(&older.clone().keep(1));
    for value in ["3", "4", "5"] {
        snapshot(&mut store, value);
    }
    drop(store);
    assert_eq!(dump(&bench.open(&older)), map(&[("k", "5")]));
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

#[test]
fn a_copy_costs_none_of_what_is_kept_beside_it() {
    let bench = Bench::new();
    let mut store = bench.open(&options(3));
    for value in ["1", "2", "3"] {
        snapshot(&mut store, value);
    }
    store.close().expect("it closes");
    let before = bench.names("backup/new");
    assert_eq!(before.len(), 3);
    let mut other = bench.open(&Options::file("b.db"));
    for value in ["4", "5"] {
        other.put(b"k", value.as_bytes()).expect("a commit");
        other.export(SNAPSHOT.as_ref()).expect("a copy");
        assert_eq!(bench.names("backup/new"), before);
        assert_eq!(bench.read(SNAPSHOT), Some(map(&[("k", value)])));
    }
    assert_eq!(bench.read("backup/new/a.db.2"), Some(map(&[("k", "2")])));
}

/// Where the database is when a cut is taken, and how it is logged.
fn homes() -> [Options; 4] {
    [
        Options::file("a.db"),
        Options::file("a.db").journal(Journal::Rollback),
        Options::file("a.db").memory_threshold(1 << 20),
        Options::memory(),
    ]
    .map(|options| options.snapshot_path(SNAPSHOT).checkpoint_pages(3))
}

#[test]
fn commits_go_on_while_a_cut_is_written_on_another_thread() {
    for options in homes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        store.put(b"k", b"before").expect("a commit");
        let cut = dump(&store);
        let job = store.begin_snapshot().expect("a cut");
        let (done, is_done) = std::sync::mpsc::channel();
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(move || {
                // Not before the commits: it waits for nothing that this does.
                is_done.recv().expect("it is told");
                job.write()
            });
            for number in 0..20_u8 {
                store.put(&[number], &[number; 3000]).expect("a commit");
            }
            store.checkpoint().expect("it goes as far as it can");
            store.put(b"k", b"after").expect("a commit");
            done.send(()).expect("it waits");
            writer.join().expect("no panic").expect("there is room")
        });
        assert_eq!(bench.read(SNAPSHOT), None, "nothing is in place yet");
        store.delete(b"k").expect("a commit");
        let ack = store.finish_snapshot(written).expect("a snapshot");
        assert_eq!(ack.level, Level::Power);
        assert_eq!(bench.read(SNAPSHOT), Some(cut));
        assert_eq!(store.take_warnings(), []);
        let expected = dump(&store);
        store.close().expect("it closes");
        assert_eq!(dump(&bench.open(&options)), expected);
    }
}

#[test]
fn a_log_that_a_cut_holds_back_is_cut_later() {
    let bench = Bench::new();
    let mut store = bench.open(&options(1));
    let len = || {
        std::fs::metadata(bench.path("a.db-wal"))
            .expect("a file")
            .len()
    };
    store.put(b"k", b"1").expect("a commit");
    let job = store.begin_snapshot().expect("a cut");
    store.put(b"k", b"2").expect("a commit");
    store.checkpoint().expect("it goes as far as it can");
    assert!(len() > 0);
    drop(job);
    store.checkpoint().expect("nobody is in the way");
    assert_eq!(len(), 0);
}

#[test]
fn overlapping_jobs_finish_in_any_order() {
    for options in homes() {
        for order in [
            [0, 1, 2],
            [0, 2, 1],
            [1, 0, 2],
            [1, 2, 0],
            [2, 0, 1],
            [2, 1, 0],
        ] {
            let bench = Bench::new();
            let mut store = bench.open(&options);
            let mut jobs = Vec::new();
            for value in ["1", "2", "3"] {
                store.put(b"k", value.as_bytes()).expect("a commit");
                jobs.push(Some((store.begin_snapshot().expect("a cut"), value)));
            }
            store.put(b"last", b"").expect("a commit");
            let mut newest = "";
            for index in order {
                let (job, value): (SnapshotJob, &str) = jobs[index].take().expect("each once");
                newest = newest.max(value);
                let written = job.write().expect("there is room");
                let ack = store.finish_snapshot(written).expect("a snapshot");
                assert_eq!(ack.level, Level::Power);
                let found = bench.read(SNAPSHOT);
                assert_eq!(found, Some(map(&[("k", newest)])), "{order:?}");
            }
            let names = bench.names("backup/new");
            assert!(names.iter().all(|name| !name.contains("tmp")), "{names:?}");
        }
    }
}

#[test]
fn a_snapshot_is_finished_only_by_the_store_that_began_it() {
    let bench = Bench::new();
    let mut one = bench.open(&Options::file("a.db").snapshot_path("one/a.db"));
    let mut two = bench.open(&Options::file("b.db").snapshot_path("two/b.db"));
    let written = one.begin_snapshot().expect("a cut").write().expect("room");
    let error = two.finish_snapshot(written).expect_err("not its own");
    assert!(matches!(error, StoreError::ForeignJob), "{error}");
    assert_eq!(bench.names("one"), [""; 0]);
}

#[test]
fn a_job_that_outlives_its_store_writes_nothing() {
    for options in homes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        store.put(b"k", b"1").expect("a commit");
        let dropped = store.begin_snapshot().expect("a cut");
        drop(store);
        dropped.write().expect_err("its store is gone");
        let mut store = bench.open(&options);
        store.put(b"k", b"2").expect("a commit");
        let left = store.begin_snapshot().expect("a cut");
        assert_eq!(store.close().expect("it closes").level, Level::Power);
        left.write().expect_err("its store is closed");
        let store = bench.open(&options);
        assert_eq!(dump(&store), map(&[("k", "2")]));
    }
}
