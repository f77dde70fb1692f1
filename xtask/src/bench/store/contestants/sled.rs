//! sled: a lock-free tree over a log.

use std::path::Path;

use ::sled::Db;

use super::{Contestant, Open};

pub(super) const SLED: Contestant = Contestant {
    name: "sled",
    settings: "flush after each insert",
    open,
};

fn open(dir: &Path) -> anyhow::Result<Box<dyn Open>> {
    Ok(Box::new(::sled::open(dir.join("sled"))?))
}

impl Open for Db {
    fn commit(&self, key: &[u8], value: &[u8]) -> anyhow::Result<()> {
        self.insert(key, value)?;
        self.flush()?;
        Ok(())
    }

    fn holds(&self, key: &[u8]) -> anyhow::Result<bool> {
        Ok(self.contains_key(key)?)
    }
}
