//! What the benchmarks are about: a store, a disk and a workload.

use std::sync::Arc;

use anyhow::{Context, Error};
use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Expect, Limits};
use plimsoll_sim::command::{Command, Mutation};

use crate::catalogue::Catalogue;

/// The store that syncs before each acknowledgement: little is pending at any time.
pub(super) const SYNCING: &str = "reference-power";

/// The store that leaves syncing to the operating system: a lot is pending.
pub(super) const NOT_SYNCING: &str = "reference-process";

/// The disk that orders nothing.
pub(super) const DISK: &str = "posix-minimal";

/// Keys of the workload, length of its values, and puts between snapshots.
const KEYS: usize = 8;
pub(super) const VALUE_LEN: usize = 64;
const PUTS_PER_SNAPSHOT: usize = 10;

/// A case of so many commands.
pub(super) fn case(catalogue: &Catalogue, sut: &str, commands: usize) -> anyhow::Result<Case> {
    Ok(Case {
        id: format!("bench/{sut}-{commands}"),
        sut: catalogue.sut(sut).map_err(Error::msg)?,
        workload: workload(commands),
        plan: FaultPlan::none(),
        errors: ErrorSweep::None,
        damage: false,
        disk: Disk {
            profile: profile()?,
            kinds: CrashKind::HONEST.to_vec(),
        },
        unkept: Vec::new(),
        targets: Vec::new(),
        expect: Expect::Pass,
        limits: Limits::default(),
        seed: 0,
    })
}

fn profile() -> anyhow::Result<Arc<Profile>> {
    Profile::named(DISK).context("the profile does not ship")
}

/// `commands` commands: puts, and a snapshot after each tenth.
pub(super) fn workload(commands: usize) -> Vec<Command> {
    let mut puts = 0;
    (1..=commands)
        .map(|position| {
            if position.is_multiple_of(PUTS_PER_SNAPSHOT + 1) {
                return Command::Snapshot;
            }
            puts += 1;
            let mut value = format!("{puts}.").into_bytes();
            value.resize(VALUE_LEN, b'v');
            Command::Write(Mutation::Put {
                key: format!("k{}", puts % KEYS).into_bytes(),
                value,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_eleventh_command_is_a_snapshot() {
        let workload = workload(22);
        let snapshots: Vec<usize> = workload
            .iter()
            .enumerate()
            .filter(|(_, command)| **command == Command::Snapshot)
            .map(|(index, _)| index)
            .collect();
        assert_eq!(snapshots, [10, 21]);
        let mutations: Vec<&Mutation> = workload.iter().flat_map(Command::mutations).collect();
        assert_eq!(mutations.len(), 20);
        for mutation in mutations {
            let Mutation::Put { value, .. } = mutation else {
                panic!("only puts: {mutation}");
            };
            assert_eq!(value.len(), VALUE_LEN);
        }
    }
}
