//! Putting a snapshot in place without the store.

use plimsoll_reference::level::Level;
use plimsoll_reference::sqlite::{Journal, Options, StoreError};

use crate::support::{Bench, dump, map};

const SNAPSHOT: &str = "backup/a.db";

fn homes() -> [Options; 3] {
    [
        Options::memory(),
        Options::file("a.db"),
        Options::file("a.db").journal(Journal::Rollback),
    ]
    .map(|options| options.snapshot_path(SNAPSHOT).keep(2))
}

#[test]
fn commits_go_on_while_a_snapshot_is_put_in_place_and_no_other_is() {
    for options in homes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        store.put(b"k", b"1").expect("a commit");
        store.snapshot().expect("a snapshot");
        store.put(b"k", b"2").expect("a commit");
        let other = store.begin_snapshot().expect("a cut");
        let written = store.begin_snapshot().and_then(|job| job.write());
        let job = store
            .begin_placing(written.expect("there is room"))
            .expect("it is its turn");
        store.put(b"k", b"3").expect("a commit");
        let placed = job.place();
        store.put(b"k", b"4").expect("a commit");
        assert_eq!(bench.read(SNAPSHOT), Some(map(&[("k", "2")])));
        let refusals = [
            store.snapshot(),
            store.finish_snapshot(other.write().expect("there is room")),
        ];
        for refusal in refusals {
            let error = refusal.expect_err("it is not their turn");
            assert!(matches!(error, StoreError::SnapshotBusy { .. }), "{error}");
        }
        let ack = store.end_placing(placed).expect("it is in place");
        assert_eq!(ack.level, Level::Power);
        store.snapshot().expect("it is free again");
        assert_eq!(bench.read(SNAPSHOT), Some(map(&[("k", "4")])));
        assert_eq!(bench.names("backup"), ["a.db", "a.db.2"]);
        assert_eq!(bench.read("backup/a.db.2"), Some(map(&[("k", "2")])));
        assert_eq!(store.take_warnings(), []);
        let expected = dump(&store);
        store.close().expect("it closes");
        assert_eq!(dump(&bench.open(&options)), expected);
    }
}

#[test]
fn an_older_snapshot_is_not_put_in_place_of_a_newer_one() {
    for options in homes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        store.put(b"k", b"1").expect("a commit");
        let older = store.begin_snapshot().expect("a cut");
        store.put(b"k", b"2").expect("a commit");
        store.snapshot().expect("a newer one");
        let job = store
            .begin_placing(older.write().expect("there is room"))
            .expect("it is its turn");
        let ack = store.end_placing(job.place()).expect("it is covered");
        assert_eq!(ack.level, Level::Power);
        assert_eq!(bench.read(SNAPSHOT), Some(map(&[("k", "2")])));
        assert_eq!(bench.names("backup"), ["a.db"]);
    }
}

#[test]
fn a_turn_that_outlives_its_store_puts_nothing_in_place() {
    for options in homes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        store.put(b"k", b"1").expect("a commit");
        store.snapshot().expect("a snapshot");
        store.put(b"k", b"2").expect("a commit");
        let written = store.begin_snapshot().and_then(|job| job.write());
        let job = store.begin_placing(written.expect("there is room"));
        drop(store);
        drop(job.expect("it is its turn").place());
        assert_eq!(bench.read(SNAPSHOT), Some(map(&[("k", "1")])));
        assert_eq!(bench.names("backup"), ["a.db"]);
    }
}
