//! A real directory, and a clock that a test moves.

use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_reference::fs::StdFs;
use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::{Options, Store, StoreError, read_image};

use crate::common::{self, empty_dir};

pub(crate) use crate::common::{Map, TestClock};

/// A directory with a host whose relative paths start there.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) host: Host,
}

impl Bench {
    /// An empty directory.
    pub(crate) fn new() -> Self {
        let dir = empty_dir();
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
        let mut names = common::names(&self.path(dir));
        names.retain(|name| !name.ends_with(".lock"));
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
