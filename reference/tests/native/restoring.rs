//! Restores whose source or result cannot be read.

use std::fs;
use std::io;
use std::path::Path;

use plimsoll_reference::native::{
    Options, Outcome, Store, StoreError, read_snapshot, restore_snapshot,
};

use crate::support::{Bench, Map, dump};

const COPY: &str = "copies/one.plim";

/// A store with a copy beside it, and what was copied, and what is there now.
struct Ground {
    bench: Bench,
    options: Options,
    copied: Map,
    before: Map,
}

impl Ground {
    fn new() -> (Self, Store) {
        let bench = Bench::new();
        let options = Options::new("d").segment_bytes_max(256);
        let mut store = bench.open(&options);
        store.put(b"old", b"1").expect("a commit");
        store.put(b"both", b"1").expect("a commit");
        let copied = dump(&store);
        store.export_snapshot(Path::new(COPY)).expect("a copy");
        store.put(b"both", b"2").expect("a commit");
        store.put(b"new", &[2; 300]).expect("a commit");
        let before = dump(&store);
        let ground = Self {
            bench,
            options,
            copied,
            before,
        };
        (ground, store)
    }

    fn fail_read(&self, number: u64) {
        let eio = || Err(io::Error::from_raw_os_error(5));
        self.bench.fs.at_read(number, Box::new(eio));
    }

    fn image(&self) -> Map {
        let mut map = Map::new();
        let found = read_snapshot(
            &*self.bench.host.fs,
            Path::new("d/snapshot.plim"),
            &mut |key, value| {
                map.insert(key.to_vec(), value.to_vec());
            },
        );
        assert!(found.expect("a complete image"));
        map
    }
}

/// Whether a store that has lost its pairs says so, whatever it is asked, and leaves alone what is on disk.
fn is_spent(ground: &Ground, store: &mut Store) {
    assert!(store.is_poisoned());
    assert!(store.get(b"both").is_err() && store.scan(&mut |_, _| panic!("a pair")).is_err());
    assert!(store.len().is_err() && store.is_empty().is_err());
    for result in [
        store.put(b"k", b""),
        store.sync(),
        store.tick(),
        store.snapshot(),
        store.checkpoint(),
        store.compact_in_place(),
        store.restore(Path::new(COPY)),
        store.compact_to(Path::new("other")),
        store.export_snapshot(Path::new("other")),
    ] {
        assert!(
            matches!(result, Err(StoreError::Poisoned { .. })),
            "{result:?}"
        );
    }
    assert_eq!(ground.image(), ground.copied);
    assert!(!ground.bench.path("other").exists());
}

#[test]
fn every_read_of_a_restore_may_fail() {
    let (mut kept, mut spent) = (0, 0);
    for number in 0.. {
        let (ground, mut store) = Ground::new();
        let job = store.begin_snapshot().expect("a cut");
        let written = job.write().expect("there is room");
        ground.fail_read(number);
        let result = store.restore(Path::new(COPY));
        let fired = ground.bench.fs.let_read();
        let mut written = Some(written);
        match &result {
            Ok(_) => assert_eq!(dump(&store), ground.copied, "{number}"),
            Err(error @ StoreError::RestoredUnread { .. }) => {
                spent += 1;
                assert_eq!(error.outcome(), Outcome::Unknown);
                // The cut is older than what is in place.
                let written = written.take().expect("it is finished once");
                store.finish_snapshot(written).expect("nothing is done");
                is_spent(&ground, &mut store);
            }
            Err(error) => {
                kept += 1;
                assert_eq!(error.outcome(), Outcome::Absent, "{error}");
                assert_eq!(dump(&store), ground.before, "{number}");
                store.put(b"more", b"").expect("the store goes on");
                store.delete(b"more").expect("the store goes on");
            }
        }
        let expected = match &result {
            Ok(_) | Err(StoreError::RestoredUnread { .. }) => &ground.copied,
            Err(_) => &ground.before,
        };
        drop((store, written));
        assert_eq!(
            &dump(&ground.bench.open(&ground.options)),
            expected,
            "{number}: {result:?}"
        );
        if !fired {
            assert!(result.is_ok());
            break;
        }
    }
    // Twice the copy, and once what it became.
    assert!(kept >= 4 && spent >= 2, "{kept} {spent}");
}

#[test]
fn every_read_of_a_closed_restore_may_fail() {
    let mut failed = 0;
    for number in 0.. {
        let (ground, store) = Ground::new();
        drop(store);
        ground.fail_read(number);
        let result = restore_snapshot(&ground.bench.host, Path::new(COPY), &ground.options);
        let fired = ground.bench.fs.let_read();
        let found = dump(&ground.bench.open(&ground.options));
        match result {
            Ok(_) => assert_eq!(found, ground.copied, "{number}"),
            Err(error) => {
                failed += 1;
                assert_eq!(found, ground.before, "{number}: {error}");
            }
        }
        if !fired {
            break;
        }
    }
    assert!(failed >= 6, "{failed}");
}

/// The image of a restore has a checksum of its own: what is written into it must be what was looked at.
#[test]
fn a_copy_that_is_replaced_amid_its_restore_is_refused() {
    let mut refused = 0;
    for number in 0.. {
        let (ground, mut store) = Ground::new();
        store.export_snapshot(Path::new("other")).expect("a copy");
        let (from, to) = (ground.bench.path("other"), ground.bench.path(COPY));
        ground
            .bench
            .fs
            .at_read(number, Box::new(move || fs::rename(from, to)));
        let result = store.restore(Path::new(COPY));
        if !ground.bench.fs.let_read() {
            break;
        }
        let shown = dump(&store);
        match result {
            Ok(_) => assert!(
                [&ground.copied, &ground.before].contains(&&shown),
                "{number}"
            ),
            Err(StoreError::NotRestored { source, .. }) => {
                refused += 1;
                assert!(
                    matches!(*source, StoreError::CopyChanged { .. }),
                    "{source}"
                );
                assert_eq!(shown, ground.before);
                assert!(
                    !ground
                        .bench
                        .names("d")
                        .iter()
                        .any(|name| name.ends_with(".tmp"))
                );
                store.put(b"more", b"").expect("the store goes on");
            }
            Err(error) => panic!("{number}: {error}"),
        }
    }
    assert!(refused >= 1);
}
