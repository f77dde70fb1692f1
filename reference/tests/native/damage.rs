//! What recovery makes of files that were cut, zeroed or flipped.
//!
//! A torn tail is dropped without a word; damage to what is known to have been durable is reported; nothing is ever invented.

use std::fs;
use std::path::Path;

use plimsoll_reference::level::Level;
use plimsoll_reference::native::{Compression, Options, Store, StoreError, SyncPolicy};

use crate::support::{Bench, Map, dump};

const COMMITS: u64 = 6;
const SEGMENT: &str = "d/0000000001.log";
const IMAGE: &str = "d/snapshot.plim";

fn key(number: u64) -> Vec<u8> {
    format!("key{number}").into_bytes()
}

fn state(commits: u64) -> Map {
    (1..=commits)
        .map(|number| (key(number), vec![number as u8; 20]))
        .collect()
}

fn commit(store: &mut Store, number: u64) {
    let ack = store.put(&key(number), &[number as u8; 20]);
    ack.expect("the commit succeeds");
}

/// A store of [`COMMITS`] commits, killed; and where each of its frames ends.
fn killed(options: &Options) -> (Bench, Vec<usize>) {
    let bench = Bench::new();
    let mut store = bench.open(options);
    let mut ends = Vec::new();
    for number in 1..=COMMITS {
        commit(&mut store, number);
        ends.push(fs::read(bench.path(SEGMENT)).expect("a segment").len());
    }
    drop(store);
    (bench, ends)
}

/// Opens the store on a directory in which only `file` has the content given.
fn open_with(options: &Options, file: &str, bytes: &[u8]) -> (Bench, Result<Store, StoreError>) {
    let bench = Bench::new();
    fs::create_dir(bench.path("d")).expect("a directory");
    fs::write(bench.path(file), bytes).expect("a file");
    let store = bench.try_open(options);
    (bench, store)
}

fn check_prefix(store: &Store) -> u64 {
    let sequence = store.sequence();
    assert!(sequence <= COMMITS);
    assert_eq!(dump(store), state(sequence));
    sequence
}

pub(crate) fn is_typed(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Corrupted { .. }
            | StoreError::ForeignFile { .. }
            | StoreError::NewerVersion { .. }
            | StoreError::Missing { .. }
    )
}

/// Every way to damage one byte: each bit flipped, all zeroed, all set.
fn damages(byte: u8) -> impl Iterator<Item = u8> {
    (0..8)
        .map(move |bit| byte ^ (1 << bit))
        .chain([0, 0xff])
        .filter(move |&damaged| damaged != byte)
}

#[test]
fn a_log_cut_at_every_offset_recovers_the_commits_before_the_cut() {
    let options = Options::new("d");
    let (bench, ends) = killed(&options);
    let bytes = fs::read(bench.path(SEGMENT)).expect("a segment");
    for len in 0..=bytes.len() {
        let (_bench, store) = open_with(&options, SEGMENT, &bytes[..len]);
        let whole = ends.iter().filter(|&&end| end <= len).count() as u64;
        match store {
            Ok(store) => assert_eq!(check_prefix(&store), whole, "cut to {len}"),
            // The header and the first commit were durable before the file got its name.
            Err(e) => assert!(whole == 0 && is_typed(&e), "cut to {len}: {e}"),
        }
    }
}

#[test]
fn a_torn_tail_does_not_poison_later_commits() {
    let options = Options::new("d");
    let (bench, ends) = killed(&options);
    let bytes = fs::read(bench.path(SEGMENT)).expect("a segment");
    let middle_of_the_last = (ends[4] + ends[5]) / 2;
    fs::write(bench.path(SEGMENT), &bytes[..middle_of_the_last]).expect("a file");
    let mut store = bench.open(&options);
    assert_eq!(check_prefix(&store), COMMITS - 1);
    for number in COMMITS..COMMITS + 5 {
        commit(&mut store, number);
    }
    drop(store);
    let store = bench.open(&options);
    assert_eq!(dump(&store), state(COMMITS + 4));
}

