//! Every sync of a correct store is there for a reason. Dropping one, so that it returns success and does nothing, must show as a
//! violation on some disk; if it does not, either the explorer is blind or the sync is redundant.

use plimsoll_faults::plan::{Effect, Fault, FaultPlan, Occurrence, OpSelector};

use super::redundancy::Redundancy;
use crate::case::{Case, Disk};
use crate::explore;
use crate::oracle::Oracle;

/// A sync that was dropped, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The fault that dropped it.
    pub plan: FaultPlan,
    /// What the sync was, and where, as the trace shows it.
    pub site: String,
    /// The disks on which it was noticed, with the oracle that did.
    pub noticed: Vec<(String, Oracle)>,
    /// The disks on which it was not, and why.
    pub redundant: Vec<(String, Redundancy)>,
    /// The disks on which no sync was dropped after all: nothing is known of these.
    pub vacuous: Vec<String>,
}

impl Deletion {
    /// Whether it is known why it was not noticed where it was not: because another disk needs it, or because on every disk
    /// another operation does the same.
    pub fn is_explained(&self) -> bool {
        let is_proven = || {
            self.redundant
                .iter()
                .all(|(_, redundancy)| redundancy.is_proof())
        };
        self.vacuous.is_empty() && (!self.noticed.is_empty() || is_proven())
    }

    /// Whether it was noticed on the disk of this name.
    pub fn is_noticed_on(&self, disk: &str) -> bool {
        self.noticed.iter().any(|(name, _)| name == disk)
    }
}

/// Drops each sync of a case's run on its own, on top of the case's plan, and explores the case on each of the disks.
///
/// The case itself must pass on all of them. Ends when a run has no further sync to drop.
pub fn delete_syncs(case: &Case, disks: &[Disk]) -> Vec<Deletion> {
    explore::sync_sites(case)
        .into_iter()
        .enumerate()
        .map(|(index, site)| delete_sync(case, disks, index, site))
        .collect()
}

fn delete_sync(case: &Case, disks: &[Disk], index: usize, site: String) -> Deletion {
    let nth = Occurrence::Nth(index as u32 + 1);
    let dropped = FaultPlan::one(Fault::new(OpSelector::Sync, Effect::Drop).at(nth));
    let mut plan = case.plan.clone();
    plan.faults.splice(0..0, dropped.faults.iter().cloned());
    let mut noticed = Vec::new();
    let mut redundant = Vec::new();
    let mut vacuous = Vec::new();
    for disk in disks {
        let probe = explore::probe(&Case {
            id: format!("{} without {site}", case.id),
            plan: plan.clone(),
            disk: disk.clone(),
            ..case.clone().without_sweeps()
        });
        if !probe.unfired.is_empty() {
            vacuous.push(disk.name());
            continue;
        }
        match probe.violated.first() {
            Some(&oracle) => noticed.push((disk.name(), oracle)),
            None => redundant.push((disk.name(), explore::redundancy(case, disk, index))),
        }
    }
    Deletion {
        plan: dropped,
        site,
        noticed,
        redundant,
        vacuous,
    }
}
