//! Snapshots that overlap commits and each other, and what they let go.

use std::fs;
use std::path::Path;
use std::time::Duration;

use plimsoll_reference::level::Level;
use plimsoll_reference::native::{
    Compression, LogMode, Options, SnapshotPolicy, StoreError, read_snapshot,
};

use crate::support::{Bench, Map, When, dump};

const IMAGE: &str = "d/snapshot.plim";

fn image(bench: &Bench) -> Option<Map> {
    let mut map = Map::new();
    let found = read_snapshot(&*bench.host.fs, Path::new(IMAGE), &mut |key, value| {
        map.insert(key.to_vec(), value.to_vec());
    });
    found.expect("a complete image or none").then_some(map)
}

fn segments(bench: &Bench) -> Vec<String> {
    bench
        .names("d")
        .into_iter()
        .filter(|name| name.ends_with(".log"))
        .collect()
}

#[test]
fn an_independent_reader_sees_what_the_snapshot_covers() {
    for compression in [Compression::None, Compression::Lz4] {
        let bench = Bench::new();
        let mut store = bench.open(&Options::new("d").compression(compression));
        assert_eq!(image(&bench), None);
        store.snapshot().expect("a snapshot of nothing");
        assert_eq!(image(&bench), Some(Map::new()));
        for number in 0..5_000_u32 {
            store
                .put(&number.to_be_bytes(), &[7; 100])
                .expect("a commit");
        }
        store.snapshot().expect("a snapshot");
        assert_eq!(image(&bench), Some(dump(&store)));
        let len = fs::metadata(bench.path(IMAGE)).expect("a file").len();
        assert_eq!(
            len < 200_000,
            compression == Compression::Lz4,
            "{len} bytes"
        );
        store.put(b"later", b"").expect("a commit");
        assert!(!image(&bench).expect("an image").contains_key(&b"later"[..]));
    }
}

#[test]
fn a_cut_holds_no_commit_that_came_after_it() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    store.put(b"k", b"before").expect("a commit");
    let cut = dump(&store);
    let job = store.begin_snapshot().expect("a cut");
    store.put(b"k", b"after").expect("a commit");
    store.delete(b"k").expect("a commit");
    let written = job.write().expect("there is room");
    store.finish_snapshot(written).expect("a snapshot");
    assert_eq!(image(&bench), Some(cut));
    drop(store);
    assert!(
        bench.open(&options).is_empty().expect("a read"),
        "the log holds what came after the cut"
    );
}

#[test]
fn overlapping_jobs_lose_nothing_in_whatever_order_they_finish() {
    for order in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let bench = Bench::new();
        let options = Options::new("d").segment_bytes_max(256);
        let mut store = bench.open(&options);
        let mut jobs = Vec::new();
        for round in 0..3_u8 {
            for number in 0..5_u8 {
                store
                    .put(&[round, number], &[number; 30])
                    .expect("a commit");
            }
            jobs.push(Some(store.begin_snapshot().expect("a cut")));
        }
        store.put(b"last", b"").expect("a commit");
        let mut newest = 0;
        for index in order {
            let job = jobs[index].take().expect("each once");
            newest = newest.max(job.covered());
            let written = job.write().expect("there is room");
            assert_eq!(
                store.finish_snapshot(written).expect("a snapshot").level,
                Level::Power
            );
            assert_eq!(
                image(&bench).expect("an image").len() as u64,
                newest,
                "an older cut replaces no newer one"
            );
        }
        let expected = dump(&store);
        drop(store);
        assert_eq!(dump(&bench.open(&options)), expected, "{order:?}");
    }
}

#[test]
fn a_snapshot_lets_whole_segments_go_and_keeps_the_newest() {
    let bench = Bench::new();
    let options = Options::new("d").segment_bytes_max(256);
    let mut store = bench.open(&options);
    for number in 0..20_u8 {
        store.put(&[number], &[0; 40]).expect("a commit");
    }
    assert!(segments(&bench).len() > 3);
    store.snapshot().expect("a snapshot");
    assert_eq!(segments(&bench).len(), 1);
    store.put(b"later", b"").expect("a commit");
    assert_eq!(
        segments(&bench).len(),
        1,
        "the new segment replaced the last covered one"
    );
    let expected = dump(&store);
    drop(store);
    assert_eq!(dump(&bench.open(&options)), expected);
}

