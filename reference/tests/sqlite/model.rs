//! Random commands against a map in memory, over random changes of mode between lives of the store.

use std::time::Duration;

use plimsoll_reference::level::Level;
use plimsoll_reference::sqlite::{Journal, Mutation, Options, SnapshotJob, Store, WrittenSnapshot};
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::{Bench, Map, dump};

const SNAPSHOT: &str = "snap/a.db";
const COPY: &str = "copies/a.db";

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Mutation>),
    Snapshot,
    Begin,
    Write(Index),
    Finish(Index),
    Export(bool),
    Restore,
    Checkpoint,
    Compact,
    Sync,
    Advance(u64),
    Close(Mode),
    Kill(Mode),
}

#[derive(Clone, Copy, Debug)]
struct Mode {
    threshold: Option<u64>,
    journal: Journal,
    checkpoint_pages: u32,
}

impl Mode {
    fn options(self) -> Options {
        let options = Options::file("data/a.db")
            .snapshot_path(SNAPSHOT)
            .keep(2)
            .journal(self.journal)
            .checkpoint_pages(self.checkpoint_pages);
        match self.threshold {
            Some(bytes) => options.memory_threshold(bytes),
            None => options,
        }
    }
}

fn mode() -> impl Strategy<Value = Mode> {
    let threshold = prop_oneof![
        2 => Just(None),
        2 => Just(Some(12 << 10)),
        1 => Just(Some(1 << 20)),
    ];
    let journal = prop_oneof![3 => Just(Journal::Wal), 1 => Just(Journal::Rollback)];
    (threshold, journal, 1_u32..20).prop_map(|(threshold, journal, checkpoint_pages)| Mode {
        threshold,
        journal,
        checkpoint_pages,
    })
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let key = || prop::collection::vec(b'a'..=b'd', 0..3);
    let value = (
        any::<u8>(),
        prop_oneof![4 => 0_usize..80, 1 => 3000_usize..9000],
    )
        .prop_map(|(byte, len)| vec![byte; len]);
    prop_oneof![
        3 => (key(), value).prop_map(|(key, value)| Mutation::Put { key, value }),
        1 => key().prop_map(|key| Mutation::Delete { key }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => prop::collection::vec(mutation(), 0..4).prop_map(Step::Batch),
        1 => Just(Step::Snapshot),
        1 => Just(Step::Begin),
        1 => any::<Index>().prop_map(Step::Write),
        1 => any::<Index>().prop_map(Step::Finish),
        1 => any::<bool>().prop_map(Step::Export),
        1 => Just(Step::Restore),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Compact),
        1 => Just(Step::Sync),
        1 => (0_u64..2_000).prop_map(Step::Advance),
        1 => mode().prop_map(Step::Close),
        2 => mode().prop_map(Step::Kill),
    ]
}

/// What the store holds, what it must hold after a kill, and what the copies hold.
#[derive(Default)]
struct Model {
    now: Map,
    kept: Map,
    snapshot: Option<Map>,
    copy: Option<Map>,
    /// What the snapshot in place covers, if this life has made it.
    covered: Option<u64>,
    cuts: Vec<Cut>,
}

impl Model {
    fn acked(&mut self, level: Level) {
        if level == Level::Power {
            self.kept.clone_from(&self.now);
        }
    }

    fn apply(&mut self, mutations: &[Mutation]) {
        for mutation in mutations {
            mutation.apply_to(&mut self.now);
        }
    }
}

/// A snapshot on its way, and what is in it.
enum Cut {
    Begun(SnapshotJob, Map),
    Written(WrittenSnapshot, Map),
}

impl Cut {
    fn written(self) -> (WrittenSnapshot, Map) {
        match self {
            Self::Begun(job, map) => (job.write().expect("nothing fails here"), map),
            Self::Written(written, map) => (written, map),
        }
    }
}

