//! fjall: a log-structured merge tree.

use std::path::Path;

use ::fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::{Contestant, Open};

pub(super) const FJALL: Contestant = Contestant {
    name: "fjall",
    settings: "persist(SyncData) after each insert",
    open,
};

struct Fjall {
    database: Database,
    pairs: Keyspace,
}

fn open(dir: &Path) -> anyhow::Result<Box<dyn Open>> {
    let database = Database::builder(dir.join("fjall")).open()?;
    let pairs = database.keyspace("pairs", KeyspaceCreateOptions::default)?;
    Ok(Box::new(Fjall { database, pairs }))
}

impl Open for Fjall {
    fn commit(&self, key: &[u8], value: &[u8]) -> anyhow::Result<()> {
        self.pairs.insert(key, value)?;
        self.database.persist(PersistMode::SyncData)?;
        Ok(())
    }

    fn holds(&self, key: &[u8]) -> anyhow::Result<bool> {
        Ok(self.pairs.get(key)?.is_some())
    }
}
