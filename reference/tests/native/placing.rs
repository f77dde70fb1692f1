//! Putting a snapshot in place without the store.

use std::path::Path;

use plimsoll_reference::native::{LogMode, Options, Store, read_snapshot};

use crate::placing_of_both::{an_older_one_changes_nothing, engine, only_one_is_placed};
use crate::support::{Bench, Map, When, dump};

engine!(native, dump);

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

fn has_temporaries(bench: &Bench) -> bool {
    bench.names("d").iter().any(|name| name.ends_with(".tmp"))
}

#[test]
fn commits_go_on_while_a_snapshot_is_put_in_place_and_no_other_is() {
    for options in homes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        let copy = bench.path("copy");
        store.export_snapshot(&copy).expect("a copy of nothing");
        let others = |store: &mut Store| {
            vec![
                store.checkpoint(),
                store.compact_in_place(),
                store.restore(&copy),
            ]
        };
        only_one_is_placed(&mut store, || image(&bench), others);
        let expected = dump(&store);
        drop(store);
        assert!(!has_temporaries(&bench));
        assert_eq!(dump(&bench.open(&options)), expected);
    }
}

#[test]
fn an_older_snapshot_is_not_put_in_place_of_a_newer_one() {
    for options in homes() {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        an_older_one_changes_nothing(&mut store, || image(&bench));
        assert!(!has_temporaries(&bench));
    }
}

/// The inode behind a path.
fn inode(bench: &Bench, path: &str) -> u64 {
    let found = bench.host.fs.metadata(Path::new(path));
    found
        .expect("it can be looked up")
        .expect("it is there")
        .inode
}

/// Where the directory cannot be synced, what was replaced keeps its second name until the next life has synced that.
#[test]
fn what_was_replaced_keeps_a_name_until_that_is_durable() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    store.put(b"k", b"old").expect("a commit");
    store.snapshot().expect("a snapshot");
    let old = inode(&bench, "d/snapshot.plim");
    store.put(b"k", b"new").expect("a commit");
    let written = store.begin_snapshot().and_then(|job| job.write());
    let job = store.begin_placing(written.expect("there is room"));
    bench.fs.fail_syncs_of(Some("d"));
    let placed = job.expect("it is its turn").place();
    store
        .end_placing(placed)
        .expect_err("its name is not durable");
    let mut seconds = bench.names("d");
    seconds.retain(|name| name.ends_with(".old.tmp"));
    let [second] = seconds.as_slice() else {
        panic!("one second name: {seconds:?}");
    };
    assert_eq!(inode(&bench, &format!("d/{second}")), old);
    drop(store);
    bench
        .try_open(&options)
        .expect_err("it is still not durable");
    assert_eq!(inode(&bench, &format!("d/{second}")), old);
    bench.fs.fail_syncs_of(None);
    let store = bench.open(&options);
    assert!(!has_temporaries(&bench));
    assert_eq!(store.get(b"k").expect("it can be read"), Some(&b"new"[..]));
}

#[test]
fn a_file_system_without_links_does() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    bench.fs.refuse_links();
    for _ in 0..2 {
        store.put(b"k", b"").expect("a commit");
        store.snapshot().expect("a snapshot");
        store.export_snapshot(&bench.path("copy")).expect("a copy");
    }
    assert!(!has_temporaries(&bench));
    assert_eq!(image(&bench), Some(dump(&store)));
}

#[test]
fn a_turn_that_is_given_up_holds_nobody_up() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("d"));
    store.put(b"a", b"").expect("a commit");
    let written = store.begin_snapshot().and_then(|job| job.write());
    drop(store.begin_placing(written.expect("there is room")));
    assert!(!has_temporaries(&bench));
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
