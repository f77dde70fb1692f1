//! Everything that goes wrong on a disk at run time: the plan at work, and what its faults have left to come.

use std::collections::BTreeMap;

use super::active_plan::ActivePlan;
use super::clock::SimClock;
use super::deferral::Deferral;
use super::space::ActiveSpaces;
use crate::errno::Errno;
use crate::image::Ino;
use crate::object_target::ObjectTarget;
use crate::plan::{FaultPlan, Phase};
use crate::rng::Rng;

/// A write that is done again after the next change of its file.
#[derive(Clone, Debug)]
pub(super) struct Replay {
    pub(super) ino: Ino,
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

/// The troubles of a disk.
#[derive(Debug)]
pub(super) struct Troubles {
    pub(super) plan: ActivePlan,
    pub(super) spaces: ActiveSpaces,
    /// The object target that the fault is about which hits the operation at hand, where it is about one.
    pub(super) target: Option<ObjectTarget>,
    /// Errors that the next write, sync or close of a file reports.
    pub(super) late: BTreeMap<Ino, Errno>,
    /// Writes still to be done again.
    pub(super) replays: Vec<Replay>,
    /// What the store is doing.
    pub(super) phase: Phase,
    /// What delays are charged to.
    pub(super) clock: Option<SimClock>,
    /// Whether whoever asks for an operation is told first how long it is kept waiting.
    pub(super) deferral: Deferral,
    /// The operation that never returns.
    pub(super) hung: Option<String>,
    /// Entries in the log when bytes were first damaged.
    pub(super) damaged_at: Option<usize>,
    /// Where damage is drawn from.
    pub(super) rng: Rng,
}

impl Default for Troubles {
    fn default() -> Self {
        Self::new(&FaultPlan::none(), 0)
    }
}

impl Troubles {
    pub(super) fn new(plan: &FaultPlan, seed: u64) -> Self {
        Self {
            plan: ActivePlan::new(plan, seed),
            spaces: ActiveSpaces::new(&plan.spaces),
            target: None,
            late: BTreeMap::new(),
            replays: Vec::new(),
            phase: Phase::default(),
            clock: None,
            deferral: Deferral::default(),
            hung: None,
            damaged_at: None,
            rng: Rng::stream(seed, "damage"),
        }
    }

    /// Whether nothing can become of an operation but what was asked for, as far as it is not for want of space.
    pub(super) fn are_none(&self) -> bool {
        self.plan.is_empty()
            && self.late.is_empty()
            && self.target.is_none()
            && matches!(self.deferral, Deferral::Off | Deferral::Asked)
    }

    /// How often each fault and each limit of the plan took effect, in its order.
    pub(super) fn fired(&self) -> Vec<u32> {
        self.plan.fired().chain(self.spaces.refused()).collect()
    }
}
