//! What becomes of a store when its syncs fail, one after the other, in every way that file systems have.
//!
//! A store that goes on as if nothing had happened must be caught under each model that makes it wrong, and a store that stops, or
//! writes from memory to a new place, under none.

use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::plan::{Effect, Fault, FaultPlan, Occurrence, OpSelector};

use crate::case::{Case, Disk, ErrorSweep};
use crate::explore;
use crate::oracle::Oracle;

/// A violation, and the failure that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// The plan that let a sync fail.
    pub plan: FaultPlan,
    /// The disk.
    pub disk: String,
    /// What did not hold.
    pub oracle: Oracle,
}

/// A store under one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The store.
    pub store: String,
    /// The model.
    pub model: FsyncFailure,
    /// The runs that were tried: one for each sync and disk.
    pub runs: usize,
    /// The violations, the first of each run.
    pub caught: Vec<Caught>,
    /// Whether there should be any.
    pub expected: bool,
}

impl Trial {
    /// Whether there are violations where there should be, and only there.
    pub const fn holds(&self) -> bool {
        self.caught.is_empty() != self.expected
    }
}

/// Lets each sync of a case's run fail on its own, in each way, on each of the disks. `is_wrong` says under which models the store's
/// conduct is wrong.
pub fn try_failures(
    case: &Case,
    disks: &[Disk],
    is_wrong: impl Fn(FsyncFailure) -> bool,
) -> Vec<Trial> {
    let syncs = explore::sync_sites(case).len() as u32;
    FsyncFailure::ALL
        .iter()
        .map(|&model| {
            let mut trial = Trial {
                store: case.sut.name().to_owned(),
                model,
                runs: 0,
                caught: Vec::new(),
                expected: is_wrong(model),
            };
            for number in 1..=syncs {
                for disk in disks {
                    trial.runs += 1;
                    trial.caught.extend(try_one(case, disk, model, number));
                }
            }
            trial
        })
        .collect()
}

fn try_one(case: &Case, disk: &Disk, model: FsyncFailure, number: u32) -> Option<Caught> {
    let effect = Effect::FailSync(model.errno(), model);
    let nth = Occurrence::Nth(number);
    let plan = FaultPlan::one(Fault::new(OpSelector::Sync, effect).at(nth));
    let oracles = explore::violated(&Case {
        id: format!("{} {plan}", case.id),
        plan: plan.clone(),
        errors: ErrorSweep::None,
        disk: disk.clone(),
        ..case.clone()
    });
    oracles.first().map(|&oracle| Caught {
        plan,
        disk: disk.name(),
        oracle,
    })
}
