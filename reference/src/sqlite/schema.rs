//! What makes a database one of this store.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::error::{StoreError, unreadable};

/// "Plim", in the header of the database.
const APPLICATION_ID: i64 = 0x506c_696d;

/// The format version, in the header of the database.
const FORMAT_VERSION: i64 = 1;

const TABLE: &str = "CREATE TABLE pair (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID";

/// Makes an empty database one of this store.
pub(super) fn create(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT_VERSION}; {TABLE};"
    ))
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.query_row(pragma, (), |row| row.get(0))
}

/// Whether the database is one of this store.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let wrong = |error| unreadable(path, None, error);
    if number(connection, "PRAGMA application_id").map_err(wrong)? != APPLICATION_ID {
        return Err(StoreError::ForeignFile {
            path: path.to_path_buf(),
        });
    }
    let version = number(connection, "PRAGMA user_version").map_err(wrong)?;
    if version > FORMAT_VERSION {
        return Err(StoreError::NewerVersion {
            path: path.to_path_buf(),
            found: version,
            supported: FORMAT_VERSION,
        });
    }
    let table: Option<String> = connection
        .query_row(
            "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = 'pair'",
            (),
            |row| row.get(0),
        )
        .optional()
        .map_err(wrong)?;
    if version < FORMAT_VERSION || table.as_deref() != Some(TABLE) {
        return Err(StoreError::Damaged {
            path: path.to_path_buf(),
            reason: "its schema is not that of this store".to_owned(),
        });
    }
    Ok(())
}

/// Reads the whole database and looks for damage.
pub(super) fn check_integrity(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let answer: String = connection
        .query_row("PRAGMA integrity_check(1)", (), |row| row.get(0))
        .map_err(|error| unreadable(path, None, error))?;
    if answer == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged {
        path: path.to_path_buf(),
        reason: answer,
    })
}
