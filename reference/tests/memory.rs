//! How much memory maintenance takes, in a process of its own: this is the only test in it.

use std::path::{Path, PathBuf};

use plimsoll_reference::host::Host;
use plimsoll_reference::native::{self, SyncPolicy};
use plimsoll_reference::{native::Mutation, sqlite};

/// Pairs in a store, and bytes in a value.
const PAIRS: u32 = 2_500;
const VALUE: usize = 8_000;

/// What the pairs hold.
const DATA: u64 = PAIRS as u64 * (VALUE as u64 + 4);

/// A field of `/proc/self/status`, in bytes.
fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").expect("Linux has it");
    let line = text.lines().find(|line| line.starts_with(field));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: u64 = number
        .and_then(|text| text.parse().ok())
        .expect("it has the field");
    kib << 10
}

/// Holds the peak of memory, since the process began, to what was there then and a part of the data.
struct Meter {
    empty: u64,
}

impl Meter {
    #[track_caller]
    fn check(&self, what: &str, hundredths: u64) {
        let taken = status("VmHWM:").saturating_sub(self.empty);
        assert!(
            taken < DATA / 100 * hundredths,
            "{what}: {taken} bytes for {DATA} of data"
        );
    }
}

/// Pairs that differ from those of another round in each value.
fn pairs(round: u8) -> impl Iterator<Item = Vec<Mutation>> {
    (0..PAIRS).map(move |number| {
        vec![Mutation::Put {
            key: number.to_be_bytes().to_vec(),
            value: vec![round; VALUE],
        }]
    })
}

fn native_engine(dir: &Path, meter: &Meter) {
    let host = Host::real();
    let copy = dir.join("copy");
    let options = native::Options::new(dir.join("native"))
        .sync_policy(SyncPolicy::Never)
        .segment_bytes_max(1 << 20);
    let mut store = native::Store::open(&host, &options).expect("it opens");
    let fill = |store: &mut native::Store, round| {
        for pair in pairs(round) {
            store.batch(&pair).expect("a commit");
        }
    };
    fill(&mut store, 1);
    meter.check("a full store", 140);
    store.export_snapshot(&copy).expect("a copy");
    meter.check("export_snapshot", 140);
    fill(&mut store, 2);
    meter.check("another round", 140);
    store.compact_to(&dir.join("compact")).expect("a copy");
    meter.check("compact_to", 140);
    store.checkpoint().expect("a checkpoint");
    meter.check("checkpoint", 140);
    store.compact_in_place().expect("a compaction");
    meter.check("compact_in_place", 140);
    fill(&mut store, 3);
    store.restore(&copy).expect("a restore");
    meter.check("restore", 150);
    assert_eq!(
        store.get(&0_u32.to_be_bytes()).expect("a read"),
        Some(&[1; VALUE][..])
    );
    store.close().expect("a clean close");
    native::restore_snapshot(&host, &copy, &options).expect("a restore");
    meter.check("restore_snapshot", 150);
}

fn sqlite_engine(path: PathBuf, dir: &Path, meter: &Meter, options: sqlite::Options) {
    let copy = path.with_extension("copy");
    let mut store = sqlite::Store::open(&Host::real(), &options).expect("it opens");
    let fill = |store: &mut sqlite::Store, round| {
        let mut batch = Vec::new();
        for pair in pairs(round) {
            batch.extend(pair);
            if batch.len() == 100 {
                store.batch(&batch).expect("a commit");
                batch.clear();
            }
        }
    };
    fill(&mut store, 1);
    store.export(&copy).expect("a copy");
    fill(&mut store, 2);
    store.snapshot().expect("a snapshot");
    let job = store.begin_snapshot().expect("a cut");
    let written = job.write().expect("there is room");
    store.finish_snapshot(written).expect("a snapshot");
    store.compact_to(&dir.join("compact.db")).expect("a copy");
    store.checkpoint().expect("a checkpoint");
    store.compact().expect("a compaction");
    store.restore(&copy).expect("a restore");
    store.close().expect("a clean close");
    meter.check("the engine on SQLite", 150);
}

#[test]
fn no_operation_needs_memory_for_two_states() {
    // In memory where that is possible, which is not memory of this process.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let dir = dir.expect("a directory");
    let dir = dir.path();
    let meter = Meter {
        empty: status("VmRSS:"),
    };
    native_engine(dir, &meter);
    for journal in [sqlite::Journal::Wal, sqlite::Journal::Rollback] {
        let path = dir.join(format!("{journal:?}.db"));
        let options = sqlite::Options::file(&path)
            .journal(journal)
            .snapshot_path(dir.join(format!("{journal:?}-snapshot.db")));
        sqlite_engine(path, dir, &meter, options);
    }
}
