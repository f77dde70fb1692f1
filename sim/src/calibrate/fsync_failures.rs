//! What becomes of a store when its syncs fail, one after the other, in every way that file systems have.
//!
//! A store that goes on as if nothing had happened must be caught under each model that makes it wrong, and a store that stops, or
//! writes from memory to a new place, under none.
//!
//! Under [F6](FsyncFailure::F6) there is nothing to be right or wrong about: the sync returns success, every read shows what was
//! written, and no later call returns an error, to whatever handle. No store can know, so none is blamed; what it promised meanwhile
//! is judged as on a lying disk.

use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::plan::{Effect, Fault, FaultPlan, Occurrence, OpSelector};

use super::answer::Answer;
use crate::case::{Case, Disk};
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
    /// Where no store can know: the violations of the same runs when the store is held to what it acknowledged, as on a lying disk.
    pub lying: Vec<Caught>,
    /// The runs in which no sync failed after all, as plan and disk.
    pub vacuous: Vec<(FaultPlan, String)>,
    /// What should come of it.
    pub expected: Answer,
}

impl Trial {
    /// Whether the failures were there, and there are violations where there should be, and only there.
    pub const fn holds(&self) -> bool {
        let is_tried = self.runs > 0 && self.vacuous.is_empty();
        is_tried
            && match self.expected {
                Answer::Caught => !self.caught.is_empty(),
                Answer::Clean => self.caught.is_empty(),
                Answer::Unknowable => self.caught.is_empty() && !self.lying.is_empty(),
            }
    }
}

/// Lets each sync of a case's run fail on its own, in each way, on each of the disks. `answer` says what should come of it.
pub fn try_failures(
    case: &Case,
    disks: &[Disk],
    answer: impl Fn(FsyncFailure) -> Answer,
) -> Vec<Trial> {
    let syncs = explore::op_log(case)
        .iter()
        .filter(|entry| entry.kind.is_sync())
        .count() as u32;
    FsyncFailure::ALL
        .iter()
        .map(|&model| {
            let mut trial = Trial {
                store: case.sut.name().to_owned(),
                model,
                runs: 0,
                caught: Vec::new(),
                lying: Vec::new(),
                vacuous: Vec::new(),
                expected: answer(model),
            };
            for number in 1..=syncs {
                for disk in disks {
                    trial.run(case, disk, number);
                }
            }
            trial
        })
        .collect()
}

impl Trial {
    /// Lets sync `number` fail on a disk.
    fn run(&mut self, case: &Case, disk: &Disk, number: u32) {
        self.runs += 1;
        let effect = Effect::FailSync(self.model.errno(), self.model);
        let caught = self.run_with(effect, case, disk, number);
        self.caught.extend(caught);
        if self.expected == Answer::Unknowable {
            let caught = self.run_with(Effect::Drop, case, disk, number);
            self.lying.extend(caught);
        }
    }

    fn run_with(
        &mut self,
        effect: Effect,
        case: &Case,
        disk: &Disk,
        number: u32,
    ) -> Option<Caught> {
        let nth = Occurrence::Nth(number);
        let plan = FaultPlan::one(Fault::new(OpSelector::Sync, effect).at(nth));
        let probe = explore::probe(&Case {
            id: format!("{} {plan}", case.id),
            plan: plan.clone(),
            disk: disk.clone(),
            ..case.clone().without_sweeps()
        });
        if !probe.unfired.is_empty() {
            self.vacuous.push((plan, disk.name()));
            return None;
        }
        probe.violated.first().map(|&oracle| Caught {
            plan,
            disk: disk.name(),
            oracle,
        })
    }
}
