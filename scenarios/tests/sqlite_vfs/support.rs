//! Where the tests run.

use std::sync::Arc;

use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::image::Image;
use plimsoll_reference::clock::StdClock;
use plimsoll_reference::fs::StdFs;
use plimsoll_reference::host::Host;
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use rusqlite::Connection;

/// Journal modes that outlive a connection or are set by each.
pub(crate) const MODES: [&str; 6] = ["delete", "truncate", "persist", "memory", "wal", "off"];

/// Runs a test on a real directory and on a simulated disk.
pub(crate) fn on_both(test: impl Fn(&Host)) {
    let dir = tempfile::tempdir().expect("a directory");
    let real = StdFs::rooted(dir.path());
    test(&Host::new(Arc::new(real), Arc::new(StdClock::new())));
    test(&simulated(&disk()));
}

/// An empty simulated disk.
pub(crate) fn disk() -> SimFs {
    SimFs::new(Image::new())
}

/// A host on a simulated disk.
pub(crate) fn simulated(disk: &SimFs) -> Host {
    Host::new(Arc::new(disk.clone()), Arc::new(SimClock::default()))
}

/// A host under a name that SQLite knows.
pub(crate) fn mount(host: &Host) -> Mount {
    Mount::new(host.clone(), MountOptions::default().seed(1)).expect("a host can be mounted")
}

/// A connection in this journal mode.
pub(crate) fn connect(mount: &Mount, mode: &str) -> Connection {
    let connection = mount.open("store.db").expect("the database opens");
    let answer: String = connection
        .query_row(&format!("PRAGMA journal_mode = {mode}"), (), |row| {
            row.get(0)
        })
        .expect("the mode can be set");
    assert_eq!(answer, mode);
    connection
}

/// A table to write to.
pub(crate) fn create(connection: &Connection) {
    connection
        .execute_batch("CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB)")
        .expect("a table");
}

/// Adds a row.
pub(crate) fn insert(connection: &Connection, key: i64, bytes: usize) -> rusqlite::Result<usize> {
    connection.execute(
        "INSERT INTO t VALUES (?1, ?2)",
        (key, vec![b'v'; bytes].as_slice()),
    )
}

/// The keys that are there.
pub(crate) fn keys(connection: &Connection) -> Vec<i64> {
    let mut statement = connection
        .prepare("SELECT k FROM t ORDER BY k")
        .expect("the table is there");
    let keys = statement.query_map((), |row| row.get(0)).expect("rows");
    keys.map(|key| key.expect("a row")).collect()
}

/// Holds the database to SQLite's own check.
pub(crate) fn check_integrity(connection: &Connection) {
    let answer: String = connection
        .query_row("PRAGMA integrity_check", (), |row| row.get(0))
        .expect("the check runs");
    assert_eq!(answer, "ok");
}
