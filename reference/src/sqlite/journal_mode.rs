//! The journal of a SQLite database.

use rusqlite::{Connection, Error};

/// Asks for a journal mode, and returns the one that it is. SQLite answers before it has written the change to the file, so the error of
/// a sync comes with the step behind the answer.
///
/// # Errors
/// What SQLite says of either step.
pub fn set_journal_mode(connection: &Connection, mode: &str) -> Result<String, Error> {
    let mut statement = connection.prepare(&format!("PRAGMA journal_mode = {mode}"))?;
    let mut rows = statement.query(())?;
    let mut answer = String::new();
    while let Some(row) = rows.next()? {
        answer = row.get(0)?;
    }
    Ok(answer)
}
