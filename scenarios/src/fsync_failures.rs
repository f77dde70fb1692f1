//! The known answers for failed syncs: every conduct under every model, with what is right.

use std::sync::Arc;

use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::calibrate::fsync_failures::{Trial, try_failures};
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Expect, Limits};

use crate::specimens::fsync_failure::{Conduct, FailingLog};

/// A store that stopped goes on after a restart.
const STEPS: [&str; 7] = [
    "put a 1", "put b 2", "put c 3", "kill", "put d 4", "kill", "put e 5",
];

/// Tries every conduct under every model on these profiles: one row for each conduct and model.
///
/// A test holds every row to what is expected of it; the command line prints them.
pub fn fsync_failure_table(profiles: &[Arc<Profile>]) -> Vec<Trial> {
    let disks: Vec<Disk> = profiles
        .iter()
        .map(|profile| Disk {
            profile: Arc::clone(profile),
            kinds: profile.honest_crashes(),
        })
        .collect();
    let Some(first) = disks.first() else {
        return Vec::new();
    };
    Conduct::ALL
        .iter()
        .flat_map(|&conduct| {
            let case = Case {
                id: format!("fsync failures {}", conduct.name()),
                sut: Arc::new(FailingLog::new(conduct)),
                workload: STEPS
                    .iter()
                    .map(|step| step.parse().expect("the steps are tested"))
                    .collect(),
                plan: FaultPlan::none(),
                errors: ErrorSweep::None,
                damage: false,
                disk: first.clone(),
                unkept: Vec::new(),
                targets: Vec::new(),
                expect: Expect::Pass,
                limits: Limits {
                    depth: 1,
                    nested_states: 8,
                    exhaustive_states: 64,
                    samples: 16,
                    ..Limits::default()
                },
                seed: 1,
            };
            try_failures(&case, &disks, |model| conduct.is_wrong_under(model))
        })
        .collect()
}
