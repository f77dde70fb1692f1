//! Checkpoints, compactions, copies and restores.

use std::fs;
use std::path::Path;

use plimsoll_reference::fs::OpenOptions;
use plimsoll_reference::level::Level;
use plimsoll_reference::native::{
    Compression, LogMode, Options, Outcome, Store, StoreError, SyncPolicy, read_snapshot,
    restore_snapshot,
};

use crate::support::{Bench, Map, When, dump};

const COPY: &str = "copies/one.plim";

fn read(bench: &Bench, path: &str) -> Option<Map> {
    let mut map = Map::new();
    let found = read_snapshot(&*bench.host.fs, Path::new(path), &mut |key, value| {
        map.insert(key.to_vec(), value.to_vec());
    });
    found.expect("a complete file or none").then_some(map)
}

fn fill(store: &mut Store, round: u8) {
    for number in 0..8_u8 {
        store.put(&[number], &[round; 60]).expect("a commit");
    }
}

fn logs(bench: &Bench) -> Vec<String> {
    let mut names = bench.names("d");
    names.retain(|name| name.ends_with(".log"));
    names
}

fn modes() -> impl Iterator<Item = Options> {
    let queued = LogMode::AsyncAfterCommit {
        queue_commits_max: 3,
        queue_bytes_max: 1 << 10,
    };
    [
        Options::new("d"),
        Options::new("d").sync_policy(SyncPolicy::Never),
        Options::new("d").log_mode(queued),
        Options::new("d").log_mode(LogMode::Never),
    ]
    .into_iter()
    .map(|options| options.segment_bytes_max(256))
}

#[test]
fn a_checkpoint_holds_everything_and_is_idle_the_second_time() {
    for options in modes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        fill(&mut store, 1);
        assert_eq!(
            store.checkpoint().expect("a checkpoint").level,
            Level::Power
        );
        assert_eq!(read(&bench, "d/snapshot.plim"), Some(dump(&store)));
        assert!(logs(&bench).len() <= 1, "{options:?}");
        bench.fs.take_syncs();
        store.checkpoint().expect("a checkpoint");
        assert!(bench.fs.take_syncs().is_empty(), "{options:?}");
        let expected = dump(&store);
        drop(store);
        assert_eq!(dump(&bench.open(&options)), expected, "{options:?}");
    }
}

#[test]
fn a_compacted_store_is_a_snapshot_and_an_empty_segment() {
    for options in modes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        fill(&mut store, 1);
        fill(&mut store, 2);
        for _ in 0..2 {
            store.compact_in_place().expect("a compaction");
            let expected: &[u64] = if logs(&bench).is_empty() { &[] } else { &[56] };
            let sizes: Vec<u64> = logs(&bench)
                .iter()
                .map(|name| {
                    fs::metadata(bench.path("d").join(name))
                        .expect("a file")
                        .len()
                })
                .collect();
            assert_eq!(sizes, expected, "{options:?}");
        }
        store.put(b"later", b"1").expect("a commit");
        store.sync().expect("a sync");
        store.checkpoint().expect("a checkpoint");
        let expected = dump(&store);
        store.close().expect("a clean close");
        assert_eq!(dump(&bench.open(&options)), expected, "{options:?}");
    }
}

#[test]
fn a_restored_store_goes_on_from_the_copy_in_every_mode() {
    for options in modes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        fill(&mut store, 1);
        let copied = dump(&store);
        store.export_snapshot(Path::new(COPY)).expect("a copy");
        assert_eq!(read(&bench, COPY), Some(copied.clone()));
        fill(&mut store, 2);
        let job = store.begin_snapshot().expect("a cut");
        let before = store.sequence();
        store.restore(Path::new(COPY)).expect("a restore");
        assert_eq!(store.sequence(), before + 1, "a restore is a commit");
        assert_eq!(dump(&store), copied);
        let written = job.write().expect("there is room");
        store.finish_snapshot(written).expect("an older cut");
        assert_eq!(read(&bench, "d/snapshot.plim"), Some(copied.clone()));
        drop(store);
        let mut store = bench.open(&options);
        assert_eq!(dump(&store), copied, "{options:?}");
        store.put(b"later", b"1").expect("a commit");
        store.sync().expect("a sync");
        let expected = dump(&store);
        store.close().expect("a clean close");
        assert_eq!(dump(&bench.open(&options)), expected, "{options:?}");
    }
}

