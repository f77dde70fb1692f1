//! Seeds that are run a second time, and have to do the same.

use super::hunt::TrialCase;
use super::judge::Finding;
use super::look::Look;
use super::run::run;
use super::script::Script;
use super::sweep::{Images, Sweep, sweep};
use crate::world::{Difference, WorldError, first_difference};

/// Pairs of runs that are traced to see where a system that is not deterministic differs.
const TRACED_PAIRS: u32 = 4;

/// Two runs of one seed that differ.
#[derive(Debug)]
pub struct Nondeterminism {
    /// The seed.
    pub seed: u64,
    /// How they differ.
    pub how: Differing,
}

/// How two runs of one seed differ.
#[derive(Debug)]
pub enum Differing {
    /// In what happened, beginning with this event.
    Event(Difference),
    /// In what happened, though no event shows where.
    Unseen,
    /// One of them showed this and the other did not.
    Vanished(Finding),
    /// In what their crashes leave, or in what the system makes of it when it is started there.
    Crashes,
}

/// Runs a seed again, by its recorded schedule, and says whether it did anything else; `and_crashes` asks that of its sweep, too, which is made
/// again without anything that was remembered.
pub(super) fn differs(
    case: &TrialCase,
    script: &Script,
    seed: u64,
    look: &Look,
    and_crashes: bool,
) -> Result<Option<Nondeterminism>, WorldError> {
    let outcome = &look.outcome;
    let schedule = Some(outcome.run.schedule.clone());
    let again = run(&case.ground, script, seed, schedule, false)?;
    if again.run.fingerprint != outcome.run.fingerprint || again.run.diverged > 0 {
        let how = where_it_differs(case, script, seed)?;
        return Ok(Some(Nondeterminism { seed, how }));
    }
    let Some(first) = look.sweep.as_ref().filter(|_| and_crashes) else {
        return Ok(None);
    };
    let second = sweep(&case.ground, script, &again, &mut Images::default());
    Ok((!is_alike(first, &second)).then_some(Nondeterminism {
        seed,
        how: Differing::Crashes,
    }))
}

/// Whether two sweeps came to the same; which images were new to them is a matter of what was swept before.
fn is_alike(first: &Sweep, second: &Sweep) -> bool {
    let counts = |sweep: &Sweep| {
        let Sweep {
            crash_points,
            states,
            images: _,
            starts,
            start_states,
            is_limited,
            left_out,
            findings: _,
            fingerprint,
        } = sweep;
        let numbers = [*crash_points, *states, *starts, *start_states, *left_out];
        (numbers, *is_limited, *fingerprint)
    };
    counts(first) == counts(second) && first.findings == second.findings
}

fn where_it_differs(case: &TrialCase, script: &Script, seed: u64) -> Result<Differing, WorldError> {
    let traced = || {
        let again = run(&case.ground, script, seed, None, true)?;
        Ok(again.run.events.unwrap_or_default())
    };
    // What differs now and then only may be alike twice.
    for _ in 0..TRACED_PAIRS {
        if let Some(difference) = first_difference(&traced()?, &traced()?) {
            return Ok(Differing::Event(difference));
        }
    }
    Ok(Differing::Unseen)
}
