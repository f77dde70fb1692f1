//! What the engine makes of a database, a write-ahead log or a rollback journal that was damaged.
//!
//! SQLite has checksums over the frames of a log and none over the pages of a database. So damage to a log leaves commits up to some
//! number; damage to a database or a rollback journal ends in an error with a type or in some answer. Never in a panic, nor in memory or
//! a file as large as a damaged length says.

use std::fs;

use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use plimsoll_reference::sqlite::{Options, StoreError, read_image};

use crate::support::{Bench, Map, dump};

const DATABASE: &str = "a.db";
const LOG: &str = "a.db-wal";
const JOURNAL: &str = "a.db-journal";

/// Bytes by which damage may let the memory of the process grow: SQLite's cache of a database, and some.
const GROWTH_MAX: u64 = 64 << 20;

/// Bytes by which damage may let the files grow: a log, and a copy of the database.
const FILES_MAX: u64 = 1 << 20;

/// The files of a store that was not closed.
struct Files(Vec<(&'static str, Vec<u8>)>);

impl Files {
    fn of(bench: &Bench) -> Self {
        let read = |name| Some((name, fs::read(bench.path(name)).ok()?));
        Self(
            [DATABASE, LOG, JOURNAL]
                .into_iter()
                .filter_map(read)
                .collect(),
        )
    }

    fn get(&self, name: &str) -> &[u8] {
        let found = self.0.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("there is no {name}")).1
    }

    /// A directory with these files, but for the content of one.
    fn with(&self, name: &str, bytes: &[u8]) -> Bench {
        let bench = Bench::new();
        for (known, content) in &self.0 {
            bench.write(known, if *known == name { bytes } else { content });
        }
        bench
    }
}

/// A database with some commits in it, and some more in its log; and what it held after each of these.
fn logged() -> (Files, Vec<Map>) {
    let bench = Bench::new();
    let mut store = bench.open(&Options::file(DATABASE));
    for number in 0..40_u8 {
        store.put(&[number], &[number; 300]).expect("a commit");
    }
    store.checkpoint().expect("a checkpoint");
    let mut states = vec![dump(&store)];
    for number in 0..4_u8 {
        store.put(&[number], &[0; 500]).expect("a commit");
        states.push(dump(&store));
    }
    drop(store);
    (Files::of(&bench), states)
}

/// A database that was closed.
fn closed() -> (Files, Map) {
    let (Files(files), _) = logged();
    let bench = Bench::new();
    for (name, bytes) in &files {
        bench.write(name, bytes);
    }
    let store = bench.open(&Options::file(DATABASE));
    let content = dump(&store);
    store.close().expect("it closes");
    let files = Files::of(&bench);
    assert_eq!(files.0.len(), 1, "nothing lies beside it");
    (files, content)
}

/// A database that died in the middle of a commit, with a journal that takes it back.
fn journalled() -> (Files, Map) {
    let (closed, before) = closed();
    let bench = closed.with(DATABASE, closed.get(DATABASE));
    let mount = Mount::new(bench.host.clone(), MountOptions::default()).expect("a mount");
    let other = mount.open(DATABASE).expect("a database");
    other
        .execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA cache_spill = 1;
             BEGIN IMMEDIATE; UPDATE pair SET value = zeroblob(400)",
        )
        .expect("it spills");
    // Before the connection, which so cannot tidy up.
    drop(mount);
    drop(other);
    let files = Files::of(&bench);
    assert!(files.get(JOURNAL).len() > 4096, "a hot journal");
    (files, before)
}

/// Every way in which a file is damaged: each byte of what is structure, and others in steps, flipped in one bit, zeroed and set; each
/// number of four bytes there made large; cut; with sectors of zeros; and as another file.
fn damages(bytes: &[u8], structure: usize) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut change = |at: usize, with: &[u8]| {
        let mut damaged = bytes.to_vec();
        let end = (at + with.len()).min(bytes.len());
        damaged[at..end].copy_from_slice(&with[..end - at]);
        if damaged != bytes {
            all.push(damaged);
        }
    };
    let places = (0..bytes.len()).filter(|at| *at < structure || at % 197 == 0);
    for at in places {
        change(at, &[bytes[at] ^ (1 << (at % 8))]);
        change(at, &[0]);
        change(at, &[0xff]);
        if at < structure && at % 4 == 0 {
            change(at, &[0x7f, 0xff, 0xff, 0xff]);
            change(at, &[0xff; 4]);
        }
    }
    for at in (0..bytes.len()).step_by(512) {
        change(at, &[0; 512]);
        change(at, &[b'x'; 512]);
    }
    let cuts = (0..bytes.len()).filter(|len| *len < structure || len % 256 == 0);
    all.extend(cuts.map(|len| bytes[..len].to_vec()));
    all.push(b"something that nobody here has written".repeat(200));
    all.push(vec![0; bytes.len()]);
    all
}

