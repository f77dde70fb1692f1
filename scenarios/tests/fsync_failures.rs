//! Failed syncs: a store that goes on is caught under every model that makes it wrong, and a store that stops never is.

use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_scenarios::{Registry, calibration, fsync_failure_table};
use plimsoll_sim::calibrate::fsync_failures::try_failures;
use plimsoll_sim::case::{Case, ErrorSweep, Expect, Limits};

#[test]
fn every_conduct_gets_the_known_answer_under_every_model() {
    // One that marks pages clean by itself, and one that reverts them.
    let profiles =
        ["ext4-ordered", "btrfs"].map(|name| Profile::named(name).expect("the profile ships"));
    let table = fsync_failure_table(&profiles);
    assert_eq!(table.len(), 5 * 11);
    let wrong: Vec<String> = table
        .iter()
        .filter(|trial| !trial.holds())
        .map(|trial| {
            let first = trial
                .caught
                .first()
                .map(|caught| format!("{} on {}: {}", caught.plan, caught.disk, caught.oracle));
            format!(
                "{} under {}: {} of {} runs caught, expected {}: {}",
                trial.store,
                trial.model,
                trial.caught.len(),
                trial.runs,
                trial.expected,
                first.unwrap_or_default()
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The reference, with every sync failing in every way, on every disk.
#[test]
fn the_reference_keeps_its_promise_under_every_model() {
    let registry = Registry::shipped();
    let disks = calibration::disks();
    let mut wrong = Vec::new();
    for sut in ["reference-power", "reference-window"] {
        let case = Case {
            id: sut.to_owned(),
            sut: registry.sut(sut).expect("the mode is registered"),
            workload: [
                "put a 1",
                "snapshot",
                "put b 2*5000",
                "kill",
                "put c 3",
                "advance 2s",
            ]
            .map(|step| step.parse().expect("a step"))
            .to_vec(),
            plan: FaultPlan::none(),
            errors: ErrorSweep::None,
            damage: false,
            disk: disks[0].clone(),
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
        for trial in try_failures(&case, &disks, |_| false) {
            assert!(trial.runs >= 5 * 8, "{sut}: {} runs", trial.runs);
            for caught in &trial.caught {
                wrong.push(format!(
                    "{sut}: {} on {}: {}",
                    caught.plan, caught.disk, caught.oracle
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
