//! Which files a store makes, tolerates and refuses.

use std::fs;
use std::path::Path;
use std::time::Duration;

use plimsoll_reference::level::Level;
use plimsoll_reference::native::{
    CreatePolicy, LogMode, Mutation, Options, Outcome, SnapshotPolicy, StoreError, SyncPolicy,
    VALUE_BYTES_MAX,
};

use crate::support::{Bench, dump};

const QUEUED: LogMode = LogMode::AsyncAfterCommit {
    queue_commits_max: 100,
    queue_bytes_max: 1 << 20,
};

/// A directory `d` with one file in it.
fn with_file(name: &str, bytes: &[u8]) -> Bench {
    let bench = Bench::new();
    fs::create_dir(bench.path("d")).expect("a directory");
    fs::write(bench.path("d").join(name), bytes).expect("a file");
    bench
}

#[test]
fn foreign_empty_short_and_newer_files_each_have_their_error() {
    for (name, magic) in [
        ("0000000001.log", b"\xffPLIMlog"),
        ("snapshot.plim", b"\xffPLIMimg"),
    ] {
        let open = |bytes: &[u8]| {
            let bench = with_file(name, bytes);
            let error = bench
                .try_open(&Options::new("d"))
                .expect_err("no file of ours");
            assert_eq!(
                fs::read(bench.path("d").join(name)).expect("still there"),
                bytes,
                "refused, not changed"
            );
            error
        };
        let is_corrupted = |bytes: &[u8]| matches!(open(bytes), StoreError::Corrupted { .. });
        assert!(is_corrupted(b""), "empty");
        assert!(is_corrupted(magic), "only the magic");
        assert!(
            is_corrupted(&[magic, &[1_u8, 0, 0, 0][..]].concat()),
            "half a header"
        );
        assert!(
            matches!(open(&[0; 4096]), StoreError::ForeignFile { .. }),
            "zeros"
        );
        assert!(
            matches!(open(b"SQLite format 3\0"), StoreError::ForeignFile { .. }),
            "another store's"
        );
        let newer = [magic, &[2_u8, 0, 0, 0][..], &[0; 100]].concat();
        assert!(
            matches!(
                open(&newer),
                StoreError::NewerVersion {
                    found: 2,
                    supported: 1,
                    ..
                }
            ),
            "newer"
        );
    }
}

#[test]
fn a_second_store_is_kept_out_until_the_first_is_gone() {
    let bench = Bench::new();
    let options = Options::new("d");
    let first = bench.open(&options);
    let error = bench.try_open(&options).expect_err("the store is open");
    assert!(
        matches!(&error, StoreError::Locked { path } if path == Path::new("d/lock")),
        "{error}"
    );
    drop(first);
    bench.open(&options).close().expect("a clean close");
    bench.open(&options).close().expect("a clean close");
}

#[test]
fn leftover_temporaries_are_removed_and_other_files_are_not() {
    let bench = Bench::new();
    let options = Options::new("d")
        .log_dir("wal")
        .snapshot_path("images/state");
    fs::create_dir_all(bench.path("d/wal")).expect("a directory");
    fs::create_dir_all(bench.path("d/images")).expect("a directory");
    let ours = [
        "d/wal/0000000007.log.tmp",
        "d/images/state.12-3.tmp",
        "d/images/state.12-3.old.tmp",
    ];
    let others = [
        "d/wal/notes.tmp",
        "d/images/state.tmp",
        "d/images/state.12-3.tmp.bak",
        "d/images/other.12-3.tmp",
    ];
    for path in ours.iter().chain(&others) {
        fs::write(bench.path(path), b"half").expect("a file");
    }
    let store = bench.open(&options);
    assert!(ours.iter().all(|path| !bench.path(path).exists()));
    assert!(others.iter().all(|path| bench.path(path).exists()));
    store.close().expect("a clean close");
}

#[test]
fn directories_are_made_where_the_options_say() {
    let bench = Bench::new();
    let options = Options::new("a/b")
        .log_dir("wal/deep")
        .snapshot_path("images/deep/state");
    let mut store = bench.open(&options);
    store.put(b"k", b"v").expect("a commit");
    store.snapshot().expect("a snapshot");
    store.close().expect("a clean close");
    assert_eq!(bench.names("a/b"), ["images", "lock", "wal"]);
    assert_eq!(bench.names("a/b/wal/deep"), ["0000000001.log"]);
    assert_eq!(bench.names("a/b/images/deep"), ["state"]);
    assert_eq!(
        bench.open(&options).get(b"k").expect("a read"),
        Some(&b"v"[..])
    );
}

#[test]
fn absolute_paths_are_what_they_say() {
    let bench = Bench::new();
    let options = Options::new("d")
        .log_dir(bench.path("wal"))
        .snapshot_path(bench.path("state"));
    let mut store = bench.open(&options);
    store.put(b"k", b"v").expect("a commit");
    store.snapshot().expect("a snapshot");
    assert!(bench.path("wal/0000000001.log").exists() && bench.path("state").exists());
}

