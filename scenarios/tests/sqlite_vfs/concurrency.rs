//! Several connections to one database.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};
use rusqlite::{Connection, Error, ErrorCode};

use crate::support::{
    check_integrity, connect, create, disk, insert, keys, mount, on_both, simulated,
};

/// Two connections that do not wait for each other.
fn pair(mount: &Mount, mode: &str) -> [Connection; 2] {
    let first = connect(mount, mode);
    create(&first);
    insert(&first, 1, 10).expect("a row");
    let second = connect(mount, mode);
    for connection in [&first, &second] {
        connection.busy_timeout(Duration::ZERO).expect("a setting");
    }
    [first, second]
}

fn is_busy(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

#[test]
fn one_writes_at_a_time() {
    for mode in ["delete", "truncate", "persist", "wal"] {
        on_both(|host| {
            let mount = mount(host);
            let [first, second] = pair(&mount, mode);
            first
                .execute_batch("BEGIN IMMEDIATE")
                .expect("nobody writes");
            insert(&first, 2, 10).expect("a row");
            let error = insert(&second, 3, 10).expect_err("the first connection writes");
            assert!(is_busy(&error), "{mode}: {error}");
            assert_eq!(keys(&second), [1], "{mode}: nothing is committed yet");
            first.execute_batch("COMMIT").expect("nobody reads");
            assert_eq!(keys(&second), [1, 2], "{mode}");
            insert(&second, 3, 10).expect("the first connection is done");
            check_integrity(&first);
            assert_eq!(keys(&first), [1, 2, 3], "{mode}");
        });
    }
}

#[test]
fn a_reader_of_a_rollback_journal_keeps_a_commit_waiting() {
    on_both(|host| {
        let mount = mount(host);
        let [first, second] = pair(&mount, "delete");
        second.execute_batch("BEGIN").expect("a transaction");
        assert_eq!(keys(&second), [1]);
        first.execute_batch("BEGIN").expect("a transaction");
        insert(&first, 2, 10).expect("readers do not stop a writer yet");
        let error = first
            .execute_batch("COMMIT")
            .expect_err("the database is being read");
        assert!(is_busy(&error), "{error}");
        second.execute_batch("COMMIT").expect("the end of reading");
        first.execute_batch("COMMIT").expect("nobody reads");
        assert_eq!(keys(&second), [1, 2]);
    });
}

#[test]
fn a_reader_of_a_write_ahead_log_keeps_what_it_saw() {
    on_both(|host| {
        let mount = mount(host);
        let [first, second] = pair(&mount, "wal");
        second.execute_batch("BEGIN").expect("a transaction");
        assert_eq!(keys(&second), [1]);
        insert(&first, 2, 10).expect("readers do not stop a writer");
        assert_eq!(keys(&second), [1]);
        let is_blocked: bool = first
            .query_row("PRAGMA wal_checkpoint(RESTART)", (), |row| row.get(0))
            .expect("a checkpoint");
        assert!(is_blocked, "the log is being read");
        second.execute_batch("COMMIT").expect("the end of reading");
        assert_eq!(keys(&second), [1, 2]);
    });
}

#[test]
fn waiting_takes_virtual_time() {
    let host = simulated(&disk());
    let slept = Arc::new(Mutex::new(Duration::ZERO));
    let sleeper = Arc::clone(&slept);
    let counted = MountOptions::default().seed(1);
    let told = counted.clone().sleeper(Arc::new(move |time| {
        *sleeper.lock().expect("nobody panics") += time;
    }));
    for (options, moves) in [(counted, true), (told, false)] {
        let mount = Mount::new(host.clone(), options).expect("a mount");
        let now = |connection: &Connection| -> f64 {
            let now = "SELECT (julianday('now') - 2440587.5) * 86400";
            connection
                .query_row(now, (), |row| row.get(0))
                .expect("a time")
        };
        let [first, second] = [connect(&mount, "delete"), connect(&mount, "delete")];
        second
            .busy_timeout(Duration::from_secs(2))
            .expect("a setting");
        assert!(now(&first) < 0.1, "the clock starts in 1970");
        first.execute_batch("BEGIN EXCLUSIVE").expect("nobody else");
        let error = second
            .execute_batch("BEGIN EXCLUSIVE")
            .expect_err("the first connection has it");
        assert!(is_busy(&error), "{error}");
        let after = now(&first);
        assert_eq!((1.9..2.1).contains(&after), moves, "it is {after} s");
    }
    let slept = *slept.lock().expect("nobody panics");
    assert_eq!(slept, Duration::from_secs(2));
}

#[test]
fn threads_share_a_database() {
    const THREADS: i64 = 4;
    const ROWS: i64 = 25;
    for mode in ["delete", "wal"] {
        on_both(|host| {
            let real = Arc::new(std::thread::park_timeout);
            let mount =
                Mount::new(host.clone(), MountOptions::default().sleeper(real)).expect("a mount");
            create(&connect(&mount, mode));
            std::thread::scope(|scope| {
                for thread in 0..THREADS {
                    let mount = &mount;
                    scope.spawn(move || {
                        let connection = mount.open("store.db").expect("the database opens");
                        connection
                            .busy_timeout(Duration::from_secs(60))
                            .expect("a setting");
                        for row in 0..ROWS {
                            insert(&connection, thread * ROWS + row, 100).expect("a row");
                        }
                    });
                }
            });
            let connection = connect(&mount, mode);
            check_integrity(&connection);
            assert_eq!(keys(&connection), (0..THREADS * ROWS).collect::<Vec<_>>());
        });
    }
}
