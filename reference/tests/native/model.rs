//! Random commands against a map in memory, over random changes of mode between lives of the store.

use std::path::PathBuf;
use std::time::Duration;

use plimsoll_reference::level::Level;
use plimsoll_reference::native::{
    Compression, LogMode, Mutation, Options, SnapshotJob, SnapshotPolicy, Store, StoreError,
    SyncPolicy, WrittenSnapshot, restore_snapshot,
};
use proptest::prelude::*;

use crate::support::{Bench, Map, dump};

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Mutation>),
    Snapshot,
    Begin,
    Write(prop::sample::Index),
    Finish(prop::sample::Index),
    Sync,
    Checkpoint,
    Compact,
    CompactTo(u8),
    Export(u8),
    Restore(u8),
    /// Of the closed store.
    RestoreClosed(u8),
    Tick,
    Advance(u64),
    Close(Mode),
    Kill(Mode),
}

#[derive(Clone, Copy, Debug)]
struct Mode {
    log: LogMode,
    sync: SyncPolicy,
    snapshot: SnapshotPolicy,
    compression: Compression,
}

fn mode() -> impl Strategy<Value = Mode> {
    let log = prop_oneof![
        1 => Just(LogMode::Never),
        3 => Just(LogMode::OnCommit),
        1 => (1_usize..4, 1_usize..200).prop_map(|(queue_commits_max, queue_bytes_max)| {
            LogMode::AsyncAfterCommit {
                queue_commits_max,
                queue_bytes_max,
            }
        }),
    ];
    let second = Duration::from_secs(1);
    let sync = prop_oneof![
        Just(SyncPolicy::Never),
        Just(SyncPolicy::EveryAppend),
        Just(SyncPolicy::Interval(second)),
    ];
    let snapshot = prop_oneof![
        Just(SnapshotPolicy::Never),
        Just(SnapshotPolicy::Interval(second))
    ];
    let compression = prop_oneof![Just(Compression::None), Just(Compression::Lz4)];
    (log, sync, snapshot, compression).prop_map(|(log, sync, snapshot, compression)| Mode {
        log,
        sync,
        snapshot,
        compression,
    })
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let key = || prop::collection::vec(b'a'..=b'd', 0..3);
    prop_oneof![
        3 => (key(), prop::collection::vec(any::<u8>(), 0..80)).prop_map(|(key, value)| Mutation::Put { key, value }),
        1 => key().prop_map(|key| Mutation::Delete { key }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => prop::collection::vec(mutation(), 0..4).prop_map(Step::Batch),
        1 => Just(Step::Snapshot),
        1 => Just(Step::Begin),
        1 => any::<prop::sample::Index>().prop_map(Step::Write),
        1 => any::<prop::sample::Index>().prop_map(Step::Finish),
        1 => Just(Step::Sync),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Compact),
        1 => (0_u8..2).prop_map(Step::CompactTo),
        1 => (0_u8..2).prop_map(Step::Export),
        1 => (0_u8..2).prop_map(Step::Restore),
        1 => (0_u8..2).prop_map(Step::RestoreClosed),
        1 => Just(Step::Tick),
        1 => (0_u64..2_000).prop_map(Step::Advance),
        1 => mode().prop_map(Step::Close),
        2 => mode().prop_map(Step::Kill),
    ]
}

/// The state after every commit, and the least commit that a kill must leave.
struct Model {
    states: Vec<Map>,
    floor: u64,
    copies: [Option<Map>; 2],
}

impl Model {
    fn last(&self) -> u64 {
        self.states.len() as u64 - 1
    }

    fn commit(&mut self, mutations: &[Mutation]) {
        let mut state = self.states.last().expect("the empty state").clone();
        for mutation in mutations {
            mutation.apply_to(&mut state);
        }
        self.states.push(state);
    }

    /// A restore is a commit that replaces everything.
    fn restore(&mut self, copy: Map) {
        self.states.push(copy);
        self.floor = self.last();
    }

    fn check_reopened(&mut self, store: &Store) {
        let sequence = store.sequence();
        assert!(
            (self.floor..=self.last()).contains(&sequence),
            "recovered up to {sequence}, expected {} to {}",
            self.floor,
            self.last()
        );
        assert_eq!(
            dump(store),
            self.states[sequence as usize],
            "commit {sequence}"
        );
        self.states.truncate(sequence as usize + 1);
        self.floor = sequence;
    }
}

fn copy_path(place: u8) -> PathBuf {
    PathBuf::from(format!("copies/{place}"))
}

/// A snapshot on its way.
enum Cut {
    Begun(SnapshotJob),
    Written(WrittenSnapshot),
}

impl Cut {
    fn written(self) -> WrittenSnapshot {
        match self {
            Self::Begun(job) => job.write().expect("nothing fails"),
            Self::Written(written) => written,
        }
    }
}

struct Run {
    bench: Bench,
    dirs: bool,
    mode: Mode,
    model: Model,
    store: Option<Store>,
    cuts: Vec<Cut>,
}