#[test]
fn a_store_is_created_only_when_asked() {
    let bench = Bench::new();
    let existing = Options::new("d").create_policy(CreatePolicy::OpenExisting);
    let error = bench.try_open(&existing).expect_err("nothing is there");
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    assert!(!bench.path("d").exists());
    let mut store = bench.open(&Options::new("d"));
    assert!(store.is_empty().expect("a read"));
    store.put(b"k", b"v").expect("a commit");
    store.close().expect("a clean close");
    assert_eq!(bench.open(&existing).len().expect("a read"), 1);
}

#[test]
fn a_log_without_its_snapshot_is_no_empty_store() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    store.put(b"a", b"1").expect("a commit");
    store.snapshot().expect("a snapshot");
    store.put(b"b", b"2").expect("a commit");
    drop(store);
    fs::remove_file(bench.path("d/snapshot.plim")).expect("a snapshot");
    let error = bench
        .try_open(&options)
        .expect_err("the first commit is nowhere");
    assert!(
        matches!(error, StoreError::Missing { from: 1, to: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_snapshot_without_its_log_is_no_whole_store() {
    let bench = Bench::new();
    let options = Options::new("d").log_dir("wal");
    let mut store = bench.open(&options);
    store.put(b"a", b"1").expect("a commit");
    store.snapshot().expect("a snapshot");
    store.put(b"b", b"2").expect("a commit");
    drop(store);
    fs::rename(bench.path("d/wal"), bench.path("d/unmounted")).expect("a directory");
    let error = bench.try_open(&options).expect_err("the log is gone");
    assert!(
        matches!(error, StoreError::LogMissing { number: 1, .. }),
        "{error}"
    );
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let zero = Duration::ZERO;
    let queue = |queue_commits_max, queue_bytes_max| LogMode::AsyncAfterCommit {
        queue_commits_max,
        queue_bytes_max,
    };
    let options = || Options::new("d");
    for (options, name) in [
        (
            options().sync_policy(SyncPolicy::Interval(zero)),
            "sync_policy",
        ),
        (
            options().snapshot_policy(SnapshotPolicy::Interval(zero)),
            "snapshot_policy",
        ),
        (options().segment_bytes_max(255), "segment_bytes_max"),
        (options().log_mode(queue(0, 1)), "log_mode"),
        (options().log_mode(queue(1, 0)), "log_mode"),
        (options().snapshot_path(".."), "snapshot_path"),
        (options().snapshot_path("lock"), "snapshot_path"),
        (options().snapshot_path("0000000001.log"), "snapshot_path"),
    ] {
        let bench = Bench::new();
        let error = bench.try_open(&options).expect_err("the option is refused");
        assert!(
            matches!(&error, StoreError::InvalidOption { option, .. } if *option == name),
            "{error}"
        );
        assert_eq!(error.outcome(), Outcome::Absent);
        assert!(bench.names("").is_empty(), "nothing was made");
    }
}

#[test]
fn what_is_too_large_is_refused_and_harms_nothing() {
    for mode in [LogMode::Never, LogMode::OnCommit, QUEUED] {
        let bench = Bench::new();
        let mut store = bench.open(&Options::new("d").log_mode(mode));
        let value = vec![0; VALUE_BYTES_MAX as usize + 1];
        let key = vec![0; (64 << 10) + 1];
        let put = |value: &[u8]| Mutation::Put {
            key: b"k".to_vec(),
            value: value.to_vec(),
        };
        let batch = vec![put(&value[1..]); 5];
        for error in [
            store.put(b"k", &value),
            store.delete(&key),
            store.batch(&batch),
        ] {
            let error = error.expect_err("too large");
            assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
            assert_eq!(error.outcome(), Outcome::Absent);
        }
        assert!(store.is_empty().expect("a read"));
        store
            .put(b"k", &value[1..])
            .expect("the largest value fits");
        store.close().expect("a clean close");
    }
}

#[test]
fn acknowledgements_name_their_level() {
    let second = Duration::from_secs(1);
    for (mode, sync, level) in [
        (LogMode::OnCommit, SyncPolicy::EveryAppend, Level::Power),
        (LogMode::OnCommit, SyncPolicy::Never, Level::Process),
        (
            LogMode::OnCommit,
            SyncPolicy::Interval(second),
            Level::Window(second),
        ),
        (LogMode::Never, SyncPolicy::EveryAppend, Level::Memory),
        (QUEUED, SyncPolicy::EveryAppend, Level::Memory),
    ] {
        let bench = Bench::new();
        let options = Options::new("d").log_mode(mode).sync_policy(sync);
        let mut store = bench.open(&options);
        // The first frames of a segment are durable before it has its name, whatever the policy: look at the second commit.
        for key in [b"a", b"b"] {
            assert_eq!(store.put(key, b"").expect("a commit").level, level);
        }
        let standing = match mode {
            LogMode::AsyncAfterCommit { .. } => Level::Power,
            _ => level,
        };
        assert_eq!(store.tick().expect("a tick").level, standing);
        let synced = if mode == LogMode::Never {
            Level::Memory
        } else {
            Level::Power
        };
        assert_eq!(store.sync().expect("a sync").level, synced);
        assert_eq!(store.close().expect("a clean close").level, synced);
    }
}

#[test]
fn the_interval_sync_runs_when_its_time_has_come() {
    let bench = Bench::new();
    let second = Duration::from_secs(1);
    let options = Options::new("d").sync_policy(SyncPolicy::Interval(second));
    let mut store = bench.open(&options);
    store.put(b"a", b"").expect("a commit");
    assert_eq!(
        store.next_deadline(),
        None,
        "the first commit came with its segment"
    );
    bench.clock.advance(second);
    store.put(b"b", b"").expect("a commit");
    assert_eq!(store.next_deadline(), Some(second * 2));
    bench.fs.take_syncs();
    bench.clock.advance(second / 2);
    assert_eq!(store.tick().expect("a tick").level, Level::Window(second));
    assert!(bench.fs.take_syncs().is_empty());
    bench.clock.advance(second / 2);
    assert_eq!(store.tick().expect("a tick").level, Level::Power);
    assert_eq!(bench.fs.take_syncs(), ["sync_data d/0000000001.log.tmp"]);
    store.put(b"c", b"").expect("a commit");
    bench.clock.advance(second);
    store
        .put(b"d", b"")
        .expect("a commit that finds the sync due");
    assert_eq!(bench.fs.take_syncs(), ["sync_data d/0000000001.log.tmp"]);
}

#[test]
fn a_queue_is_bounded_and_drained_by_tick_sync_and_close() {
    let bench = Bench::new();
    let mode = LogMode::AsyncAfterCommit {
        queue_commits_max: 3,
        queue_bytes_max: 1_000,
    };
    let options = Options::new("d").log_mode(mode);
    let reopened = |bench: &Bench| bench.open(&options).sequence();
    let mut store = bench.open(&options);
    for _ in 0..3 {
        store.put(b"k", b"v").expect("a commit");
    }
    assert_eq!(bench.names("d"), ["lock"], "nothing is written yet");
    store
        .put(b"k", b"v")
        .expect("a commit that finds the queue full");
    drop(store);
    assert_eq!(reopened(&bench), 3, "the fourth was in memory only");
    let mut store = bench.open(&options);
    store
        .put(b"k", &[0; 2_000])
        .expect("a commit larger than the queue");
    drop(store);
    assert_eq!(reopened(&bench), 4);
    let mut store = bench.open(&options);
    store.put(b"k", b"v").expect("a commit");
    store.tick().expect("a tick");
    drop(store);
    assert_eq!(reopened(&bench), 5);
    let mut store = bench.open(&options);
    for _ in 0..2 {
        store.put(b"k", b"v").expect("a commit");
    }
    assert_eq!(store.close().expect("a clean close").level, Level::Power);
    assert_eq!(reopened(&bench), 7);
}

#[test]
fn a_snapshot_only_store_takes_a_last_snapshot_at_close() {
    let bench = Bench::new();
    let options = Options::new("d")
        .log_mode(LogMode::Never)
        .snapshot_policy(SnapshotPolicy::Interval(Duration::from_secs(60)));
    let mut store = bench.open(&options);
    for number in 0..10_u8 {
        assert_eq!(
            store.put(&[number], b"v").expect("a commit").level,
            Level::Memory
        );
    }
    assert_eq!(store.close().expect("a clean close").level, Level::Power);
    assert_eq!(bench.open(&options).len().expect("a read"), 10);
}

#[test]
fn a_store_in_memory_leaves_nothing_but_its_lock() {
    let bench = Bench::new();
    let options = Options::new("d").log_mode(LogMode::Never);
    let mut store = bench.open(&options);
    store.put(b"k", b"v").expect("a commit");
    assert_eq!(store.close().expect("a clean close").level, Level::Memory);
    assert_eq!(bench.names("d"), ["lock"]);
    assert!(bench.open(&options).is_empty().expect("a read"));
}

#[test]
fn a_log_left_by_another_mode_is_recovered() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("d"));
    store.put(b"logged", b"1").expect("a commit");
    drop(store);
    let in_memory = Options::new("d").log_mode(LogMode::Never);
    let mut store = bench.open(&in_memory);
    assert_eq!(store.get(b"logged").expect("a read"), Some(&b"1"[..]));
    store.put(b"unlogged", b"2").expect("a commit");
    assert_eq!(
        store.close().expect("a clean close").level,
        Level::Power,
        "there are files to keep up to date"
    );
    let mut store = bench.open(&Options::new("d"));
    store.put(b"logged", b"3").expect("a commit");
    drop(store);
    let store = bench.open(&in_memory);
    let state = dump(&store);
    assert_eq!(state[&b"logged"[..]], b"3");
    assert_eq!(state[&b"unlogged"[..]], b"2");
}

#[test]
fn sequence_numbers_continue_over_lives() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut last = 0;
    for _ in 0..5 {
        let mut store = bench.open(&options);
        assert_eq!(store.sequence(), last);
        store.put(b"k", b"v").expect("a commit");
        store.snapshot().expect("a snapshot");
        last = store.sequence();
        store.close().expect("a clean close");
    }
    assert_eq!(last, 5);
}
