//! A real directory, and a clock that a test moves.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_reference::clock::Clock;
use plimsoll_reference::fs::StdFs;
use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::{Options, Store, StoreError, read_image};

/// Keys and values.
pub(crate) type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// A clock that stands still unless moved.
#[derive(Default)]
pub(crate) struct TestClock(AtomicU64);

impl TestClock {
    /// Lets time pass.
    pub(crate) fn advance(&self, time: Duration) {
        self.0.fetch_add(time.as_nanos() as u64, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, time: Duration) {
        self.advance(time);
    }
}

/// A directory with a host whose relative paths start there.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) host: Host,
}

impl Bench {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let dir = dir.expect("a temporary directory");
        let clock = Arc::new(TestClock::default());
        let host = Host::new(Arc::new(StdFs::rooted(dir.path())), clock.clone());
        Self { dir, clock, host }
    }

    /// Opens a store that is expected to open.
    pub(crate) fn open(&self, options: &Options) -> Store {
        self.try_open(options).expect("the store opens")
    }

    /// Opens a store.
    pub(crate) fn try_open(&self, options: &Options) -> Result<Store, StoreError> {
        Store::open(&self.host, options)
    }

    /// The real path of a relative one.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, bytes: &[u8]) {
        std::fs::write(self.path(path), bytes).expect("a file");
    }

    /// The names in a directory, sorted, without lock files.
    pub(crate) fn names(&self, dir: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(dir)).expect("the directory is there");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            let name = entry.expect("an entry").file_name();
            name.into_string().expect("UTF-8")
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.retain(|name| !name.ends_with(".lock"));
        names.sort();
        names
    }

    /// What an independent reader finds at a path.
    pub(crate) fn read(&self, path: &str) -> Option<Map> {
        let mut map = Map::new();
        let found = read_image(&self.host, path.as_ref(), &mut |key, value| {
            map.insert(key.to_vec(), value.to_vec());
        });
        found.expect("a whole database").then_some(map)
    }
}

/// Everything in a store.
pub(crate) fn dump(store: &Store) -> Map {
    let mut map = Map::new();
    let visited = store.scan(&mut |key, value| {
        map.insert(key.to_vec(), value.to_vec());
    });
    visited.expect("the store can be read");
    assert_eq!(map.len() as u64, store.len().expect("a number"));
    map
}

/// Pairs of text.
pub(crate) fn map(pairs: &[(&str, &str)]) -> Map {
    let pair = |(key, value): &(&str, &str)| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
    pairs.iter().map(pair).collect()
}
