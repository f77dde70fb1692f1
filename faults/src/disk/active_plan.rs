//! A fault plan at work: it counts operations and says which are hit.

use globset::{Glob, GlobMatcher};

use crate::op_kind::OpKind;
use crate::plan::{Effect, Fault, FaultPlan};

/// A plan with its counters.
#[derive(Clone, Debug, Default)]
pub(super) struct ActivePlan {
    faults: Vec<ActiveFault>,
}

#[derive(Clone, Debug)]
struct ActiveFault {
    fault: Fault,
    path: Option<GlobMatcher>,
    selected: u32,
    fired: u32,
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
        Self { faults }
    }

    /// What happens to this operation. Every fault counts it; the first that hits decides.
    pub(super) fn decide(
        &mut self,
        kind: OpKind,
        path: &str,
        second: Option<&str>,
    ) -> Option<Effect> {
        let mut decision = None;
        for active in &mut self.faults {
            if !active.fault.op.matches(kind) {
                continue;
            }
            if let Some(pattern) = &active.path
                && !pattern.is_match(path)
                && !second.is_some_and(|second| pattern.is_match(second))
            {
                continue;
            }
            if active.fault.effect == Effect::Drop && !kind.is_sync() {
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
        self.faults.iter().map(|active| active.fired).collect()
    }
}
