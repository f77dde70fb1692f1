//! A fault plan at work: it counts operations and says which are hit.

use globset::{Glob, GlobMatcher};

use super::active_writeback::{ActiveWriteback, write_back};
use super::request::Request;
use crate::fsync_failure::FsyncFailure;
use crate::image::Ino;
use crate::plan::{Effect, Fault, FaultPlan};

/// A plan with its counters.
#[derive(Clone, Debug, Default)]
pub(super) struct ActivePlan {
    faults: Vec<ActiveFault>,
    writebacks: Vec<ActiveWriteback>,
}

#[derive(Clone, Debug)]
struct ActiveFault {
    fault: Fault,
    path: Option<GlobMatcher>,
    selected: u32,
    fired: u32,
}

impl ActiveFault {
    fn selects(&self, request: &Request<'_>) -> bool {
        let on_path = self.path.as_ref().is_none_or(|pattern| {
            pattern.is_match(request.path)
                || request
                    .second
                    .is_some_and(|second| pattern.is_match(second))
        });
        on_path
            && self.fault.op.matches(request.kind)
            && self.fault.effect.applies_to(request.kind)
            && (!self.fault.effect.halves() || request.moves >= 2)
    }
}

impl ActivePlan {
    pub(super) fn new(plan: &FaultPlan) -> Self {
        let faults = plan
            .faults
            .iter()
            .map(|fault| ActiveFault {
                path: fault.path.as_deref().map(|pattern| {
                    Glob::new(pattern)
                        .expect("patterns are checked when a plan is parsed")
                        .compile_matcher()
                }),
                fault: fault.clone(),
                selected: 0,
                fired: 0,
            })
            .collect();
        Self {
            faults,
            writebacks: plan.writebacks.iter().map(ActiveWriteback::new).collect(),
        }
    }

    /// What happens to this operation. Every fault counts it; the first that hits decides.
    pub(super) fn decide(&mut self, request: &Request<'_>) -> Option<Effect> {
        let mut decision = None;
        for active in &mut self.faults {
            if !active.selects(request) {
                continue;
            }
            active.selected += 1;
            if decision.is_none() && active.fault.occurrence.matches(active.selected) {
                active.fired += 1;
                decision = Some(active.fault.effect);
            }
        }
        decision
    }

    /// How often each fault took effect, in the order of the plan.
    pub(super) fn fired(&self) -> Vec<u32> {
        let writebacks = self.writebacks.iter().map(|active| active.fired);
        let faults = self.faults.iter().map(|active| active.fired);
        faults.chain(writebacks).collect()
    }

    /// Whether nothing can go wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.writebacks.is_empty()
    }

    /// Whether blocks may fail on their own.
    pub(super) fn has_writebacks(&self) -> bool {
        !self.writebacks.is_empty()
    }

    /// Writes blocks of a file back. Returns those that fail, and how if the plan says.
    pub(super) fn write_back(
        &mut self,
        path: &str,
        ino: Ino,
        blocks: &[u64],
    ) -> Option<(Vec<u64>, Option<FsyncFailure>)> {
        write_back(&mut self.writebacks, path, ino, blocks)
    }
}
