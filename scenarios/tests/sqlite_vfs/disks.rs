//! Several disks at once, and chance.

use std::collections::BTreeSet;
use std::path::Path;

use plimsoll_reference::fs::{FsOps, OpenOptions, read_to_end};
use plimsoll_reference::sqlite::vfs::{Mount, MountOptions};

use crate::support::{check_integrity, connect, create, disk, insert, keys, mount, simulated};

/// What a write-ahead log holds after some commits of a process with this seed.
fn log(seed: u64) -> Vec<u8> {
    let disk = disk();
    let options = MountOptions::default().seed(seed);
    let mount = Mount::new(simulated(&disk), options).expect("a mount");
    let connection = connect(&mount, "wal");
    create(&connection);
    for key in 0..5 {
        insert(&connection, key, 100).expect("a row");
    }
    let log = disk
        .open(Path::new("store.db-wal"), OpenOptions::read_only())
        .expect("it is there");
    read_to_end(&*log).expect("it can be read")
}

#[test]
fn equal_seeds_give_equal_files_on_every_thread() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 40;
    let expected: Vec<Vec<u8>> = (0..THREADS).map(log).collect();
    let distinct: BTreeSet<&Vec<u8>> = expected.iter().collect();
    assert_eq!(distinct.len(), THREADS as usize, "each seed has its own");
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let expected = &expected;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    let seed = (thread + round) % THREADS;
                    assert_eq!(log(seed), expected[seed as usize]);
                }
            });
        }
    });
}

#[test]
fn disks_do_not_see_each_other() {
    const DISKS: i64 = 8;
    let disks: Vec<_> = (0..DISKS).map(|_| disk()).collect();
    let mounts: Vec<Mount> = disks.iter().map(|disk| mount(&simulated(disk))).collect();
    let names: BTreeSet<&str> = mounts.iter().map(Mount::vfs_name).collect();
    assert_eq!(names.len(), mounts.len());
    std::thread::scope(|scope| {
        for (number, mount) in (0..).zip(&mounts) {
            scope.spawn(move || {
                let connection = connect(mount, "wal");
                create(&connection);
                for key in 0..50 {
                    insert(&connection, key * DISKS + number, 100).expect("a row");
                }
            });
        }
    });
    for (number, mount) in (0..).zip(&mounts) {
        let connection = connect(mount, "wal");
        check_integrity(&connection);
        let expected: Vec<i64> = (0..50).map(|key| key * DISKS + number).collect();
        assert_eq!(keys(&connection), expected);
    }
}

#[test]
fn names_are_used_again() {
    let mut names = BTreeSet::new();
    for _ in 0..50 {
        let mounted = mount(&simulated(&disk()));
        names.insert(mounted.vfs_name().to_owned());
        let connection = connect(&mounted, "delete");
        create(&connection);
    }
    // Other tests of this process may hold some at the same time.
    assert!(names.len() < 40, "{names:?}");
}
