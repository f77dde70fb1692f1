//! Databases in memory: moving to the file, flushing at the end, starting from a snapshot.

use std::time::Duration;

use plimsoll_reference::level::Level;
use plimsoll_reference::sqlite::{Options, StoreError, Warning};

use crate::support::{Bench, dump, map};

const PATH: &str = "data/a.db";

fn options() -> Options {
    Options::file(PATH).memory_threshold(16 << 10)
}

#[test]
fn a_database_moves_to_its_file_when_it_is_large() {
    let bench = Bench::new();
    let mut store = bench.open(&options());
    assert_eq!(
        store.put(b"a", b"1").expect("a commit").level,
        Level::Memory
    );
    assert_eq!(bench.names("data"), [""; 0]);
    let large = vec![7; 20 << 10];
    assert_eq!(
        store.put(b"b", &large).expect("a commit").level,
        Level::Power
    );
    assert!(!store.is_in_memory());
    drop(store);
    let store = bench.open(&options());
    assert!(!store.is_in_memory());
    assert_eq!(store.get(b"b").expect("a read"), Some(large));
    assert_eq!(store.get(b"a").expect("a read"), Some(b"1".to_vec()));
}

#[test]
fn a_small_database_is_flushed_when_it_is_closed_and_an_empty_one_makes_no_file() {
    let bench = Bench::new();
    let mut store = bench.open(&options());
    store.put(b"a", b"1").expect("a commit");
    store.delete(b"a").expect("a commit");
    assert_eq!(store.close().expect("it closes").level, Level::Power);
    assert_eq!(bench.names("data"), [""; 0]);
    let mut store = bench.open(&options());
    store.put(b"a", b"1").expect("a commit");
    assert_eq!(store.close().expect("it closes").level, Level::Power);
    assert_eq!(bench.names("data"), ["a.db"]);
    assert_eq!(dump(&bench.open(&options())), map(&[("a", "1")]));
}

#[test]
fn a_move_that_fails_is_reported_and_tried_again_later() {
    let bench = Bench::new();
    let mut store = bench.open(&options());
    // Somebody else has taken the name meanwhile.
    bench.write(PATH, b"not ours");
    let large = vec![7; 20 << 10];
    assert_eq!(
        store.put(b"b", &large).expect("a commit").level,
        Level::Memory
    );
    let warnings = store.take_warnings();
    assert!(
        matches!(warnings[..], [Warning::NotPromoted { .. }]),
        "{warnings:?}"
    );
    let due_at = store.next_deadline().expect("it is tried again");
    assert_eq!(
        store.put(b"c", b"1").expect("a commit").level,
        Level::Memory
    );
    assert_eq!(store.take_warnings(), [], "not with every commit");
    assert!(store.sync().is_err(), "asked for, it says so");
    assert_eq!(
        std::fs::read(bench.path(PATH)).expect("a file"),
        b"not ours"
    );
    std::fs::remove_file(bench.path(PATH)).expect("it goes");
    bench.clock.advance(due_at + Duration::from_secs(60));
    assert_eq!(store.tick().expect("it is due").level, Level::Power);
    assert_eq!(store.next_deadline(), None);
    drop(store);
    assert_eq!(dump(&bench.open(&options())).len(), 2);
}

#[test]
fn a_database_without_a_file_starts_from_its_snapshot_and_ends_in_one() {
    let bench = Bench::new();
    let options = Options::memory().snapshot_path("snap/a.db");
    let mut store = bench.open(&options);
    store.put(b"a", b"1").expect("a commit");
    assert_eq!(store.snapshot().expect("a snapshot").level, Level::Power);
    assert_eq!(
        store.put(b"b", b"2").expect("a commit").level,
        Level::Memory
    );
    drop(store);
    let mut store = bench.open(&options);
    assert_eq!(dump(&store), map(&[("a", "1")]));
    store.delete(b"a").expect("a commit");
    assert_eq!(store.close().expect("it closes").level, Level::Power);
    assert_eq!(
        dump(&bench.open(&options)),
        map(&[]),
        "what was deleted stays so"
    );
}

#[test]
fn a_snapshot_that_is_missing_beside_older_ones_is_reported() {
    let bench = Bench::new();
    bench.write("a.db.3", b"older");
    let options = Options::memory().snapshot_path("a.db");
    let error = bench.try_open(&options).expect_err("it would be empty");
    assert!(matches!(error, StoreError::Orphaned { .. }), "{error}");
}

#[test]
fn memory_alone_promises_nothing() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::memory());
    assert_eq!(
        store.put(b"a", b"1").expect("a commit").level,
        Level::Memory
    );
    assert_eq!(store.sync().expect("a sync").level, Level::Memory);
    assert_eq!(store.close().expect("it closes").level, Level::Memory);
    assert_eq!(bench.names(""), [""; 0]);
}
