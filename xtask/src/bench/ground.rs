//! Worlds in which everything holds.

use anyhow::{Context, ensure};
use plimsoll_faults::crash::Bounds;
use plimsoll_faults::profile::Profile;
use plimsoll_scenarios::systems;
use plimsoll_sim::trial::run::{Ground, Outcome, run};
use plimsoll_sim::trial::script::Script;

/// A system that ships, on a disk that ships; of what a loss of power may leave one state is enough.
pub(super) fn ground(system: &str, disk: &str) -> anyhow::Result<Ground> {
    let all = systems::shipped();
    let system = all.into_iter().find(|known| known.name() == system);
    Ok(Ground {
        system: system.context("the system ships")?,
        profile: Profile::named(disk).context("the disk ships")?,
        crash_states: Bounds {
            exhaustive: 1,
            samples: 0,
        },
    })
}

/// Runs a world, and makes sure that everything holds in it.
pub(super) fn run_held(ground: &Ground, script: &Script, seed: u64) -> anyhow::Result<Outcome> {
    let outcome = run(ground, script, seed, None, false)?;
    ensure!(
        outcome.findings.is_empty(),
        "seed {seed}: {:?}",
        outcome.findings
    );
    Ok(outcome)
}