#[test]
fn removed_segments_that_come_back_do_no_harm() {
    let bench = Bench::new();
    let options = Options::new("d").segment_bytes_max(256);
    let mut store = bench.open(&options);
    for number in 0..12_u8 {
        store.put(&[number % 3], &[number; 40]).expect("a commit");
    }
    let kept: Vec<(String, Vec<u8>)> = segments(&bench)
        .into_iter()
        .map(|name| {
            (
                name.clone(),
                fs::read(bench.path("d").join(name)).expect("a segment"),
            )
        })
        .collect();
    store.snapshot().expect("a snapshot");
    store.delete(&[0]).expect("a commit");
    let expected = dump(&store);
    drop(store);
    let left: Vec<(String, Vec<u8>)> = bench
        .names("d")
        .into_iter()
        .map(|name| {
            (
                name.clone(),
                fs::read(bench.path("d").join(name)).expect("a file"),
            )
        })
        .collect();
    let removed: Vec<_> = kept
        .iter()
        .filter(|(name, _)| !left.iter().any(|(other, _)| other == name))
        .collect();
    assert!(removed.len() >= 3);
    for subset in 0..1_u32 << removed.len() {
        for len in [usize::MAX, 60, 20, 0] {
            let bench = Bench::new();
            fs::create_dir(bench.path("d")).expect("a directory");
            for (name, bytes) in &left {
                fs::write(bench.path("d").join(name), bytes).expect("a file");
            }
            for (index, (name, bytes)) in removed.iter().enumerate() {
                if subset & (1 << index) != 0 {
                    fs::write(bench.path("d").join(name), &bytes[..len.min(bytes.len())])
                        .expect("a file");
                }
            }
            assert_eq!(
                dump(&bench.open(&options)),
                expected,
                "subset {subset:b} cut to {len}"
            );
        }
    }
}

#[test]
fn lives_that_die_young_do_not_pile_up_segments() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    store.put(b"k", b"v").expect("a commit");
    drop(store);
    for _ in 0..10 {
        let store = bench.open(&options);
        assert_eq!(store.get(b"k").expect("a read"), Some(&b"v"[..]));
        drop(store);
        assert_eq!(segments(&bench).len(), 1);
    }
    let store = bench.open(&options);
    store.close().expect("a clean close");
    let left = segments(&bench);
    bench.fs.take_syncs();
    drop(bench.open(&options));
    assert_eq!(segments(&bench), left);
    assert!(
        bench.fs.take_syncs().is_empty(),
        "after a clean close there is nothing to make durable"
    );
}

#[test]
fn a_failed_snapshot_leaves_the_store_serving_and_the_old_image_in_place() {
    for when in [When::Before, When::Partly, When::After] {
        for number in 0.. {
            let bench = Bench::new();
            let options = Options::new("d");
            let mut store = bench.open(&options);
            store.put(b"k", b"old").expect("a commit");
            store.snapshot().expect("a snapshot");
            let old = dump(&store);
            store.put(b"k", b"new").expect("a commit");
            let new = dump(&store);
            bench.fs.fail_at(number, when);
            let result = store.snapshot();
            if !bench.fs.heal() {
                break;
            }
            let found = image(&bench).expect("an image");
            assert!(found == old || found == new, "operation {number} {when:?}");
            assert!(result.is_err() || found == new);
            assert!(!store.is_poisoned());
            assert_eq!(
                store.put(b"k", b"newer").expect("a commit").level,
                Level::Power
            );
            drop(store);
            let mut store = bench.open(&options);
            assert_eq!(store.get(b"k").expect("a read"), Some(&b"newer"[..]));
            assert!(bench.names("d").iter().all(|name| !name.ends_with(".tmp")));
            store.snapshot().expect("the next one succeeds");
            assert_eq!(image(&bench), Some(dump(&store)));
        }
    }
}

#[test]
fn an_older_job_never_replaces_an_image_whose_promotion_is_in_doubt() {
    let bench = Bench::new();
    let options = Options::new("d").log_mode(LogMode::Never);
    let mut store = bench.open(&options);
    store.put(b"a", b"").expect("a commit");
    let older = store.begin_snapshot().expect("a cut");
    store.put(b"b", b"").expect("a commit");
    let newer = store.begin_snapshot().expect("a cut");
    let [older, newer] = [older, newer].map(|job| job.write().expect("there is room"));
    // The sync of the directory, the last operation, fails: the image has its name, and may lose it.
    bench.fs.take_syncs();
    let number = (0..)
        .find(|&number| {
            let probe = Bench::new();
            let mut store = probe.open(&options);
            store.put(b"a", b"").expect("a commit");
            let job = store.begin_snapshot().expect("a cut");
            let written = job.write().expect("there is room");
            probe.fs.fail_at(number, When::Before);
            store.finish_snapshot(written).is_err() && image(&probe).is_some()
        })
        .expect("the sync of the directory is one of the operations");
    bench.fs.fail_at(number, When::Before);
    store
        .finish_snapshot(newer)
        .expect_err("the directory was not synced");
    assert!(bench.fs.heal());
    assert_eq!(
        store.finish_snapshot(older).expect("a snapshot").level,
        Level::Power
    );
    assert_eq!(image(&bench), Some(dump(&store)));
}

