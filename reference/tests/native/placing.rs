//! Putting a snapshot in place without the store.

use std::path::Path;

use plimsoll_reference::level::Level;
use plimsoll_reference::native::{LogMode, Options, StoreError, read_snapshot};

use crate::support::{Bench, Map, When, dump};

fn image(bench: &Bench) -> Option<Map> {
    let mut map = Map::new();
    let path = Path::new("d/snapshot.plim");
    let found = read_snapshot(&*bench.host.fs, path, &mut |key, value| {
        map.insert(key.to_vec(), value.to_vec());
    });
    found.expect("a complete image or none").then_some(map)
}

fn homes() -> [Options; 2] {
    [
        Options::new("d"),
        Options::new("d").log_mode(LogMode::Never),
    ]
}

#[test]
fn commits_go_on_while_a_snapshot_is_put_in_place_and_no_other_is() {
    for options in homes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        store.put(b"a", b"").expect("a commit");
        store
            .export_snapshot(&bench.path("copy"))
            .expect("a copy of one key");
        let cut = dump(&store);
        let other = store.begin_snapshot().expect("a cut");
        let written = store.begin_snapshot().and_then(|job| job.write());
        let job = store
            .begin_placing(written.expect("there is room"))
            .expect("it is its turn");
        store.put(b"b", b"").expect("a commit");
        let placed = job.place();
        store.put(b"c", b"").expect("a commit");
        assert_eq!(image(&bench), Some(cut));
        let refusals = [
            store.snapshot(),
            store.checkpoint(),
            store.compact_in_place(),
            store.restore(&bench.path("copy")),
            store.finish_snapshot(other.write().expect("there is room")),
        ];
        for refusal in refusals {
            let error = refusal.expect_err("it is not their turn");
            assert!(matches!(error, StoreError::SnapshotBusy { .. }), "{error}");
        }
        let ack = store.end_placing(placed).expect("it is in place");
        assert_eq!(ack.level, Level::Power);
        store.snapshot().expect("it is free again");
        assert_eq!(image(&bench), Some(dump(&store)));
        let expected = dump(&store);
        drop(store);
        assert_eq!(dump(&bench.open(&options)), expected);
        assert!(bench.names("d").iter().all(|name| !name.ends_with(".tmp")));
    }
}

#[test]
fn an_older_snapshot_is_not_put_in_place_of_a_newer_one() {
    for options in homes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        store.put(b"a", b"").expect("a commit");
        let older = store.begin_snapshot().expect("a cut");
        store.put(b"b", b"").expect("a commit");
        store.snapshot().expect("a newer one");
        let newer = dump(&store);
        let job = store
            .begin_placing(older.write().expect("there is room"))
            .expect("it is its turn");
        let ack = store.end_placing(job.place()).expect("it is covered");
        assert_eq!(ack.level, Level::Power);
        assert_eq!(image(&bench), Some(newer));
        assert!(bench.names("d").iter().all(|name| !name.ends_with(".tmp")));
    }
}

#[test]
fn a_turn_that_is_given_up_holds_nobody_up() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("d"));
    store.put(b"a", b"").expect("a commit");
    let written = store.begin_snapshot().and_then(|job| job.write());
    drop(store.begin_placing(written.expect("there is room")));
    assert!(bench.names("d").iter().all(|name| !name.ends_with(".tmp")));
    store.checkpoint().expect("it is free");
    assert_eq!(image(&bench), Some(dump(&store)));
}

/// Each operation of putting a snapshot in place fails once, and the store goes on from what is then there.
#[test]
fn a_failure_in_place_leaves_one_snapshot_whole_and_the_store_serving() {
    for options in homes() {
        for when in [When::Before, When::Partly, When::After] {
            for number in 0.. {
                let bench = Bench::new();
                let mut store = bench.open(&options);
                store.put(b"k", b"old").expect("a commit");
                store.snapshot().expect("a snapshot");
                let old = dump(&store);
                store.put(b"k", b"new").expect("a commit");
                let new = dump(&store);
                let written = store.begin_snapshot().and_then(|job| job.write());
                let job = store.begin_placing(written.expect("there is room"));
                bench.fs.fail_at(number, when);
                let placed = job.expect("it is its turn").place();
                let has_failed = bench.fs.heal();
                store.put(b"k", b"newer").expect("a commit");
                let result = store.end_placing(placed);
                if !has_failed {
                    result.expect("nothing failed");
                    break;
                }
                let found = image(&bench).expect("an image");
                assert!(found == old || found == new, "operation {number} {when:?}");
                assert!(result.is_err() || found == new);
                assert!(!store.is_poisoned());
                store.snapshot().expect("the next one succeeds");
                assert_eq!(image(&bench), Some(dump(&store)));
            }
        }
    }
}
