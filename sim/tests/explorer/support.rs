//! The small store under drawn commands.

use std::sync::Arc;

use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::{Case, Disk, ErrorSweep};
use plimsoll_sim::explore;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::{CaseReport, Verdict};
use plimsoll_sim::workload::{Shape, generate};

use crate::mini_log::{MiniLog, Omit};

/// A log of ten commands, drawn from the seed.
pub(crate) fn case(omit: Omit, disk: &str, seed: u64, errors: ErrorSweep) -> Case {
    let profile = Profile::named(disk).expect("the profile ships");
    let shape = Shape {
        commands: 10,
        keys: 3,
        ..Shape::default()
    };
    Case {
        errors,
        seed,
        ..Case::new(
            format!("mini-log@{disk}#{seed}"),
            Arc::new(MiniLog { omit }),
            generate(seed, &shape),
            Disk::honest(profile),
        )
    }
}

/// Explores a case that has to pass.
#[track_caller]
pub(crate) fn passes(case: &Case) -> CaseReport {
    let report = explore::run(case);
    assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
    report
}

/// Explores a few seeds and returns the oracles violated.
pub(crate) fn oracles(omit: Omit, disk: &str, errors: ErrorSweep) -> Vec<Oracle> {
    let mut oracles: Vec<Oracle> = (0..6)
        .flat_map(|seed| explore::run(&case(omit, disk, seed, errors)).violations)
        .map(|violation| violation.oracle)
        .collect();
    oracles.sort_unstable();
    oracles.dedup();
    oracles
}