#[test]
fn a_job_is_finished_only_by_the_store_that_began_it() {
    let bench = Bench::new();
    let mut first = bench.open(&Options::new("first"));
    let mut second = bench.open(&Options::new("second"));
    let job = first.begin_snapshot().expect("a cut");
    let written = job.write().expect("there is room");
    let error = second.finish_snapshot(written).expect_err("not its own");
    assert!(matches!(error, StoreError::ForeignJob));
    let temporaries = |dir| bench.names(dir).iter().any(|name| name.ends_with(".tmp"));
    assert!(!temporaries("first"), "it is dropped");
}

#[test]
fn commits_go_on_while_a_cut_is_written_on_another_thread() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    store.put(b"k", b"before").expect("a commit");
    let cut = dump(&store);
    let job = store.begin_snapshot().expect("a cut");
    let (done, is_done) = std::sync::mpsc::channel();
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            // Not before the commit: it waits for nothing that this does.
            is_done.recv().expect("it is told");
            job.write()
        });
        store.put(b"k", b"after").expect("a commit");
        done.send(()).expect("it waits");
        writer.join().expect("no panic").expect("there is room")
    });
    assert_eq!(image(&bench), None, "nothing is in place yet");
    store.put(b"k", b"later").expect("a commit");
    store.finish_snapshot(written).expect("a snapshot");
    assert_eq!(image(&bench), Some(cut));
    drop(store);
    assert_eq!(
        bench.open(&options).get(b"k").expect("a read"),
        Some(&b"later"[..])
    );
}

#[test]
fn what_was_written_and_is_not_wanted_is_removed() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("d"));
    store.put(b"k", b"1").expect("a commit");
    store.snapshot().expect("a snapshot");
    let before = bench.names("d");
    let job = store.begin_snapshot().expect("a cut");
    let written = job.write().expect("there is room");
    assert_eq!(bench.names("d").len(), before.len() + 1);
    drop(written);
    assert_eq!(bench.names("d"), before);
    // One that is older than the snapshot in place.
    let job = store.begin_snapshot().expect("a cut");
    let written = job.write().expect("there is room");
    store.put(b"k", b"2").expect("a commit");
    store.snapshot().expect("a snapshot");
    store.finish_snapshot(written).expect("it is covered");
    assert!(bench.names("d").iter().all(|name| !name.ends_with(".tmp")));
    assert_eq!(image(&bench), Some(dump(&store)));
}

#[test]
fn a_job_that_is_left_keeps_the_next_life_out() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    store.put(b"k", b"1").expect("a commit");
    let job = store.begin_snapshot().expect("a cut");
    store.close().expect("a clean close");
    let error = bench.try_open(&options).expect_err("the job may write");
    assert!(matches!(error, StoreError::Locked { .. }), "{error}");
    drop(job.write().expect("there is room"));
    let store = bench.open(&options);
    assert_eq!(store.get(b"k").expect("a read"), Some(&b"1"[..]));
    assert!(bench.names("d").iter().all(|name| !name.ends_with(".tmp")));
}

#[test]
fn interval_snapshots_are_taken_by_tick_when_something_changed() {
    let bench = Bench::new();
    let minute = Duration::from_secs(60);
    let options = Options::new("d")
        .log_mode(LogMode::Never)
        .snapshot_policy(SnapshotPolicy::Interval(minute));
    let mut store = bench.open(&options);
    store.put(b"a", b"").expect("a commit");
    assert_eq!(store.tick().expect("a tick").level, Level::Memory);
    assert_eq!(store.next_deadline(), Some(minute));
    bench.clock.advance(minute);
    assert_eq!(store.tick().expect("a tick").level, Level::Power);
    assert_eq!(image(&bench), Some(dump(&store)));
    bench.clock.advance(minute);
    bench.fs.take_syncs();
    assert_eq!(store.tick().expect("a tick").level, Level::Power);
    assert!(
        bench.fs.take_syncs().is_empty(),
        "nothing changed, nothing is written"
    );
}

#[test]
fn a_deleted_key_stays_deleted_when_an_older_segment_still_has_it() {
    let bench = Bench::new();
    let options = Options::new("d");
    let mut store = bench.open(&options);
    store.put(b"k", b"v").expect("a commit");
    store.delete(b"k").expect("a commit");
    store.snapshot().expect("a snapshot");
    for _ in 0..3 {
        drop(store);
        store = bench.open(&options);
        assert!(store.is_empty().expect("a read"));
        store.put(b"other", b"").expect("a commit");
        store.delete(b"other").expect("a commit");
        store.snapshot().expect("a snapshot");
    }
}