#[test]
fn every_damaged_byte_of_a_killed_log_is_reported_or_in_its_last_commit() {
    let options = Options::new("d");
    let (bench, ends) = killed(&options);
    let intact = fs::read(bench.path(SEGMENT)).expect("a segment");
    let last = ends[ends.len() - 2];
    for at in 0..intact.len() {
        for damaged in damages(intact[at]) {
            let mut bytes = intact.clone();
            bytes[at] = damaged;
            match open_with(&options, SEGMENT, &bytes).1 {
                Ok(store) => {
                    assert!(at >= last, "damage at {at} went unseen");
                    assert_eq!(check_prefix(&store), COMMITS - 1);
                }
                Err(e) => assert!(at < last && is_typed(&e), "damage at {at}: {e}"),
            }
        }
    }
}

#[test]
fn every_damaged_byte_of_a_closed_log_is_reported() {
    let options = Options::new("d");
    let bench = Bench::new();
    let mut store = bench.open(&options);
    for number in 1..=COMMITS {
        commit(&mut store, number);
    }
    let unmarked = fs::read(bench.path(SEGMENT)).expect("a segment").len();
    store.close().expect("a clean close");
    let intact = fs::read(bench.path(SEGMENT)).expect("a segment");
    assert!(intact.len() > unmarked, "the close left its mark");
    for at in 0..unmarked {
        for damaged in damages(intact[at]) {
            let mut bytes = intact.clone();
            bytes[at] = damaged;
            let error = open_with(&options, SEGMENT, &bytes)
                .1
                .expect_err("the damage is seen");
            assert!(is_typed(&error), "damage at {at}: {error}");
        }
    }
}

#[test]
fn zeroed_stretches_of_a_log_never_invent_or_reorder() {
    let options = Options::new("d");
    let (bench, ends) = killed(&options);
    let intact = fs::read(bench.path(SEGMENT)).expect("a segment");
    let last = ends[ends.len() - 2];
    for from in (0..intact.len()).step_by(3) {
        for to in (from + 1..=intact.len()).step_by(5) {
            let mut bytes = intact.clone();
            bytes[from..to].fill(0);
            if bytes == intact {
                continue;
            }
            match open_with(&options, SEGMENT, &bytes).1 {
                // Without a later commit nothing proves that the zeroed ones were durable, but the first was, for its name is.
                Ok(store) => assert!(check_prefix(&store) >= 1 && to > last),
                Err(e) => assert!(is_typed(&e), "{e}"),
            }
        }
    }
}

#[test]
fn frames_written_since_the_last_sync_are_a_torn_tail() {
    let options = Options::new("d").sync_policy(SyncPolicy::Never);
    let (bench, ends) = killed(&options);
    let mut bytes = fs::read(bench.path(SEGMENT)).expect("a segment");
    // The third commit's page never reached the disk; the fourth's and later ones' did.
    bytes[ends[1]..ends[2]].fill(0);
    fs::write(bench.path(SEGMENT), &bytes).expect("a file");
    let mut store = bench.open(&options);
    assert_eq!(check_prefix(&store), 2);
    for number in 3..=COMMITS {
        commit(&mut store, number);
    }
    drop(store);
    assert_eq!(
        check_prefix(&bench.open(&options)),
        COMMITS,
        "what came after the hole stays gone"
    );
}

#[test]
fn damage_before_a_synced_frame_is_an_error_that_says_where() {
    let options = Options::new("d").sync_policy(SyncPolicy::Never);
    let bench = Bench::new();
    let mut store = bench.open(&options);
    let mut ends = Vec::new();
    for number in 1..=COMMITS {
        commit(&mut store, number);
        ends.push(fs::read(bench.path(SEGMENT)).expect("a segment").len());
        if number == 4 {
            assert_eq!(store.sync().expect("a sync").level, Level::Power);
        }
    }
    drop(store);
    let intact = fs::read(bench.path(SEGMENT)).expect("a segment");
    for (damaged, is_reported) in [(1, true), (3, true), (4, false), (5, false)] {
        let mut bytes = intact.clone();
        bytes[ends[damaged] - 1] ^= 1;
        match open_with(&options, SEGMENT, &bytes).1 {
            Ok(store) => assert!(!is_reported && check_prefix(&store) == damaged as u64),
            Err(StoreError::Corrupted { path, offset, .. }) => {
                assert!(is_reported && path == Path::new(SEGMENT));
                assert_eq!(offset, ends[damaged - 1] as u64);
            }
            Err(e) => panic!("{e}"),
        }
    }
}

