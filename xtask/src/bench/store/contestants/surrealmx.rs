//! SurrealMX: a map in memory with an append-only log.

use std::path::Path;

use ::surrealmx::{
    AolMode, Database, DatabaseOptions, FsyncMode, PersistenceOptions, SnapshotMode,
};
use anyhow::anyhow;

use super::{Contestant, Open};

pub(super) const SURREALMX: Contestant = Contestant {
    name: "surrealmx",
    settings: "AolMode::SynchronousOnCommit, FsyncMode::EveryAppend",
    open,
};

fn open(dir: &Path) -> anyhow::Result<Box<dyn Open>> {
    let persistence = PersistenceOptions::new(dir.join("surrealmx"))
        .with_aol_mode(AolMode::SynchronousOnCommit)
        .with_fsync_mode(FsyncMode::EveryAppend)
        .with_snapshot_mode(SnapshotMode::Never);
    let database = Database::new_with_persistence(DatabaseOptions::default(), persistence)?;
    Ok(Box::new(database))
}

impl Open for Database {
    fn commit(&self, key: &[u8], value: &[u8]) -> anyhow::Result<()> {
        self.set(key.to_vec(), value.to_vec())
            .map_err(|error| anyhow!("{error}"))
    }

    fn holds(&self, key: &[u8]) -> anyhow::Result<bool> {
        self.exists(key.to_vec())
            .map_err(|error| anyhow!("{error}"))
    }
}
