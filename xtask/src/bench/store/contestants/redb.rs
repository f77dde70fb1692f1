//! redb: a copy-on-write B-tree.

use std::path::Path;

use ::redb::{Database, Durability, ReadableDatabase, TableDefinition};

use super::{Contestant, Open};

pub(super) const REDB: Contestant = Contestant {
    name: "redb",
    settings: "Durability::Immediate",
    open,
};

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("pairs");

fn open(dir: &Path) -> anyhow::Result<Box<dyn Open>> {
    Ok(Box::new(Database::create(dir.join("store.redb"))?))
}

impl Open for Database {
    fn commit(&self, key: &[u8], value: &[u8]) -> anyhow::Result<()> {
        let mut transaction = self.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.open_table(TABLE)?.insert(key, value)?;
        transaction.commit()?;
        Ok(())
    }

    fn holds(&self, key: &[u8]) -> anyhow::Result<bool> {
        Ok(self.begin_read()?.open_table(TABLE)?.get(key)?.is_some())
    }
}
