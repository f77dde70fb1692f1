//! What the explorer asks of a store after a sync that has lied.

use std::sync::Arc;

use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::{Case, Disk};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::Verdict;

use crate::mini_log::{MiniLog, Omit};

/// Records of several sectors, each synced on its own: no crash of an honest disk leaves one without those before it.
fn case(omit: Omit, disk: &str, models: &[FsyncFailure]) -> Case {
    let put = |key: &str| {
        let value: String = (0..400).map(|number| format!("{number:03}")).collect();
        format!("put {key} {value}").parse().expect("a command")
    };
    let profile = Profile::named(disk).expect("the profile ships");
    Case {
        fsync_failures: models.to_vec(),
        ..Case::new(
            format!("lies@{disk}"),
            Arc::new(MiniLog { omit }),
            ["a", "b", "c", "d"].map(put).to_vec(),
            Disk::honest(profile),
        )
    }
}

const GAP: Omit = Omit {
    sync: false,
    dir_sync: false,
    checksum: false,
    cutting_the_torn_tail: false,
    stopping_after_a_failed_sync: false,
    syncing_what_was_found: false,
    the_order_in_a_group: false,
    keeping_what_is_before_a_gap: true,
};

fn oracles(model: FsyncFailure) -> Vec<Oracle> {
    let report = explore::run(&case(GAP, "posix-minimal", &[model]));
    report.violations.iter().map(|found| found.oracle).collect()
}

#[test]
fn a_store_that_keeps_what_was_durable_before_is_not_blamed() {
    for profile in Profile::shipped() {
        // There the directory sync that it relies on does nothing.
        if profile.name == "lustre-2.16" {
            continue;
        }
        let models = [FsyncFailure::F2, FsyncFailure::F6];
        let report = explore::run(&case(Omit::default(), &profile.name, &models));
        assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
        assert!(report.counters.faults_fired > 0, "{report:#?}");
    }
}

#[test]
fn throwing_away_what_was_durable_before_the_lie_is_found() {
    let honest = explore::run(&case(GAP, "posix-minimal", &[]));
    assert_eq!(
        honest.verdict,
        Verdict::Passed,
        "a gap takes two records that are not durable: {honest:#?}"
    );
    assert_eq!(oracles(FsyncFailure::F6), [Oracle::D1]);
    // Until the failed sync tells the store, and after that.
    assert_eq!(oracles(FsyncFailure::F2), [Oracle::D1, Oracle::F1]);
}
