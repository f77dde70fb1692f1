//! SQLite with its own access to the operating system.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};

use super::{Contestant, Open};

pub(super) const SQLITE: Contestant = Contestant {
    name: "sqlite",
    settings: "its own unix VFS, journal_mode=WAL, synchronous=FULL, one connection",
    open,
};

struct Sqlite {
    connection: Mutex<Connection>,
}

fn open(dir: &Path) -> anyhow::Result<Box<dyn Open>> {
    let connection = Connection::open(dir.join("store.db"))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS pairs (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    )?;
    Ok(Box::new(Sqlite {
        connection: Mutex::new(connection),
    }))
}

impl Open for Sqlite {
    fn commit(&self, key: &[u8], value: &[u8]) -> anyhow::Result<()> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        connection
            .prepare_cached("INSERT OR REPLACE INTO pairs VALUES (?1, ?2)")?
            .execute((key, value))?;
        Ok(())
    }

    fn holds(&self, key: &[u8]) -> anyhow::Result<bool> {
        let connection = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let found: Option<i64> = connection
            .query_row("SELECT 1 FROM pairs WHERE key = ?1", [key], |row| {
                row.get(0)
            })
            .optional()?;
        Ok(found.is_some())
    }
}
