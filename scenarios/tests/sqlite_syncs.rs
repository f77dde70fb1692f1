//! The syncs of SQLite, dropped one after the other: a harness that does not notice is blind.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::profile::Profile;
use plimsoll_scenarios::{Registry, calibration};
use plimsoll_sim::calibrate::delete_syncs;
use plimsoll_sim::case::{Case, Disk};
use plimsoll_sim::sut::Sut;

/// Drops each sync of a mode in turn, and returns the files whose syncs were missed. Not each of them is: at the start there is nothing
/// to lose yet, and of two syncs in a row one may do.
fn noticed(sut: &str) -> Vec<String> {
    noticed_in(&calibration::sqlite_sync_case(suited(sut), disk()))
}

fn disk() -> Disk {
    Disk::honest(Profile::named("posix-minimal").expect("it ships"))
}

fn suited(sut: &str) -> Arc<dyn Sut> {
    Registry::shipped().sut(sut).expect("it is registered")
}

fn noticed_in(case: &Case) -> Vec<String> {
    let noticed: BTreeSet<String> = delete_syncs(case, std::slice::from_ref(&case.disk))
        .into_iter()
        .filter(|deletion| !deletion.noticed.is_empty())
        .map(|deletion| deletion.site.trim_end().to_owned())
        .collect();
    noticed.into_iter().collect()
}

#[test]
fn dropped_syncs_of_a_write_ahead_log_are_noticed() {
    assert_eq!(
        noticed("sqlite-wal-full"),
        [
            "fsync store.db",
            "fsync store.db-journal",
            "fsync store.db-wal",
            "fsyncdir"
        ]
    );
}

#[test]
fn dropped_syncs_of_a_rollback_journal_are_noticed() {
    for sut in ["sqlite-delete-extra", "sqlite-truncate-full"] {
        let expected = ["fsync store.db", "fsync store.db-journal", "fsyncdir"];
        assert_eq!(noticed(sut), expected, "{sut}");
    }
}

/// The syncs of the reference on SQLite that matter, also those which SQLite leaves out: of the directory and of the log when it is opened
/// again. A file that is put in place of another is synced by SQLite, which so learns of writes that fail late, and by the engine, which
/// writes to it once more: of these two one may be missed.
#[test]
fn dropped_syncs_of_the_engine_are_noticed() {
    let steps = [
        "put a 1",
        "snapshot",
        "kill",
        "put b 2",
        "snapshot",
        "checkpoint",
        "put a 3",
    ];
    let case = calibration::sqlite_sync_case(suited("sqlite-engine-snapshots"), disk());
    let case = Case {
        workload: calibration::steps(&steps),
        disk: Disk {
            kinds: vec![
                CrashKind::ProcessKill,
                CrashKind::PowerLoss,
                CrashKind::KillThenPowerLoss,
            ],
            ..disk()
        },
        ..case
    };
    assert_eq!(
        noticed_in(&case),
        [
            "fdatasync data/store.db-wal.0.tmp",
            "fsync data/store.db",
            "fsync data/store.db-wal",
            "fsyncdir",
            "fsyncdir data",
            "fsyncdir snapshots",
        ]
    );
}