/// The most memory that this process has had, in bytes, where the system tells.
fn memory_peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| {
        line.trim()
            .trim_end_matches("kB")
            .trim()
            .parse::<u64>()
            .ok()
    });
    kib.unwrap_or(0) << 10
}

/// What is in a store with one file damaged, if it opens, when it was also written to, copied and closed.
fn used(files: &Files, name: &str, bytes: &[u8]) -> Option<Map> {
    let bench = files.with(name, bytes);
    let options = Options::file(DATABASE).snapshot_path("backup.db");
    let found = match bench.try_open(&options) {
        Ok(mut store) => {
            let mut map = Map::new();
            let shown = store.scan(&mut |key, value| {
                map.insert(key.to_vec(), value.to_vec());
            });
            let results = [
                store.put(b"new", b"1").map(drop),
                store.snapshot().map(drop),
                store.compact().map(drop),
                store.close().map(drop),
            ];
            for error in results.into_iter().filter_map(Result::err) {
                assert_typed(&error);
            }
            shown.is_ok().then_some(map)
        }
        Err(error) => {
            assert_typed(&error);
            None
        }
    };
    if let Err(error) = read_image(&bench.host, DATABASE.as_ref(), &mut |_, _| {}) {
        assert_typed(&error);
    }
    for entry in fs::read_dir(bench.dir.path()).expect("a directory") {
        let len = entry
            .and_then(|entry| entry.metadata())
            .expect("a file")
            .len();
        assert!(len < FILES_MAX, "{len} bytes");
    }
    found
}

/// The error says what is the matter with the file, or what SQLite says.
#[track_caller]
fn assert_typed(error: &StoreError) {
    let is_typed = matches!(
        error,
        StoreError::Damaged { .. }
            | StoreError::ForeignFile { .. }
            | StoreError::NewerVersion { .. }
            | StoreError::Poisoned { .. }
            | StoreError::Sqlite { .. }
    );
    assert!(is_typed, "{error}");
}

/// Damages a file in every way, and hands what was found each time to `check`.
fn damage(files: &Files, name: &str, structure: usize, mut check: impl FnMut(Option<Map>)) {
    let damages = damages(files.get(name), structure);
    assert!(damages.len() > 400, "{name}: only {}", damages.len());
    let before = memory_peak();
    for bytes in &damages {
        check(used(files, name, bytes));
    }
    let grown = memory_peak().saturating_sub(before);
    assert!(grown < GROWTH_MAX, "{name}: {grown} bytes");
}

#[test]
fn a_damaged_database_ends_in_a_typed_error_or_an_answer() {
    let (files, content) = closed();
    let whole = files.get(DATABASE).to_vec();
    assert_eq!(used(&files, DATABASE, &whole), Some(content));
    let mut refused = 0;
    // The header of the file and of the first page, with its first cells.
    damage(&files, DATABASE, 160, |found| {
        refused += u32::from(found.is_none())
    });
    assert!(refused > 100, "only {refused} are noticed");
}

#[test]
fn a_damaged_log_leaves_commits_up_to_some_number() {
    let (files, states) = logged();
    let mut seen = vec![0; states.len()];
    // The header, and that of the first frame with some of its page.
    damage(&files, LOG, 32 + 24 + 64, |found| {
        let found = found.expect("the database itself is whole");
        let state = states.iter().position(|state| *state == found);
        seen[state.expect("a state that the store was in")] += 1;
    });
    let (last, others) = seen.split_last().expect("there are some");
    assert!(others.iter().all(|&times| times > 0), "{seen:?}");
    assert_eq!(*last, 0, "no damage goes unnoticed");
}

#[test]
fn a_damaged_rollback_journal_ends_in_a_typed_error_or_an_answer() {
    let (files, before) = journalled();
    let whole = files.get(JOURNAL).to_vec();
    assert_eq!(used(&files, JOURNAL, &whole), Some(before.clone()));
    let mut rolled_back = 0;
    // The header, and the number of the first page.
    damage(&files, JOURNAL, 64, |found| {
        rolled_back += u32::from(found.as_ref() == Some(&before));
    });
    assert!(rolled_back > 100, "only {rolled_back}");
}
