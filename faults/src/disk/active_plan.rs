//! A fault plan at work: it counts operations and says which are hit.

use globset::{Glob, GlobMatcher};

use super::request::Request;
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
        Self { faults }
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
        self.faults.iter().map(|active| active.fired).collect()
    }
}
