//! The plans of an error sweep: fail operation 1, 2, 3 ... as SQLite's own tests do.

use plimsoll_faults::errno::Errno;
use plimsoll_faults::plan::{Effect, Fault, FaultPlan, Occurrence, OpSelector, Position};

/// One way in which the nth operation fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct ErrorPlans {
    errno: Errno,
    position: Position,
    persistent: bool,
}

impl ErrorPlans {
    /// Every way that is swept.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let before = [Errno::EIO, Errno::ENOSPC].into_iter().flat_map(|errno| {
            [false, true].into_iter().map(move |persistent| Self {
                errno,
                position: Position::Before,
                persistent,
            })
        });
        // Once only: where every operation took effect and said otherwise, no store could tell what it holds.
        let after = Self {
            errno: Errno::EIO,
            position: Position::After,
            persistent: false,
        };
        before.chain([after])
    }

    /// The plan in which operation `number` fails, before everything else that goes wrong in `plan`.
    pub(super) fn with(self, plan: &FaultPlan, number: u32) -> FaultPlan {
        let op = match self.errno {
            // A full disk refuses what needs space, and nothing else.
            Errno::ENOSPC => OpSelector::Growing,
            _ => OpSelector::Any,
        };
        let mut faults = vec![Fault {
            op,
            path: None,
            occurrence: if self.persistent {
                Occurrence::From(number)
            } else {
                Occurrence::Nth(number)
            },
            effect: Effect::Fail(self.errno, self.position),
        }];
        faults.extend(plan.faults.iter().cloned());
        FaultPlan {
            faults,
            writebacks: plan.writebacks.clone(),
        }
    }
}