#[test]
fn an_export_is_a_cut_and_a_compacted_copy_is_what_is_there() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("d").compression(Compression::Lz4));
    fill(&mut store, 1);
    let cut = dump(&store);
    let job = store.begin_export().expect("a cut");
    fill(&mut store, 2);
    job.finish(Path::new(COPY)).expect("a copy");
    assert_eq!(read(&bench, COPY), Some(cut));
    store.compact_to(Path::new(COPY)).expect("a copy");
    assert_eq!(read(&bench, COPY), Some(dump(&store)));
    assert_eq!(bench.names("copies"), ["one.plim"]);
}

#[test]
fn a_copy_is_never_written_onto_the_store() {
    let bench = Bench::new();
    let options = Options::new("d").snapshot_path("s/now").log_dir("wal");
    let mut store = bench.open(&options);
    fill(&mut store, 1);
    store.snapshot().expect("a snapshot");
    let bytes = fs::read(bench.path("d/s/now")).expect("a snapshot");
    std::os::unix::fs::symlink(bench.path("d"), bench.path("link")).expect("a link");
    fs::hard_link(bench.path("d/s/now"), bench.path("same")).expect("a second name");
    for dest in [
        "d/s/now",
        "d/./s/now",
        "link/s/now",
        "same",
        "d/lock",
        "link/lock",
        "d/wal/copy",
        "link/wal/copy",
        "elsewhere/0000000001.log",
        "d/s/now.7-1.tmp",
        "",
    ] {
        let error = store.compact_to(Path::new(dest)).expect_err(dest);
        assert!(
            matches!(error, StoreError::BadDestination { .. }),
            "{dest}: {error}"
        );
        assert_eq!(error.outcome(), Outcome::Absent);
    }
    assert_eq!(fs::read(bench.path("d/s/now")).expect("a snapshot"), bytes);
    store
        .compact_to(Path::new("d/s/copy"))
        .expect("beside the snapshot");
    store
        .compact_to(Path::new("bare"))
        .expect("in no directory");
    assert_eq!(read(&bench, "bare"), Some(dump(&store)));
}

/// Holds the lock of a file that another copy is at work on, and tries to copy meanwhile.
fn refuse_while_locked(bench: &Bench, store: &mut Store, path: &str) {
    let fs = &bench.host.fs;
    let other = fs.open(Path::new(path), OpenOptions::read_write());
    let other = other.expect("it is there");
    assert!(other.try_lock().expect("a lock"), "{path}");
    let error = store
        .export_snapshot(Path::new(COPY))
        .expect_err("it is locked");
    assert!(
        matches!(error, StoreError::DestinationBusy { .. }),
        "{path}: {error}"
    );
}

#[test]
fn what_a_killed_copy_left_is_removed_and_one_at_work_is_not() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("d"));
    fill(&mut store, 1);
    fs::create_dir(bench.path("copies")).expect("a directory");
    for name in [
        "one.plim.3-1.tmp",
        "one.plim.3-1.old.tmp",
        "one.plim.x.tmp",
        "two.plim.3-1.tmp",
    ] {
        fs::write(bench.path("copies").join(name), b"half").expect("a file");
    }
    store.export_snapshot(Path::new(COPY)).expect("a copy");
    assert_eq!(
        bench.names("copies"),
        ["one.plim", "one.plim.x.tmp", "two.plim.3-1.tmp"]
    );
    fs::write(bench.path("copies/one.plim.9-1.tmp"), b"half").expect("a file");
    refuse_while_locked(&bench, &mut store, "copies/one.plim.9-1.tmp");
    store.export_snapshot(Path::new(COPY)).expect("a copy");
    // A copy that has its name is locked until that is durable, and so is what it replaced until then.
    fs::write(bench.path("copies/one.plim.9-1.old.tmp"), b"old").expect("a file");
    refuse_while_locked(&bench, &mut store, COPY);
    store.export_snapshot(Path::new(COPY)).expect("a copy");
    assert!(!bench.path("copies/one.plim.9-1.old.tmp").exists());
}

