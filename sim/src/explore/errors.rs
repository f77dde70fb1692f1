//! The plans of an error sweep: fail operation 1, 2, 3 ... as SQLite's own tests do.

use plimsoll_faults::errno::Errno;
use plimsoll_faults::op_kind::OpKind;
use plimsoll_faults::plan::{Effect, Fault, FaultPlan, Occurrence, OpSelector, Position};

/// Operations that fail in a row where the error invites to try again for ever: a store may do so, and the run must end.
const RETRIED_MAX: u32 = 5;

/// What a client says that was not told of its success: it asked again, and by then it was done.
const LOST_REPLIES: &[(OpKind, Errno)] = &[
    (OpKind::Open, Errno::EEXIST),
    (OpKind::Rename, Errno::ENOENT),
    (OpKind::Link, Errno::EEXIST),
    (OpKind::Remove, Errno::ENOENT),
    (OpKind::CreateDir, Errno::EEXIST),
];

/// How often the chosen operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arity {
    Once,
    Times(u32),
    Always,
}

/// One way in which the nth operation fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct ErrorPlans {
    op: OpSelector,
    effect: Effect,
    arity: Arity,
}

impl ErrorPlans {
    fn new(op: OpSelector, errno: Errno, position: Position, arity: Arity) -> Self {
        Self {
            op,
            effect: Effect::Fail(errno, position),
            arity,
        }
    }

    /// The ways that are swept everywhere: every operation, with the errors that say most.
    pub(super) fn every(is_network: bool) -> Vec<Self> {
        // A full disk refuses what needs space, and nothing else.
        let all = [
            (OpSelector::Any, Errno::EIO),
            (OpSelector::Growing, Errno::ENOSPC),
        ];
        let mut plans = Vec::new();
        for (op, errno) in all {
            for arity in [Arity::Once, Arity::Always] {
                plans.push(Self::new(op, errno, Position::Before, arity));
            }
        }
        // Once only: where every operation took effect and said otherwise, no store could tell what it holds.
        let (op, errno) = all[0];
        for position in [Position::After, Position::Partial, Position::Late] {
            plans.push(Self::new(op, errno, position, Arity::Once));
        }
        if is_network {
            let lost = LOST_REPLIES.iter().map(|&(kind, errno)| {
                Self::new(OpSelector::Kind(kind), errno, Position::After, Arity::Once)
            });
            plans.extend(lost);
        }
        plans
    }

    /// Every error of every operation, before, amid and after the effect and late, once and again and again; and short transfers.
    pub(super) fn all() -> Vec<Self> {
        let mut plans = Vec::new();
        for &kind in OpKind::ALL {
            let op = OpSelector::Kind(kind);
            for &errno in kind.errnos() {
                for &position in Position::ALL {
                    if !kind.can_fail(errno, position) {
                        continue;
                    }
                    plans.push(Self::new(op, errno, position, Arity::Once));
                    if position == Position::Before {
                        let again = if errno.is_transient() {
                            Arity::Times(RETRIED_MAX)
                        } else {
                            Arity::Always
                        };
                        plans.push(Self::new(op, errno, position, again));
                    }
                }
            }
            if Effect::Short.applies_to(kind) {
                for arity in [Arity::Once, Arity::Always] {
                    let effect = Effect::Short;
                    plans.push(Self { op, effect, arity });
                }
            }
        }
        plans
    }

    /// The plan in which operation `number` fails, before everything else that goes wrong in `plan`.
    pub(super) fn with(self, plan: &FaultPlan, number: u32) -> FaultPlan {
        let fault = Fault::new(self.op, self.effect).at(match self.arity {
            Arity::Once => Occurrence::Nth(number),
            Arity::Times(times) => Occurrence::Between(number, number + times - 1),
            Arity::Always => Occurrence::From(number),
        });
        let mut plan = plan.clone();
        plan.faults.insert(0, fault);
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_table_is_swept_and_each_plan_can_fire() {
        let plans = ErrorPlans::all();
        for &kind in OpKind::ALL {
            for &errno in kind.errnos() {
                assert!(
                    plans.iter().any(|plan| plan.op == OpSelector::Kind(kind)
                        && matches!(plan.effect, Effect::Fail(swept, _) if swept == errno)),
                    "{kind} {errno}"
                );
            }
        }
        for plan in plans {
            let text = plan.with(&FaultPlan::none(), 3).to_string();
            assert!(text.parse::<FaultPlan>().is_ok(), "{text}");
        }
    }

    #[test]
    fn replies_are_lost_where_there_is_a_server() {
        let renames = |plans: Vec<ErrorPlans>| {
            let texts = plans
                .iter()
                .map(|plan| plan.with(&FaultPlan::none(), 3).to_string());
            texts
                .filter(|text| text.contains("rename #3 ENOENT after"))
                .count()
        };
        assert_eq!(renames(ErrorPlans::every(true)), 1);
        assert_eq!(renames(ErrorPlans::every(false)), 0);
        for &(kind, errno) in LOST_REPLIES {
            assert!(kind.errnos().contains(&errno), "{kind} {errno}");
            assert!(kind.can_fail(errno, Position::After), "{kind} {errno}");
        }
    }
}
