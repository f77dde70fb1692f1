//! Restoring: everything is checked before anything is changed.

use plimsoll_reference::level::Level;
use plimsoll_reference::sqlite::{Journal, Options, StoreError};
use rusqlite::Connection;

use crate::support::{Bench, dump, map};

#[test]
fn a_copy_comes_back_whole() {
    let bench = Bench::new();
    let options = Options::file("a.db");
    let mut store = bench.open(&options);
    store.put(b"a", b"1").expect("a commit");
    store.export("copy.db".as_ref()).expect("an export");
    store.put(b"a", b"2").expect("a commit");
    store.put(b"b", b"2").expect("a commit");
    let ack = store.restore("copy.db".as_ref()).expect("a copy of ours");
    assert_eq!(ack.level, Level::Power);
    assert_eq!(dump(&store), map(&[("a", "1")]));
    drop(store);
    assert_eq!(dump(&bench.open(&options)), map(&[("a", "1")]));
}

#[test]
fn what_is_no_copy_changes_nothing() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::file("a.db"));
    let before = map(&[("a", "1")]);
    store.put(b"a", b"1").expect("a commit");
    store.export("good.db".as_ref()).expect("an export");
    let good = std::fs::read(bench.path("good.db")).expect("a file");
    bench.write("empty.db", b"");
    bench.write("text.db", &[b'x'; 9000]);
    bench.write("short.db", &good[..4096]);
    let mut wrong_page = good.clone();
    wrong_page[4096..].fill(0xff);
    bench.write("page.db", &wrong_page);
    for name in [
        "empty.db",
        "text.db",
        "short.db",
        "page.db",
        "absent.db",
        "a.db",
    ] {
        let error = store.restore(name.as_ref()).expect_err(name);
        assert!(
            !matches!(error, StoreError::Poisoned { .. }),
            "{name}: {error}"
        );
        assert_eq!(dump(&store), before, "{name}");
        assert!(!store.is_poisoned(), "{name}");
    }
    store.restore("good.db".as_ref()).expect("it is whole");
}

#[test]
fn a_copy_that_cannot_be_read_to_its_end_changes_nothing() {
    for options in [
        Options::file("a.db"),
        Options::file("b.db").journal(Journal::Rollback),
        Options::memory(),
    ] {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        store.put(b"a", b"1").expect("a commit");
        store.export("text.db".as_ref()).expect("an export");
        // Its schema is ours and SQLite finds nothing wrong with it, and there are no such keys.
        let copy = Connection::open(bench.path("text.db")).expect("a database");
        let text = "INSERT INTO pair VALUES ('text', x'31')";
        copy.execute(text, ()).expect("SQLite takes any type");
        drop(copy);
        store.put(b"a", b"2").expect("a commit");
        let error = store.restore("text.db".as_ref()).expect_err("no copy");
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(!store.is_poisoned(), "{options:?}");
        assert_eq!(dump(&store), map(&[("a", "2")]), "{options:?}");
        store.put(b"b", b"3").expect("it goes on");
    }
}