#[test]
fn what_is_no_copy_restores_nothing() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    fill(&mut store, 1);
    store.export_snapshot(Path::new(COPY)).expect("a copy");
    let good = fs::read(bench.path(COPY)).expect("the copy");
    let expected = dump(&store);
    let mut bad: Vec<Vec<u8>> = vec![Vec::new(), b"not a copy".to_vec(), good[..40].to_vec()];
    for at in [9, 30, good.len() / 2, good.len() - 1] {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bad.push(bytes);
    }
    for bytes in bad {
        fs::write(bench.path("bad"), &bytes).expect("a file");
        let files = bench.names("d");
        let error = store.restore(Path::new("bad")).expect_err("it is no copy");
        assert!(matches!(error, StoreError::NotRestored { .. }), "{error}");
        assert_eq!(error.outcome(), Outcome::Absent);
        assert_eq!((dump(&store), bench.names("d")), (expected.clone(), files));
    }
    let error = store.restore(Path::new("none")).expect_err("there is none");
    assert!(matches!(error, StoreError::NoCopy { .. }), "{error}");
    assert!(matches!(
        restore_snapshot(&bench.host, Path::new(COPY), &options),
        Err(StoreError::Locked { .. })
    ));
    store.put(b"more", b"").expect("the store goes on");
}

#[test]
fn a_damaged_store_is_replaced_and_a_foreign_file_is_not() {
    let bench = Bench::new();
    let options = Options::new("d").segment_bytes_max(256);
    let mut store = bench.open(&options);
    fill(&mut store, 1);
    let copied = dump(&store);
    store.export_snapshot(Path::new(COPY)).expect("a copy");
    fill(&mut store, 2);
    store.snapshot().expect("a snapshot");
    fill(&mut store, 3);
    drop(store);
    for damage in [
        &(|| fs::write(bench.path("d/snapshot.plim"), b"\xffPLIMimg").expect("a file"))
            as &dyn Fn(),
        &|| fs::remove_file(bench.path("d/snapshot.plim")).expect("a file"),
        &|| {
            for name in logs(&bench) {
                fs::remove_file(bench.path("d").join(name)).expect("a file");
            }
        },
        &|| {
            let newest = logs(&bench).pop().expect("a segment");
            fs::write(bench.path("d").join(newest), b"\xffPLIMlog").expect("a file");
        },
    ] {
        damage();
        assert!(bench.try_open(&options).is_err());
        restore_snapshot(&bench.host, Path::new(COPY), &options).expect("a restore");
        let mut store = bench.open(&options);
        assert_eq!(dump(&store), copied);
        fill(&mut store, 4);
        let expected = dump(&store);
        drop(store);
        let mut store = bench.open(&options);
        assert_eq!(dump(&store), expected);
        store.snapshot().expect("a snapshot");
        fill(&mut store, 5);
    }
    fs::write(bench.path("d/snapshot.plim"), b"somebody else's").expect("a file");
    let error = restore_snapshot(&bench.host, Path::new(COPY), &options).expect_err("not ours");
    assert!(matches!(error, StoreError::ForeignFile { .. }), "{error}");
}

#[test]
fn a_store_that_is_not_there_is_restored_where_that_is_allowed() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("d"));
    fill(&mut store, 1);
    store.export_snapshot(Path::new(COPY)).expect("a copy");
    let other = Options::new("a/b");
    let existing = other
        .clone()
        .create_policy(plimsoll_reference::native::CreatePolicy::OpenExisting);
    assert!(matches!(
        restore_snapshot(&bench.host, Path::new(COPY), &existing),
        Err(StoreError::NotFound { .. })
    ));
    restore_snapshot(&bench.host, Path::new(COPY), &other).expect("a restore");
    assert_eq!(dump(&bench.open(&existing)), dump(&store));
}

