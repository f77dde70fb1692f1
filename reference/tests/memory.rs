//! How much memory maintenance takes, in a process of its own: this is the only test in it.

use std::path::Path;

use plimsoll_reference::host::Host;
use plimsoll_reference::level::Ack;
use plimsoll_reference::native::{self, SyncPolicy};
use plimsoll_reference::{native::Mutation, sqlite};

/// Pairs in a store, and bytes in a value.
const PAIRS: u32 = 2_500;
const VALUE: usize = 8_000;

/// What the pairs hold.
const DATA: u64 = PAIRS as u64 * (VALUE as u64 + 4);

/// With a rollback journal a cut is a copy in memory (S21).
const CUT_IN_MEMORY: &str = "SQLite Rollback begin_snapshot to finish_snapshot";

/// A database in memory is the data itself, and there are more of it while it is rewritten (S22).
const IN_MEMORY: &str = "SQLite in memory";

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

/// The most memory that the process had during each operation, beyond what it had at the start.
struct Meter {
    empty: u64,
    /// What was measured, and the peak in hundredths of the data.
    peaks: Vec<(String, u64)>,
}

impl Meter {
    fn new() -> Self {
        Self {
            empty: status("VmRSS:"),
            peaks: Vec::new(),
        }
    }

    /// Does something and notes its peak.
    fn of<T>(&mut self, what: &str, work: impl FnOnce() -> T) -> T {
        // Resets the peak (proc(5)). Where that is refused it is the peak of all that came before, too, and the test only stricter.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let result = work();
        let taken = status("VmHWM:").saturating_sub(self.empty);
        self.peaks.push((what.to_owned(), taken * 100 / DATA));
        result
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

fn native_engine(dir: &Path, meter: &mut Meter) {
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
    meter.of("native put", || fill(&mut store, 1));
    meter
        .of("native export_snapshot", || store.export_snapshot(&copy))
        .expect("a copy");
    fill(&mut store, 2);
    meter
        .of("native compact_to", || store.compact_to(&dir.join("other")))
        .expect("a copy");
    meter
        .of("native checkpoint", || store.checkpoint())
        .expect("a checkpoint");
    meter
        .of("native compact_in_place", || store.compact_in_place())
        .expect("a compaction");
    fill(&mut store, 3);
    meter
        .of("native restore", || store.restore(&copy))
        .expect("a restore");
    let first = 0_u32.to_be_bytes();
    let value = store.get(&first).expect("a read");
    assert_eq!(value, Some(&[1; VALUE][..]));
    store.close().expect("a clean close");
    meter
        .of("native restore_snapshot", || {
            native::restore_snapshot(&host, &copy, &options)
        })
        .expect("a restore");
}

fn fill(store: &mut sqlite::Store, round: u8) {
    let mut batch = Vec::new();
    for pair in pairs(round) {
        batch.extend(pair);
        if batch.len() == 100 {
            store.batch(&batch).expect("a commit");
            batch.clear();
        }
    }
}

fn sqlite_engine(dir: &Path, meter: &mut Meter, journal: sqlite::Journal) {
    let place = |name: &str| dir.join(format!("{journal:?}-{name}"));
    let copy = place("copy");
    let options = sqlite::Options::file(place("db"))
        .journal(journal)
        .snapshot_path(place("snapshot"));
    let mut store = sqlite::Store::open(&Host::real(), &options).expect("it opens");
    let mut measure = |what: &str, work: &mut dyn FnMut() -> Result<Ack, sqlite::StoreError>| {
        let result = meter.of(&format!("SQLite {journal:?} {what}"), work);
        result.expect(what);
    };
    fill(&mut store, 1);
    measure("export", &mut || store.export(&copy));
    fill(&mut store, 2);
    measure("snapshot", &mut || store.snapshot());
    measure("compact_to", &mut || store.compact_to(&place("compact")));
    measure("checkpoint", &mut || store.checkpoint());
    measure("compact", &mut || store.compact());
    measure("restore", &mut || store.restore(&copy));
    // Last, as this may take the most, and what was freed need not have gone back to the system.
    measure("begin_snapshot to finish_snapshot", &mut || {
        let written = store.begin_snapshot()?.write()?;
        store.finish_snapshot(written)
    });
    store.close().expect("a clean close");
}

fn sqlite_in_memory(dir: &Path, meter: &mut Meter) {
    let copy = dir.join("memory-copy");
    let mut store =
        sqlite::Store::open(&Host::real(), &sqlite::Options::memory()).expect("it opens");
    let mut measure = |what: &str, work: &mut dyn FnMut() -> Result<Ack, sqlite::StoreError>| {
        let result = meter.of(&format!("{IN_MEMORY} {what}"), work);
        result.expect(what);
    };
    fill(&mut store, 1);
    measure("export", &mut || store.export(&copy));
    fill(&mut store, 2);
    measure("compact", &mut || store.compact());
    measure("restore", &mut || store.restore(&copy));
}

#[test]
fn no_operation_needs_memory_for_two_states() {
    // In memory where that is possible, which is not memory of this process.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let dir = dir.expect("a directory");
    let mut meter = Meter::new();
    // First what needs little: memory that was freed is still there for what comes next.
    for journal in [sqlite::Journal::Wal, sqlite::Journal::Rollback] {
        sqlite_engine(dir.path(), &mut meter, journal);
    }
    native_engine(dir.path(), &mut meter);
    sqlite_in_memory(dir.path(), &mut meter);
    for (what, peak) in &meter.peaks {
        let is_in_memory = what.starts_with(IN_MEMORY);
        let is_rewritten = is_in_memory && !what.ends_with("export");
        let is_streamed = what.starts_with("SQLite") && !is_in_memory && what != CUT_IN_MEMORY;
        let most = match (is_streamed, is_rewritten) {
            (true, _) => 50,
            (_, true) => 400,
            _ => 150,
        };
        assert!(
            *peak < most,
            "{what}, hundredths of the data: {:#?}",
            meter.peaks
        );
    }
    assert_eq!(meter.peaks.len(), 24);
}
