//! Every sync of a correct store is there for a reason. Dropping one, so that it returns success and does nothing, must show as a
//! violation on some disk; if it does not, either the explorer is blind or the sync is redundant.

use plimsoll_faults::plan::{Effect, Fault, FaultPlan, Occurrence, OpSelector};

use super::redundancy::Redundancy;
use crate::case::{Case, Disk};
use crate::explore::{Barrier, Deletions, Without};
use crate::oracle::Oracle;

/// A sync that was dropped, with those of the same file that follow it directly, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The faults that dropped it.
    pub plan: FaultPlan,
    /// What the sync was, and where, as the trace shows it.
    pub site: String,
    /// The disks on which it was noticed, with the oracle that did.
    pub noticed: Vec<(String, Oracle)>,
    /// The disks on which it was not, and why.
    pub redundant: Vec<(String, Redundancy)>,
    /// The disks on which it was noticed although it had been shown that nobody can: the harness contradicts itself.
    pub contradicted: Vec<(String, Redundancy)>,
    /// The disks on which no sync was dropped after all, or on which the run violates something with all its syncs: nothing is known of
    /// these.
    pub vacuous: Vec<String>,
}

impl Deletion {
    fn new(barrier: Barrier) -> Self {
        let drop = |index: usize| {
            let nth = Occurrence::Nth(index as u32 + 1);
            Fault::new(OpSelector::Sync, Effect::Drop).at(nth)
        };
        Self {
            plan: FaultPlan {
                faults: barrier.syncs.map(drop).collect(),
                ..FaultPlan::none()
            },
            site: barrier.site,
            noticed: Vec::new(),
            redundant: Vec::new(),
            contradicted: Vec::new(),
            vacuous: Vec::new(),
        }
    }

    /// Whether it is known why it was not noticed where it was not: because another disk needs it, or because on every disk
    /// nobody can tell the difference.
    pub fn is_explained(&self) -> bool {
        self.vacuous.is_empty()
            && self.contradicted.is_empty()
            && (!self.noticed.is_empty() || self.is_proven())
    }

    /// Whether it is shown, for every disk on which it was not noticed, that nobody can.
    pub fn is_proven(&self) -> bool {
        let mut reasons = self.redundant.iter();
        reasons.all(|(_, redundancy)| redundancy.is_proof())
    }

    /// Whether it was noticed on the disk of this name.
    pub fn is_noticed_on(&self, disk: &str) -> bool {
        self.noticed.iter().any(|(name, _)| name == disk)
    }
}

/// Drops each sync of a case's run on its own, on top of the case's plan, and explores the case on each of the disks. Syncs of one file that
/// follow each other directly are dropped together: one of them does what all of them cover.
///
/// Of a disk on which the case itself does not pass nothing is learnt.
pub fn delete_syncs(case: &Case, disks: &[Disk]) -> Vec<Deletion> {
    let barriers = Barrier::of(case).into_iter();
    let mut deletions: Vec<Deletion> = barriers.map(Deletion::new).collect();
    for disk in disks {
        let case = Case {
            disk: disk.clone(),
            ..case.clone().without_sweeps()
        };
        let mut run = Deletions::new(&case);
        for (index, deletion) in deletions.iter_mut().enumerate() {
            let mut plan = case.plan.clone();
            plan.faults
                .splice(0..0, deletion.plan.faults.iter().cloned());
            deletion.add(disk.name(), run.without(index, &plan));
        }
    }
    deletions
}

impl Deletion {
    /// Takes note of what came of it on a disk.
    fn add(&mut self, disk: String, without: Option<Without>) {
        let Some(Without {
            violated,
            redundancy,
        }) = without
        else {
            self.vacuous.push(disk);
            return;
        };
        match violated {
            None => self.redundant.push((disk, redundancy)),
            Some(oracle) => {
                if redundancy.is_proof() {
                    self.contradicted.push((disk.clone(), redundancy));
                }
                self.noticed.push((disk, oracle));
            }
        }
    }
}
