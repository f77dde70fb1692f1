//! Commits that share a sync, handed in one by one or by many threads.

use plimsoll_reference::level::Level;
use plimsoll_reference::native::{
    KEY_BYTES_MAX, LogMode, Mutation, Options, Outcome, Shared, StoreError,
};

use crate::support::{Bench, When, dump};

fn put(key: &[u8], value: &[u8]) -> Mutation {
    Mutation::Put {
        key: key.to_vec(),
        value: value.to_vec(),
    }
}

#[test]
fn a_group_costs_one_sync() {
    let bench = Bench::new();
    let options = Options::new("data");
    let mut store = bench.open(&options);
    store.put(b"first", b"").expect("the disk is sound");
    bench.fs.take_syncs();
    let puts: Vec<Mutation> = (0..32).map(|number| put(&[number], b"value")).collect();
    let commits: Vec<&[Mutation]> = puts.chunks(1).collect();
    for result in store.group(&commits) {
        assert_eq!(result.expect("the disk is sound").level, Level::Power);
    }
    assert_eq!(bench.fs.take_syncs().len(), 1);
    assert_eq!((store.sequence(), store.len().expect("a read")), (33, 33));
    let held = dump(&store);
    drop(store);
    assert_eq!(dump(&bench.open(&options)), held);
}

#[test]
fn a_commit_that_is_refused_does_not_keep_the_others_back() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("data"));
    let large = [put(&vec![0; KEY_BYTES_MAX as usize + 1], b"")];
    let (small, none) = ([put(b"a", b"1")], []);
    let results = store.group(&[&small, &large, &none, &small]);
    let outcomes: Vec<_> = results
        .iter()
        .map(|result| result.as_ref().map_err(StoreError::outcome).is_ok())
        .collect();
    assert_eq!(outcomes, [true, false, true, true]);
    assert!(matches!(results[1], Err(StoreError::TooLarge { .. })));
    assert_eq!(store.sequence(), 2, "an empty one is no commit");
}

#[test]
fn when_the_log_fails_every_outcome_is_unknown_and_nothing_is_shown() {
    for number in 0..2 {
        let bench = Bench::new();
        let mut store = bench.open(&Options::new("data"));
        store.put(b"a", b"1").expect("the disk is sound");
        bench.fs.fail_at(number, When::Before);
        let puts = [put(b"a", b"2"), put(b"b", b"1")];
        let commits: Vec<&[Mutation]> = puts.chunks(1).collect();
        for result in store.group(&commits) {
            let error = result.expect_err("the log failed");
            assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
        }
        assert!(bench.fs.heal(), "operation {number} failed");
        assert!(store.is_poisoned());
        assert_eq!(
            (
                store.get(b"a").expect("a read"),
                store.len().expect("a read")
            ),
            (Some(&b"1"[..]), 1)
        );
        for result in store.group(&commits) {
            let error = result.expect_err("the store is poisoned");
            assert_eq!(error.outcome(), Outcome::Absent, "{error}");
        }
    }
}

#[test]
fn without_a_log_at_commit_a_group_is_its_commits() {
    let bench = Bench::new();
    let mut store = bench.open(&Options::new("data").log_mode(LogMode::Never));
    let puts = [put(b"a", b"1"), put(b"b", b"1")];
    let commits: Vec<&[Mutation]> = puts.chunks(1).collect();
    for result in store.group(&commits) {
        assert_eq!(result.expect("it is memory").level, Level::Memory);
    }
    assert_eq!(store.sequence(), 2);
}

#[test]
fn what_threads_commit_is_there_in_the_order_of_each() {
    const THREADS: u8 = 8;
    const COMMITS: u8 = 50;
    let bench = Bench::new();
    let options = Options::new("data");
    let shared = Shared::new(bench.open(&options));
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let shared = &shared;
            scope.spawn(move || {
                for number in 0..COMMITS {
                    let commit = vec![put(&[thread], &[number]), put(&[thread, number], b"")];
                    let ack = shared.commit(commit).expect("the disk is sound");
                    assert_eq!(ack.level, Level::Power);
                    let seen = shared.with(|store| {
                        let value = store.get(&[thread]).expect("a read");
                        value.map(<[u8]>::to_vec)
                    });
                    assert_eq!(seen, Some(vec![number]), "a writer reads its own commits");
                }
            });
        }
    });
    let store = shared.into_inner();
    let total = u64::from(THREADS) * u64::from(COMMITS);
    assert_eq!(store.sequence(), total);
    assert_eq!(
        store.len().expect("a read"),
        usize::from(THREADS) * (usize::from(COMMITS) + 1)
    );
    let held = dump(&store);
    drop(store);
    assert_eq!(dump(&bench.open(&options)), held);
}

#[test]
fn threads_all_learn_that_the_log_has_failed() {
    let bench = Bench::new();
    let shared = Shared::new(bench.open(&Options::new("data")));
    shared
        .commit(vec![put(b"a", b"1")])
        .expect("the disk is sound");
    bench.fs.fail_at(0, When::Before);
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let shared = &shared;
            scope.spawn(move || {
                let result = shared.commit(vec![put(&[thread], b"")]);
                result.expect_err("the log has failed");
            });
        }
    });
    assert!(shared.with(|store| store.is_poisoned()));
    assert_eq!(shared.with(|store| store.len().expect("a read")), 1);
}
