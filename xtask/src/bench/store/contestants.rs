//! The stores, each in the mode in which a commit that was acknowledged survives a power loss.

mod fjall;
mod native;
mod raw;
mod redb;
mod sled;
mod sqlite;
mod sqlite_engine;
mod surrealmx;

use std::path::Path;

/// A store that takes part.
pub(super) struct Contestant {
    pub(super) name: &'static str,
    /// What makes its commits durable.
    pub(super) settings: &'static str,
    /// Opens it in a directory, making it where there is none.
    pub(super) open: fn(&Path) -> anyhow::Result<Box<dyn Open>>,
}

/// An open store that several threads write to.
pub(super) trait Open: Sync {
    /// Returns when the pair is durable.
    fn commit(&self, key: &[u8], value: &[u8]) -> anyhow::Result<()>;

    /// Whether the key is there.
    fn holds(&self, key: &[u8]) -> anyhow::Result<bool>;
}

/// All of them. The first is what the others are measured by.
pub(super) const CONTESTANTS: &[Contestant] = &[
    raw::RAW,
    native::NATIVE,
    sqlite_engine::SQLITE_ENGINE,
    redb::REDB,
    fjall::FJALL,
    sqlite::SQLITE,
    surrealmx::SURREALMX,
    sled::SLED,
];
