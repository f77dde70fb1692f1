//! Random commands against an ordered map.

use std::collections::BTreeMap;

use plimsoll_reference::host::Host;
use proptest::prelude::*;
use rusqlite::Connection;

use crate::support::{MODES, check_integrity, connect, mount, on_both};

#[derive(Clone, Debug)]
enum Step {
    Put(u8, usize),
    Delete(u8),
    /// Several puts, taken back or not.
    Batch(Vec<(u8, usize)>, bool),
    Reopen,
    Checkpoint,
    Vacuum,
}

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![0_usize..100, Just(5000)];
    let pair = (0_u8..12, len);
    prop_oneof![
        4 => pair.clone().prop_map(|(key, len)| Step::Put(key, len)),
        2 => (0_u8..12).prop_map(Step::Delete),
        2 => (prop::collection::vec(pair, 0..6), any::<bool>())
            .prop_map(|(pairs, is_kept)| Step::Batch(pairs, is_kept)),
        1 => Just(Step::Reopen),
        1 => Just(Step::Checkpoint),
        1 => Just(Step::Vacuum),
    ]
}

fn open(mount: &plimsoll_reference::sqlite::vfs::Mount, mode: &str) -> Connection {
    let connection = connect(mount, mode);
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS pair (k INTEGER PRIMARY KEY, v INTEGER)")
        .expect("a table");
    connection
}

fn put(connection: &Connection, key: u8, len: usize) {
    connection
        .execute(
            "INSERT OR REPLACE INTO pair VALUES (?1, zeroblob(?2))",
            (key, len as i64),
        )
        .expect("a row");
}

fn shown(connection: &Connection) -> BTreeMap<u8, usize> {
    let mut statement = connection
        .prepare("SELECT k, length(v) FROM pair")
        .expect("the table is there");
    let pairs = statement
        .query_map((), |row| Ok((row.get(0)?, row.get::<_, i64>(1)? as usize)))
        .expect("rows");
    pairs.map(|pair| pair.expect("a row")).collect()
}

fn run(host: &Host, mode: &str, steps: &[Step]) {
    let mount = mount(host);
    let mut connection = open(&mount, mode);
    // What another run has left on the same disk.
    connection.execute("DELETE FROM pair", ()).expect("rows go");
    let mut model = BTreeMap::new();
    for step in steps {
        match step {
            Step::Put(key, len) => {
                put(&connection, *key, *len);
                model.insert(*key, *len);
            }
            Step::Delete(key) => {
                connection
                    .execute("DELETE FROM pair WHERE k = ?1", (key,))
                    .expect("a deletion");
                model.remove(key);
            }
            // Without a journal nothing can be taken back.
            Step::Batch(_, false) if mode == "off" => {}
            Step::Batch(pairs, is_kept) => {
                let transaction = connection.transaction().expect("a transaction");
                for (key, len) in pairs {
                    put(&transaction, *key, *len);
                }
                if *is_kept {
                    transaction.commit().expect("a commit");
                    model.extend(pairs.iter().copied());
                } else {
                    transaction.rollback().expect("a rollback");
                }
            }
            Step::Reopen => {
                drop(connection);
                connection = open(&mount, mode);
            }
            Step::Checkpoint => connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
                .expect("a checkpoint"),
            Step::Vacuum => connection.execute_batch("VACUUM").expect("a compaction"),
        }
        assert_eq!(shown(&connection), model, "{mode}");
    }
    check_integrity(&connection);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn a_table_is_a_map(
        mode in prop::sample::select(&MODES[..]),
        steps in prop::collection::vec(step(), 0..30),
    ) {
        on_both(|host| run(host, mode, &steps));
    }
}
