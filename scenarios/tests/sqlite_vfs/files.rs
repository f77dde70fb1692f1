//! What SQLite asks of files: syncs, temporaries, sizes, super-journals.

use std::path::Path;

use plimsoll_faults::disk::SimFs;
use plimsoll_faults::op_kind::OpKind;
use rusqlite::OpenFlags;

use crate::support::{
    check_integrity, connect, create, disk, insert, keys, mount, on_both, simulated,
};

/// Operations that change names or sync, as one line each.
fn operations(disk: &SimFs) -> Vec<String> {
    disk.take_log()
        .iter()
        .filter(|entry| {
            let kinds = [OpKind::Open, OpKind::Remove, OpKind::SyncDir];
            kinds.contains(&entry.kind) || entry.kind.is_sync()
        })
        .map(|entry| {
            format!("{} {}", entry.kind, entry.path)
                .trim_end()
                .to_owned()
        })
        .collect()
}

#[test]
fn the_first_sync_of_a_journal_makes_its_name_durable() {
    let disk = disk();
    let mount = mount(&simulated(&disk));
    let connection = connect(&mount, "delete");
    create(&connection);
    disk.take_log();
    insert(&connection, 1, 10).expect("a row");
    let journal = "store.db-journal";
    assert_eq!(
        operations(&disk),
        [
            &format!("open {journal}"),
            &format!("fsync {journal}"),
            "fsyncdir",
            &format!("fsync {journal}"),
            "fsync store.db",
            &format!("unlink {journal}"),
        ]
    );
    connection
        .execute_batch("PRAGMA synchronous = EXTRA")
        .expect("a setting");
    insert(&connection, 2, 10).expect("a row");
    let last = operations(&disk).split_off(5);
    assert_eq!(last, [&format!("unlink {journal}"), "fsyncdir"]);
}

#[test]
fn the_first_sync_of_a_write_ahead_log_makes_its_name_durable() {
    let disk = disk();
    let mount = mount(&simulated(&disk));
    let connection = connect(&mount, "wal");
    create(&connection);
    let syncs = operations(&disk);
    let first = syncs.iter().position(|line| line == "fsync store.db-wal");
    let first = first.expect("a commit syncs the log");
    assert_eq!(syncs[first + 1], "fsyncdir");
    insert(&connection, 1, 10).expect("a row");
    assert_eq!(operations(&disk), ["fsync store.db-wal"]);
}

#[test]
fn a_transaction_over_two_databases_is_one() {
    on_both(|host| {
        let mount = mount(host);
        let connection = connect(&mount, "delete");
        create(&connection);
        connection
            .execute_batch(
                "ATTACH 'other.db' AS other;
                 CREATE TABLE other.t (k INTEGER PRIMARY KEY, v BLOB);
                 BEGIN;
                 INSERT INTO main.t VALUES (1, x'00');
                 INSERT INTO other.t VALUES (2, x'00');
                 COMMIT;",
            )
            .expect("both are written");
        drop(connection);
        let other = mount.open("other.db").expect("it is on the same host");
        assert_eq!(keys(&other), [2]);
        let names: Vec<String> = host
            .fs
            .read_dir(Path::new(""))
            .expect("a directory")
            .into_iter()
            .map(|entry| entry.name)
            .filter(|name| name != "other.db" && name != "store.db")
            .collect();
        assert_eq!(names, Vec::<String>::new(), "no journal is left");
    });
}

#[test]
fn temporary_files_leave_the_disk_alone() {
    let disk = disk();
    let mount = mount(&simulated(&disk));
    let connection = connect(&mount, "memory");
    disk.take_log();
    connection
        .execute_batch(
            "PRAGMA temp_store = FILE; PRAGMA temp.cache_size = 5; PRAGMA cache_size = 5;
             CREATE TEMP TABLE large AS
                 WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                 SELECT i, randomblob(200) AS b FROM n;
             CREATE INDEX temp.by_b ON large (b);",
        )
        .expect("a table that does not fit into the cache");
    let count: i64 = connection
        .query_row("SELECT count(DISTINCT b) FROM large", (), |row| row.get(0))
        .expect("it can be read");
    assert_eq!(count, 3000);
    assert_eq!(operations(&disk), Vec::<String>::new());
}

#[test]
fn a_database_can_be_opened_for_reading_only() {
    on_both(|host| {
        let mount = mount(host);
        let connection = connect(&mount, "delete");
        create(&connection);
        insert(&connection, 1, 10).expect("a row");
        let reader = mount
            .open_with_flags("store.db", OpenFlags::SQLITE_OPEN_READ_ONLY)
            .expect("it is there");
        assert_eq!(keys(&reader), [1]);
        insert(&reader, 2, 10).expect_err("it is open for reading");
        mount
            .open_with_flags("absent.db", OpenFlags::SQLITE_OPEN_READ_ONLY)
            .expect_err("it is not there");
        mount.open("absent/store.db").expect_err("no directory");
    });
}

#[test]
fn the_file_grows_in_chunks_where_that_is_asked() {
    const CHUNK: i32 = 1 << 16;
    on_both(|host| {
        let mount = mount(host);
        let connection = connect(&mount, "delete");
        let mut chunk = CHUNK;
        set_chunk(&connection, &mut chunk);
        create(&connection);
        for key in 0..30 {
            insert(&connection, key, 4000).expect("a row");
        }
        check_integrity(&connection);
        let len = host
            .fs
            .metadata(Path::new("store.db"))
            .expect("it can be described")
            .expect("it is there")
            .len;
        assert_eq!(len % CHUNK as u64, 0, "{len} bytes");
    });
}

#[expect(unsafe_code, reason = "a file control has no safe interface")]
fn set_chunk(connection: &rusqlite::Connection, bytes: &mut i32) {
    // SAFETY: the connection is open, and this request takes an int.
    let code = unsafe {
        rusqlite::ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            rusqlite::ffi::SQLITE_FCNTL_CHUNK_SIZE,
            std::ptr::from_mut(bytes).cast(),
        )
    };
    assert_eq!(code, rusqlite::ffi::SQLITE_OK);
}

#[test]
fn a_database_that_was_moved_is_not_written() {
    on_both(|host| {
        let mount = mount(host);
        let connection = connect(&mount, "delete");
        create(&connection);
        host.fs
            .rename(Path::new("store.db"), Path::new("moved.db"))
            .expect("it is there");
        let error = insert(&connection, 1, 10).expect_err("a journal would not be found");
        let code = error.sqlite_error().map(|error| error.extended_code);
        assert_eq!(
            code,
            Some(rusqlite::ffi::SQLITE_READONLY_DBMOVED),
            "{error}"
        );
    });
}
