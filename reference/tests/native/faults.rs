//! Every operation that changes something fails once, before, partway and after its effect.

use plimsoll_reference::level::Level;
use plimsoll_reference::native::{LogMode, Options, Outcome, Store, StoreError, SyncPolicy};

use crate::support::{Bench, Map, When, dump};

const QUEUED: LogMode = LogMode::AsyncAfterCommit {
    queue_commits_max: 2,
    queue_bytes_max: 1_000,
};

/// What a run is known to have done.
#[derive(Default)]
struct Told {
    /// The state after every commit that was published.
    states: Vec<Map>,
    /// The last commit that a kill must leave.
    kept: u64,
}

fn run(store: &mut Store, told: &mut Told) -> Result<(), StoreError> {
    told.states.push(dump(store));
    let note = |store: &Store, told: &mut Told, level: Level| {
        told.states.truncate(store.sequence() as usize);
        told.states.push(dump(store));
        if level > Level::Memory {
            told.kept = store.sequence();
        }
    };
    for round in 0..3_u8 {
        for number in 0..3_u8 {
            let ack = store.put(&[number], &[round; 60])?;
            note(store, told, ack.level);
        }
        let ack = store.delete(&[round])?;
        note(store, told, ack.level);
        if round == 1 {
            let job = store.begin_snapshot()?;
            let ack = store.put(b"between", b"")?;
            note(store, told, ack.level);
            let covered = job.covered();
            // A failed snapshot is no reason to stop.
            let written = job.write();
            let ack = store.put(b"written", b"")?;
            note(store, told, ack.level);
            if written.is_ok_and(|written| store.finish_snapshot(written).is_ok()) {
                told.kept = told.kept.max(covered);
            }
            let ack = store.tick()?;
            note(store, told, ack.level);
        }
    }
    let ack = store.sync()?;
    note(store, told, ack.level);
    Ok(())
}

#[test]
fn every_failed_operation_is_reported_or_harmless_and_costs_no_acknowledged_commit() {
    for (mode, sync) in [
        (LogMode::OnCommit, SyncPolicy::EveryAppend),
        (LogMode::OnCommit, SyncPolicy::Never),
        (QUEUED, SyncPolicy::EveryAppend),
        (LogMode::Never, SyncPolicy::Never),
    ] {
        let options = Options::new("a/d")
            .log_mode(mode)
            .sync_policy(sync)
            .segment_bytes_max(256);
        for when in [When::Before, When::Partly, When::After] {
            let mut fired = 0;
            for number in 0.. {
                let bench = Bench::new();
                let mut told = Told::default();
                bench.fs.fail_at(number, when);
                let result = bench.try_open(&options).map(|mut store| {
                    let result = run(&mut store, &mut told);
                    check_after_failure(store, result.is_err(), &told);
                });
                if bench.fs.heal() {
                    fired += 1;
                } else {
                    assert!(result.is_ok());
                    break;
                }
                let store = bench.open(&options);
                let sequence = store.sequence();
                assert!(
                    sequence >= told.kept,
                    "{mode:?} {when:?} {number}: {sequence} < {}",
                    told.kept
                );
                match told.states.get(sequence as usize) {
                    Some(state) => assert_eq!(&dump(&store), state, "{mode:?} {when:?} {number}"),
                    None => assert!(
                        sequence <= told.states.len() as u64,
                        "at most the one commit whose outcome is unknown"
                    ),
                }
            }
            assert!(fired > 5);
        }
    }
}

/// A store whose log failed refuses writes, serves what it had published, and does not pretend to close cleanly.
fn check_after_failure(mut store: Store, failed: bool, told: &Told) {
    if !failed {
        return;
    }
    assert!(store.is_poisoned());
    assert_eq!(&dump(&store), told.states.last().expect("a state"));
    let error = store.put(b"more", b"").expect_err("the store is poisoned");
    assert!(matches!(error, StoreError::Poisoned { .. }), "{error}");
    assert_eq!(error.outcome(), Outcome::Absent);
    assert!(matches!(store.sync(), Err(StoreError::Poisoned { .. })));
    assert!(matches!(store.tick(), Err(StoreError::Poisoned { .. })));
    assert!(matches!(store.close(), Err(StoreError::Poisoned { .. })));
}

#[test]
fn a_snapshot_saves_what_a_failed_log_no_longer_can() {
    let bench = Bench::new();
    let options = Options::new("d").log_mode(QUEUED);
    let mut store = bench.open(&options);
    for key in [b"a", b"b"] {
        store.put(key, b"").expect("a commit");
    }
    bench.fs.fail_at(0, When::Before);
    let error = store
        .put(b"c", b"")
        .expect_err("the queue is full and the log fails");
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(bench.fs.heal());
    assert_eq!(store.snapshot().expect("a snapshot").level, Level::Power);
    drop(store);
    let mut store = bench.open(&options);
    assert_eq!(store.len().expect("a read"), 2);
    store.put(b"c", b"").expect("a commit");
    store.close().expect("a clean close");
    assert_eq!(bench.open(&options).len().expect("a read"), 3);
}

#[test]
fn each_commit_and_each_snapshot_syncs_what_it_must_and_no_more() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    assert_eq!(bench.fs.take_syncs(), ["sync_dir "]);
    // A file is synced before it has its name, and after: under the path that its handle was opened by.
    store.put(b"a", b"").expect("a commit");
    assert_eq!(
        bench.fs.take_syncs(),
        [
            "sync_data d/0000000001.log.tmp",
            "sync_all d/0000000001.log.tmp",
            "sync_dir d"
        ]
    );
    store.put(b"b", b"").expect("a commit");
    assert_eq!(bench.fs.take_syncs(), ["sync_data d/0000000001.log.tmp"]);
    store.snapshot().expect("a snapshot");
    // It replaces what was there, and so it is synced until a sync has nothing to do.
    assert_eq!(
        bench.fs.take_syncs(),
        [
            "sync_data d/snapshot.plim.2-1.tmp",
            "sync_data d/snapshot.plim.2-1.tmp",
            "sync_all d/snapshot.plim.2-1.tmp",
            "sync_dir d"
        ]
    );
    store.put(b"c", b"").expect("a commit");
    assert_eq!(
        bench.fs.take_syncs(),
        [
            "sync_data d/0000000002.log.tmp",
            "sync_all d/0000000002.log.tmp",
            "sync_dir d"
        ]
    );
    store.put(b"d", b"").expect("a commit");
    bench.fs.take_syncs();
    drop(store);
    let store = bench.open(&options);
    assert_eq!(
        bench.fs.take_syncs(),
        [
            "sync_dir d",
            "sync_data d/0000000003.log.tmp",
            "sync_all d/0000000003.log.tmp",
            "sync_dir d"
        ]
    );
    store.close().expect("a clean close");
    assert!(
        bench.fs.take_syncs().is_empty(),
        "all was durable: the mark of a clean close needs no sync"
    );
}