/// Performs one command, of which each operation in turn fails.
fn fail_each(command: &dyn Fn(&mut Store) -> Result<(), StoreError>, others: &[&Map], after: &Map) {
    for when in [When::Before, When::Partly, When::After] {
        for number in 0.. {
            let bench = Bench::new();
            let options = Options::new("d").segment_bytes_max(256);
            let mut store = bench.open(&options);
            fill(&mut store, 1);
            store.compact_to(Path::new(COPY)).expect("a copy");
            fill(&mut store, 2);
            let before = dump(&store);
            bench.fs.fail_at(number, when);
            let result = command(&mut store);
            let fired = bench.fs.heal();
            assert!(
                read(&bench, COPY).is_some(),
                "{when:?} {number}: the copy is whole"
            );
            let (shown, absent) = match &result {
                Ok(()) => (after, false),
                Err(error) => (&before, error.outcome() == Outcome::Absent),
            };
            assert_eq!(&dump(&store), shown, "{when:?} {number}: {result:?}");
            let poisoned = store.is_poisoned();
            assert!(!(poisoned && absent), "{when:?} {number}: {result:?}");
            if !poisoned {
                store.put(b"more", b"1").expect("the store goes on");
            }
            let published = dump(&store);
            drop(store);
            let found = dump(&bench.open(&options));
            assert!(
                found == published || (poisoned && others.contains(&&found)),
                "{when:?} {number}: {result:?}"
            );
            if !fired {
                assert!(result.is_ok());
                assert!(number > 4);
                break;
            }
        }
    }
}

#[test]
fn every_failed_operation_leaves_the_old_store_or_the_new_one() {
    let state = |round: u8| -> Map { (0..8).map(|n| (vec![n], vec![round; 60])).collect() };
    let (first, second) = (state(1), state(2));
    fail_each(
        &|store| store.restore(Path::new(COPY)).map(drop),
        &[&first],
        &first,
    );
    fail_each(&|store| store.compact_in_place().map(drop), &[], &second);
    fail_each(&|store| store.checkpoint().map(drop), &[], &second);
    fail_each(
        &|store| store.export_snapshot(Path::new(COPY)).map(drop),
        &[],
        &second,
    );
}

#[test]
fn a_poisoned_store_can_be_copied_and_not_maintained() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("d"));
    fill(&mut store, 1);
    store.export_snapshot(Path::new(COPY)).expect("a copy");
    bench.fs.fail_at(0, When::Before);
    store.put(b"k", b"").expect_err("the log fails");
    bench.fs.heal();
    for result in [
        store.checkpoint(),
        store.compact_in_place(),
        store.restore(Path::new(COPY)),
    ] {
        assert!(
            matches!(result, Err(StoreError::Poisoned { .. })),
            "{result:?}"
        );
    }
    store.compact_to(Path::new("saved")).expect("a copy");
    assert_eq!(read(&bench, "saved"), Some(dump(&store)));
}

#[test]
fn no_buffer_grows_with_the_store() {
    for compression in [Compression::None, Compression::Lz4] {
        let bench = Bench::new();
        let options = Options::new("d")
            .compression(compression)
            .segment_bytes_max(1 << 20);
        let mut store = bench.open(&options);
        // Four megabytes that do not compress, and one large entry.
        let mut noise = 1_u32;
        for number in 0..1_000_u32 {
            let value: Vec<u8> = (0..4_000)
                .map(|_| {
                    noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (noise >> 24) as u8
                })
                .collect();
            store.put(&number.to_be_bytes(), &value).expect("a commit");
        }
        store.put(b"large", &vec![7; 200_000]).expect("a commit");
        bench.fs.take_largest();
        store.export_snapshot(Path::new(COPY)).expect("a copy");
        store.compact_to(Path::new(COPY)).expect("a copy");
        store.compact_in_place().expect("a compaction");
        store.restore(Path::new(COPY)).expect("a restore");
        assert!(fs::metadata(bench.path(COPY)).expect("a file").len() > 4_000_000);
        let largest = bench.fs.take_largest();
        assert!(largest <= 256 << 10, "{largest} bytes at once");
        let expected = dump(&store);
        drop(store);
        assert_eq!(dump(&bench.open(&options)), expected);
        let largest = bench.fs.take_largest();
        assert!(largest <= 64 << 10, "{largest} bytes at once");
    }
}
