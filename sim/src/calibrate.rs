//! How much of a store's caution the explorer notices when it is taken away.
//!
//! Every sync of a correct store is there for a reason. Dropping one, so that it returns success and does nothing, must show as a
//! violation on some disk; if it does not, either the explorer is blind or the sync is redundant.

use plimsoll_faults::plan::{Effect, Fault, FaultPlan, Occurrence, OpSelector};

use crate::case::{Case, Disk, ErrorSweep};
use crate::explore;
use crate::oracle::Oracle;

/// A sync that was dropped, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The plan that dropped it.
    pub plan: FaultPlan,
    /// What the sync was, and where, as the trace shows it.
    pub site: String,
    /// The disks on which it was noticed, with the oracle that did.
    pub noticed: Vec<(String, Oracle)>,
}

/// Drops each sync of a case's run on its own, and explores the case on each of the disks.
///
/// The case itself must pass on all of them. Ends when a run has no further sync to drop.
pub fn delete_syncs(case: &Case, disks: &[Disk]) -> Vec<Deletion> {
    let sites = explore::sync_sites(case);
    sites
        .into_iter()
        .enumerate()
        .map(|(index, site)| {
            let nth = Occurrence::Nth(index as u32 + 1);
            let plan = FaultPlan::one(Fault::new(OpSelector::Sync, Effect::Drop).at(nth));
            let noticed = disks
                .iter()
                .filter_map(|disk| {
                    let oracles = explore::violated(&Case {
                        id: format!("{} without {site}", case.id),
                        plan: plan.clone(),
                        errors: ErrorSweep::None,
                        disk: disk.clone(),
                        ..case.clone()
                    });
                    oracles.first().map(|&oracle| (disk.name(), oracle))
                })
                .collect();
            Deletion {
                plan,
                site,
                noticed,
            }
        })
        .collect()
}
