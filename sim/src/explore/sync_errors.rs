//! The plans of a sweep over the ways in which syncs fail.

use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::plan::{Effect, Fault, FaultPlan, Occurrence, OpSelector};

/// The plan in which sync `number` fails in this way, before everything else that goes wrong in `plan`.
pub(super) fn sync_fails(plan: &FaultPlan, number: u32, model: FsyncFailure) -> FaultPlan {
    let effect = Effect::FailSync(model.errno(), model);
    let mut failing = plan.clone();
    let fault = Fault::new(OpSelector::Sync, effect).at(Occurrence::Nth(number));
    failing.faults.insert(0, fault);
    failing
}