#[test]
fn damage_to_a_segment_that_a_newer_one_follows_is_reported() {
    let options = Options::new("d").segment_bytes_max(256);
    let bench = Bench::new();
    let mut store = bench.open(&options);
    for number in 1..=COMMITS {
        commit(&mut store, number);
    }
    drop(store);
    let segments: Vec<String> = bench
        .names("d")
        .into_iter()
        .filter(|name| name.ends_with(".log"))
        .collect();
    assert!(segments.len() >= 2);
    let intact = fs::read(bench.path(SEGMENT)).expect("a segment");
    for at in 0..intact.len() {
        let mut bytes = intact.clone();
        bytes[at] ^= 0x10;
        fs::write(bench.path(SEGMENT), &bytes).expect("a file");
        assert!(is_typed(
            &bench.try_open(&options).expect_err("the damage is seen")
        ));
    }
    for len in 0..intact.len() {
        fs::write(bench.path(SEGMENT), &intact[..len]).expect("a file");
        assert!(is_typed(
            &bench.try_open(&options).expect_err("the cut is seen")
        ));
    }
}

#[test]
fn a_lost_segment_is_missed() {
    let options = Options::new("d").segment_bytes_max(256);
    for lost in ["0000000001.log", "0000000002.log"] {
        let bench = Bench::new();
        let mut store = bench.open(&options);
        for number in 1..=12 {
            commit(&mut store, number);
        }
        drop(store);
        assert!(bench.path("d/0000000003.log").exists());
        fs::remove_file(bench.path("d").join(lost)).expect("a segment");
        let error = bench.try_open(&options).expect_err("commits are missing");
        assert!(matches!(error, StoreError::Missing { .. }), "{error}");
    }
}

#[test]
fn every_damaged_byte_and_every_cut_of_a_snapshot_is_reported() {
    for compression in [Compression::None, Compression::Lz4] {
        let options = Options::new("d").compression(compression);
        let bench = Bench::new();
        let mut store = bench.open(&options);
        for number in 1..=COMMITS {
            commit(&mut store, number);
        }
        store.snapshot().expect("a snapshot");
        drop(store);
        let intact = fs::read(bench.path(IMAGE)).expect("a snapshot");
        let check = |bytes: &[u8], what: &str, at: usize| {
            let error = open_with(&options, IMAGE, bytes)
                .1
                .expect_err("the damage is seen");
            assert!(is_typed(&error), "{what} {at}: {error}");
        };
        for at in 0..intact.len() {
            for damaged in damages(intact[at]) {
                let mut bytes = intact.clone();
                bytes[at] = damaged;
                check(&bytes, "damage at", at);
            }
            check(&intact[..at], "cut to", at);
            let mut bytes = intact.clone();
            bytes[at..].fill(0);
            if bytes != intact {
                check(&bytes, "zeroed from", at);
            }
        }
        let mut longer = intact.clone();
        longer.push(0);
        check(&longer, "extended to", longer.len());
    }
}

#[test]
fn files_of_random_bytes_behind_a_right_magic_never_panic() {
    // A small generator of its own, so that the bytes are the same in every run.
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as u8
    };
    for (file, magic) in [(SEGMENT, b"\xffPLIMlog"), (IMAGE, b"\xffPLIMimg")] {
        for len in 0..200 {
            let mut bytes = magic.to_vec();
            bytes.extend([1, 0, 0, 0]);
            bytes.extend((0..len).map(|_| next()));
            let error = open_with(&Options::new("d"), file, &bytes)
                .1
                .expect_err("no such file was written");
            assert!(is_typed(&error), "{error}");
        }
    }
}
