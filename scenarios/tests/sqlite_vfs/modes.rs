//! Every journal mode keeps what it was given.

use plimsoll_reference::sqlite::vfs::Mount;
use plimsoll_reference::sqlite::vfs::MountOptions;

use crate::support::{MODES, check_integrity, connect, create, insert, keys, mount, on_both};

/// Commits, a rollback, large values, deletions and a compaction; then everything again from the file.
fn use_it(mode: &str, mount: &Mount) {
    let mut connection = connect(mount, mode);
    create(&connection);
    for key in 0..20 {
        insert(&connection, key, 3000).expect("a row");
    }
    let transaction = connection.transaction().expect("a transaction");
    for key in 20..40 {
        insert(&transaction, key, 10).expect("a row");
    }
    if mode == "off" {
        // Without a journal there is nothing to roll back with.
        transaction.commit().expect("a commit");
        connection
            .execute("DELETE FROM t WHERE k >= 20", ())
            .expect("rows go");
    } else {
        transaction.rollback().expect("a rollback");
    }
    connection
        .execute("DELETE FROM t WHERE k % 2 = 1", ())
        .expect("rows go");
    connection.execute_batch("VACUUM").expect("a compaction");
    check_integrity(&connection);
    connection.close().expect("nothing is in use");

    let connection = connect(mount, mode);
    check_integrity(&connection);
    let even: Vec<i64> = (0..20).step_by(2).collect();
    assert_eq!(keys(&connection), even, "{mode}");
}

#[test]
fn every_journal_mode_keeps_what_it_was_given() {
    for mode in MODES {
        on_both(|host| use_it(mode, &mount(host)));
    }
}

#[test]
fn so_it_does_where_overwrites_are_not_power_safe() {
    for mode in MODES {
        on_both(|host| {
            let options = MountOptions::default()
                .powersafe_overwrite(false)
                .sector_bytes(512);
            use_it(mode, &Mount::new(host.clone(), options).expect("a mount"));
        });
    }
}

#[test]
fn a_write_ahead_log_of_one_connection_needs_no_shared_memory() {
    on_both(|host| {
        let mount = mount(host);
        let connection = mount.open("store.db").expect("the database opens");
        connection
            .execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL")
            .expect("the mode can be set");
        create(&connection);
        insert(&connection, 1, 10).expect("a row");
        let other = mount.open("store.db").expect("opening reads nothing");
        let error = other
            .query_row("SELECT k FROM t", (), |row| row.get::<_, i64>(0))
            .expect_err("the first connection has it for itself");
        let code = error.sqlite_error_code();
        assert_eq!(code, Some(rusqlite::ErrorCode::DatabaseBusy), "{error}");
        drop(other);
        assert_eq!(keys(&connection), [1]);
    });
}

#[test]
fn the_mode_can_be_changed_on_the_way() {
    on_both(|host| {
        let mount = mount(host);
        for (key, mode) in (0..).zip(["wal", "delete", "persist", "wal", "truncate"]) {
            let connection = connect(&mount, mode);
            if key == 0 {
                create(&connection);
            }
            insert(&connection, key, 100).expect("a row");
            check_integrity(&connection);
        }
        let connection = connect(&mount, "delete");
        assert_eq!(keys(&connection), [0, 1, 2, 3, 4]);
        check_integrity(&connection);
    });
}
