//! The reference on SQLite, through its own VFS.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::{Options, Store};

use super::{Contestant, Open};

pub(super) const SQLITE_ENGINE: Contestant = Contestant {
    name: "on sqlite",
    settings: "the reference on SQLite: WAL, synchronous=FULL, one connection",
    open,
};

struct Engine {
    store: Mutex<Store>,
}

fn open(dir: &Path) -> anyhow::Result<Box<dyn Open>> {
    let store = Store::open(&Host::real(), &Options::file(dir.join("data/store.db")))?;
    Ok(Box::new(Engine {
        store: Mutex::new(store),
    }))
}

impl Open for Engine {
    fn commit(&self, key: &[u8], value: &[u8]) -> anyhow::Result<()> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.put(key, value)?;
        Ok(())
    }

    fn holds(&self, key: &[u8]) -> anyhow::Result<bool> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(store.get(key)?.is_some())
    }
}
