//! Cases from bytes: a fuzzer chooses workload, faults, disk, kinds of crash and what is sampled.
//!
//! The faults are such that a correct store passes. What no store survives is taken out of them: syncs that lie, and errors that
//! say of a directory sync that there is nothing to sync. Errors that invite to try again come once.

use std::sync::Arc;

use arbitrary::{Arbitrary, Result, Unstructured};
use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::errno::Errno;
use plimsoll_faults::plan::{Effect, Fault, FaultPlan, Occurrence, Position, Scope};
use plimsoll_faults::profile::Profile;

use crate::case::{Case, Disk, ErrorSweep, Expect, Limits};
use crate::explore;
use crate::report::{CaseReport, Verdict};
use crate::sut::Sut;
use crate::workload::Steps;

/// The case that bytes stand for. Bytes that run out read as zeros, so that any do.
///
/// # Errors
/// None that is known of; `arbitrary` reserves the right.
pub fn case(sut: Arc<dyn Sut>, bytes: &[u8]) -> Result<Case> {
    let mut u = Unstructured::new(bytes);
    let shipped = Profile::shipped();
    let profile = Arc::clone(u.choose(&shipped)?);
    let honest = profile.honest_crashes();
    let kinds: Vec<CrashKind> = match u.int_in_range(0..=3)? {
        0 => vec![*u.choose(&honest)?],
        _ => honest,
    };
    let limits = Limits {
        exhaustive_states: u.int_in_range(1..=64)?,
        samples: u.int_in_range(0..=16)?,
        depth: u.int_in_range(0..=2)?,
        nested_states: 8,
        states_max: 100_000,
        sweep_one_in: 1,
    };
    let seed = u.arbitrary()?;
    let workload = Steps::arbitrary(&mut u)?.0;
    let mut plan = FaultPlan::arbitrary(&mut u)?;
    plan.faults = plan.faults.into_iter().map(fair).collect();
    let disk = Disk { profile, kinds };
    Ok(Case {
        id: format!("fuzz@{}", disk.name()),
        sut,
        workload,
        plan,
        errors: ErrorSweep::None,
        fsync_failures: Vec::new(),
        damage: false,
        unkept: Vec::new(),
        targets: vec![disk.clone()],
        disk,
        expect: Expect::Pass,
        limits,
        seed,
    })
}

/// The same fault as far as a correct store can be asked to survive it, and to end.
fn fair(mut fault: Fault) -> Fault {
    fault.effect = match fault.effect {
        Effect::Drop => Effect::Fail(Errno::EIO, Position::Before),
        Effect::Fail(Errno::EINVAL | Errno::EOPNOTSUPP, position) => {
            Effect::Fail(Errno::EIO, position)
        }
        // Nobody is interrupted who has been served: the error would be taken for an invitation to do it again.
        Effect::Fail(errno, Position::Partial | Position::After | Position::Late)
            if errno.is_transient() =>
        {
            Effect::Fail(errno, Position::Before)
        }
        Effect::FailSync(Errno::EINVAL | Errno::EOPNOTSUPP, model) => {
            Effect::FailSync(model.errno(), model)
        }
        effect => effect,
    };
    if matches!(fault.effect, Effect::Fail(errno, _) | Effect::FailSync(errno, _) if errno.is_transient())
    {
        fault.scope = Scope::Operation;
        fault.when.chance = None;
        fault.occurrence = match fault.occurrence {
            Occurrence::Every => Occurrence::Nth(1),
            Occurrence::From(first) => Occurrence::Nth(first),
            bounded => bounded,
        };
    }
    fault
}

/// Explores the case that bytes stand for. There is no report where they stand for none.
///
/// # Errors
/// The report, where the store violates anything.
pub fn check(
    sut: Arc<dyn Sut>,
    bytes: &[u8],
) -> std::result::Result<Option<CaseReport>, Box<CaseReport>> {
    // Bytes that are no case are none of the store's business.
    let Ok(case) = case(sut, bytes) else {
        return Ok(None);
    };
    let report = explore::run(&case);
    match report.verdict {
        Verdict::Passed | Verdict::Vacuous | Verdict::Limit => Ok(Some(report)),
        _ => Err(Box::new(report)),
    }
}
