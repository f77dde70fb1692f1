//! Reading a database that is not the reader's own: nothing is changed, made or left out.

use plimsoll_reference::inspection::{InspectionError, inspect};
use plimsoll_reference::sqlite::{Options, StoreError, read_image};

use crate::support::{Bench, dump, map};

const PATH: &str = "a.db";

/// A log that is empty is one as well: without it what is committed next would go to a file that has no name any more.
#[test]
fn a_store_that_is_open_keeps_its_log() {
    let bench = Bench::new();
    let options = Options::file(PATH);
    let mut store = bench.open(&options);
    store.put(b"a", b"1").expect("a commit");
    store.checkpoint().expect("a checkpoint");
    let read = read_image(&bench.host, PATH.as_ref(), &mut |_, _| {});
    let inspected = inspect(&bench.host, PATH.as_ref(), None);
    let mut other = bench.open(&Options::file("b.db"));
    let restored = other.restore(PATH.as_ref());
    store.put(b"b", b"2").expect("a commit");
    drop(store); // as a kill does
    assert_eq!(dump(&bench.open(&options)), map(&[("a", "1"), ("b", "2")]));
    for error in [
        read.map(|_| ()).expect_err("it is open"),
        restored.map(|_| ()).expect_err("it is open"),
    ] {
        assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    }
    let error = inspected.expect_err("it is open");
    assert!(matches!(error, InspectionError::InUse { .. }), "{error}");
}

#[test]
fn nothing_is_made_beside_a_database_that_was_closed() {
    let bench = Bench::new();
    for name in [PATH, "100% of #1?.db", "file:x", ":memory:"] {
        let mut store = bench.open(&Options::file(name));
        store.put(b"a", b"1").expect("a commit");
        store.close().expect("it closes");
        let before = bench.names("");
        let mut visits = 0;
        let mut visit = |_: &[u8], _: &[u8]| {
            visits += 1;
            assert_eq!(bench.names(""), before, "{name}");
        };
        assert!(read_image(&bench.host, name.as_ref(), &mut visit).expect("it is whole"));
        assert_eq!(visits, 1, "{name}");
        let path = bench.path(name);
        let found = inspect(&bench.host, &path, None).expect("it is whole");
        assert_eq!(found.pairs, [(b"a".to_vec(), b"1".to_vec())], "{name}");
        assert_eq!(bench.names(""), before, "{name}");
    }
}

#[test]
fn a_log_that_says_nothing_is_left() {
    let bench = Bench::new();
    bench.open(&Options::file(PATH)).close().expect("it closes");
    for log in [&b""[..], b"torn"] {
        bench.write("a.db-wal", log);
        assert_eq!(bench.read(PATH), Some(map(&[])));
        let left = std::fs::read(bench.path("a.db-wal")).expect("it is there");
        assert_eq!(left, log);
    }
}

#[test]
fn what_belongs_beside_a_database_is_read_through_a_link() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("data")).expect("a directory");
    std::os::unix::fs::symlink("data/a.db", bench.path("link.db")).expect("a link");
    assert_eq!(bench.read("link.db"), None);
    let mut store = bench.open(&Options::file("data/a.db"));
    store.put(b"a", b"1").expect("a commit");
    let error = inspect(&bench.host, "link.db".as_ref(), None).expect_err("it is open");
    assert!(matches!(error, InspectionError::InUse { .. }), "{error}");
    drop(store); // which leaves the commit in the log
    let expected = map(&[("a", "1")]);
    assert_eq!(bench.read("link.db"), Some(expected.clone()));
    let found = inspect(&bench.host, "link.db".as_ref(), None).expect("it is whole");
    assert_eq!(found.pairs, [(b"a".to_vec(), b"1".to_vec())]);
    assert_eq!(found.repairs.len(), 1, "{:?}", found.repairs);
    let mut other = bench.open(&Options::file("b.db"));
    other.restore("link.db".as_ref()).expect("it is whole");
    assert_eq!(dump(&other), expected);
}