impl Run {
    fn options(&self) -> Options {
        let options = Options::new("data")
            .log_mode(self.mode.log)
            .sync_policy(self.mode.sync)
            .snapshot_policy(self.mode.snapshot)
            .compression(self.mode.compression)
            .segment_bytes_max(256);
        if self.dirs {
            options.log_dir("wal/deep").snapshot_path("images/state")
        } else {
            options
        }
    }

    fn reopen(&mut self) {
        self.cuts.clear();
        let store = self.bench.open(&self.options());
        self.model.check_reopened(&store);
        self.store = Some(store);
    }

    fn step(&mut self, step: Step) {
        let store = self.store.as_mut().expect("open between steps");
        match step {
            Step::Batch(mutations) => {
                let ack = store.batch(&mutations).expect("nothing fails");
                if !mutations.is_empty() {
                    self.model.commit(&mutations);
                }
                if ack.level > Level::Memory {
                    self.model.floor = self.model.last();
                }
            }
            Step::Snapshot => {
                assert_eq!(store.snapshot().expect("nothing fails").level, Level::Power);
                self.model.floor = self.model.last();
            }
            Step::Begin => {
                let job = store.begin_snapshot().expect("nothing fails");
                self.cuts.push(Cut::Begun(job));
            }
            Step::Write(index) => {
                if !self.cuts.is_empty() {
                    let cut = self.cuts.swap_remove(index.index(self.cuts.len()));
                    self.cuts.push(Cut::Written(cut.written()));
                }
            }
            Step::Finish(index) => {
                if !self.cuts.is_empty() {
                    let cut = self.cuts.swap_remove(index.index(self.cuts.len()));
                    let written = cut.written();
                    self.model.floor = self.model.floor.max(written.covered());
                    assert_eq!(
                        store.finish_snapshot(written).expect("nothing fails").level,
                        Level::Power
                    );
                }
            }
            Step::Checkpoint | Step::Compact => {
                let ack = match step {
                    Step::Checkpoint => store.checkpoint(),
                    _ => store.compact_in_place(),
                };
                assert_eq!(ack.expect("nothing fails").level, Level::Power);
                self.model.floor = self.model.last();
            }
            Step::CompactTo(place) | Step::Export(place) => {
                let dest = copy_path(place);
                let ack = match step {
                    Step::Export(_) => store.export_snapshot(&dest),
                    _ => store.compact_to(&dest),
                };
                assert_eq!(ack.expect("nothing fails").level, Level::Power);
                self.model.copies[usize::from(place)] = self.model.states.last().cloned();
            }
            Step::Restore(place) => {
                let restored = store.restore(&copy_path(place));
                match self.model.copies[usize::from(place)].clone() {
                    Some(copy) => {
                        assert_eq!(restored.expect("nothing fails").level, Level::Power);
                        self.model.restore(copy);
                    }
                    None => assert!(matches!(restored, Err(StoreError::NoCopy { .. }))),
                }
            }
            Step::RestoreClosed(place) => {
                drop(self.store.take());
                // What a kill leaves is what is then replaced.
                self.reopen();
                drop(self.store.take());
                let options = self.options();
                let restored = restore_snapshot(&self.bench.host, &copy_path(place), &options);
                if let Some(copy) = self.model.copies[usize::from(place)].clone() {
                    restored.expect("nothing fails");
                    self.model.restore(copy);
                }
                self.reopen();
            }
            Step::Sync | Step::Tick => {
                let ack = match step {
                    Step::Sync => store.sync(),
                    _ => store.tick(),
                };
                if ack.expect("nothing fails").level > Level::Memory {
                    self.model.floor = self.model.last();
                }
            }
            Step::Advance(ms) => self.bench.clock.advance(Duration::from_millis(ms)),
            Step::Close(mode) => {
                let store = self.store.take().expect("open between steps");
                if store.close().expect("nothing fails").level == Level::Power {
                    self.model.floor = self.model.last();
                } else {
                    assert_eq!(
                        self.mode.log,
                        LogMode::Never,
                        "a log keeps everything over a clean close"
                    );
                }
                self.mode = mode;
                self.reopen();
            }
            Step::Kill(mode) => {
                drop(self.store.take());
                self.mode = mode;
                self.reopen();
            }
        }
        let store = self.store.as_ref().expect("open between steps");
        assert_eq!(store.sequence(), self.model.last());
        assert_eq!(&dump(store), self.model.states.last().expect("a state"));
    }
}

proptest! {
    #[test]
    fn every_life_starts_with_a_prefix_that_its_acknowledgements_allow(
        first in mode(),
        dirs in any::<bool>(),
        steps in prop::collection::vec(step(), 1..40),
    ) {
        let model = Model { states: vec![Map::new()], floor: 0, copies: [None, None] };
        let mut run = Run { bench: Bench::new(), dirs, mode: first, model, store: None, cuts: Vec::new() };
        run.reopen();
        for step in steps {
            run.step(step);
        }
    }
}
