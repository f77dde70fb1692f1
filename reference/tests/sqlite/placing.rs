//! Putting a snapshot in place without the store.

use plimsoll_reference::sqlite::{Journal, Options};

use crate::placing_of_both::{an_older_one_changes_nothing, engine, only_one_is_placed};
use crate::support::{Bench, dump, map};

engine!(sqlite, dump);

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
        only_one_is_placed(&mut store, || bench.read(SNAPSHOT), |_| Vec::new());
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
        an_older_one_changes_nothing(&mut store, || bench.read(SNAPSHOT));
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