/// Finishes a snapshot. An older one than that in place changes nothing.
fn finish(store: &mut Store, model: &mut Model, cut: Cut) {
    let (written, map) = cut.written();
    let covered = written.covered();
    let ack = store.finish_snapshot(written).expect("nothing fails here");
    assert_eq!(ack.level, Level::Power);
    if model.covered.is_none_or(|newest| newest <= covered) {
        model.covered = Some(covered);
        if store.is_in_memory() {
            model.kept.clone_from(&map);
        }
        model.snapshot = Some(map);
    }
}

fn take(cuts: &mut Vec<Cut>, index: &Index) -> Option<Cut> {
    (!cuts.is_empty()).then(|| cuts.swap_remove(index.index(cuts.len())))
}

fn perform(bench: &Bench, store: &mut Store, model: &mut Model, step: &Step) {
    let ack = match step {
        Step::Begin => {
            let job = store.begin_snapshot().expect("nothing fails here");
            model.cuts.push(Cut::Begun(job, model.now.clone()));
            return;
        }
        Step::Write(index) => {
            if let Some(cut) = take(&mut model.cuts, index) {
                let (written, map) = cut.written();
                model.cuts.push(Cut::Written(written, map));
            }
            return;
        }
        Step::Finish(index) => {
            if let Some(cut) = take(&mut model.cuts, index) {
                finish(store, model, cut);
            }
            return;
        }
        Step::Batch(mutations) => {
            model.apply(mutations);
            store.batch(mutations)
        }
        Step::Snapshot => {
            let job = store.begin_snapshot().expect("nothing fails here");
            finish(store, model, Cut::Begun(job, model.now.clone()));
            store.snapshot()
        }
        Step::Export(is_compacted) => {
            model.copy = Some(model.now.clone());
            if *is_compacted {
                store.compact_to(COPY.as_ref())
            } else {
                store.export(COPY.as_ref())
            }
        }
        Step::Restore => match &model.copy {
            Some(copy) => {
                model.now.clone_from(copy);
                store.restore(COPY.as_ref())
            }
            None => return,
        },
        Step::Checkpoint => store.checkpoint(),
        Step::Compact => store.compact(),
        Step::Sync => store.sync(),
        Step::Advance(ms) => {
            bench.clock.advance(Duration::from_millis(*ms));
            store.tick()
        }
        Step::Close(_) | Step::Kill(_) => return,
    };
    model.acked(ack.expect("nothing fails here").level);
}

fn run(first: Mode, steps: &[Step]) {
    let bench = Bench::new();
    let mut store = bench.open(&first.options());
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Close(mode) => {
                // They keep the lock of the snapshot path.
                model.cuts.clear();
                let ack = store.close().expect("it closes");
                assert_eq!(ack.level, Level::Power);
                model.kept.clone_from(&model.now);
                store = reopen(&bench, &mut model, *mode);
            }
            Step::Kill(mode) => {
                model.cuts.clear();
                drop(store);
                model.now.clone_from(&model.kept);
                store = reopen(&bench, &mut model, *mode);
            }
            _ => perform(&bench, &mut store, &mut model, step),
        }
        assert_eq!(dump(&store), model.now, "{step:?}");
        assert_eq!(bench.read(SNAPSHOT), model.snapshot, "{step:?}");
        assert_eq!(bench.read(COPY), model.copy, "{step:?}");
        assert_eq!(store.take_warnings(), [], "{step:?}");
    }
}

/// Where there is a snapshot and no database, only a mode that starts in memory goes on.
fn reopen(bench: &Bench, model: &mut Model, mode: Mode) -> Store {
    let is_there = bench.path("data/a.db").exists();
    let mode = Mode {
        threshold: if is_there || model.snapshot.is_none() {
            mode.threshold
        } else {
            Some(12 << 10)
        },
        ..mode
    };
    if !is_there && let Some(snapshot) = &model.snapshot {
        assert_eq!(&model.now, snapshot, "only a snapshot has kept anything");
    }
    model.covered = None;
    bench.open(&mode.options())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn a_store_is_a_map(first in mode(), steps in prop::collection::vec(step(), 0..40)) {
        run(first, &steps);
    }
}
