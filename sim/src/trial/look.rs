//! A world, and all that is known of it.

use super::judge::Finding;
use super::run::{Ground, Outcome, run};
use super::script::Script;
use super::sweep::{CrashPoint, Images, Sweep, sweep};
use crate::oracle::Oracle;
use crate::world::{Schedule, WorldError};

/// How a world is looked at.
#[derive(Clone, Debug, Default)]
pub struct Manner {
    /// Where every decision comes from that the schedule does not hold.
    pub seed: u64,
    /// The decisions of an earlier run.
    pub schedule: Option<Schedule>,
    /// Whether events are kept as text.
    pub is_traced: bool,
    /// Whether it is crashed at every position of its op logs, too.
    pub is_swept: bool,
}

/// What came of a world.
#[derive(Debug)]
pub struct Look {
    /// The world.
    pub outcome: Outcome,
    /// Its other crashes, where they were asked for.
    pub sweep: Option<Sweep>,
}

/// An oracle that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// In which life.
    pub life: usize,
    /// What does not hold.
    pub finding: Finding,
    /// The crash that shows it, where it is none that happened in the world.
    pub crash: Option<CrashPoint>,
}

/// Runs a script, and looks at it in this manner.
///
/// # Errors
/// [`WorldError::NotSimulated`]: the build has no simulated runtime, and nothing was run.
pub fn look(
    ground: &Ground,
    script: &Script,
    manner: Manner,
    images: &mut Images,
) -> Result<Look, WorldError> {
    let Manner {
        seed,
        schedule,
        is_traced,
        is_swept,
    } = manner;
    let outcome = run(ground, script, seed, schedule, is_traced)?;
    let sweep = is_swept.then(|| sweep(ground, script, &outcome, images));
    Ok(Look { outcome, sweep })
}

impl Look {
    /// What does not hold: first what the world showed, then what its other crashes do.
    pub fn violations(&self) -> Vec<Violation> {
        let shown = self.outcome.findings.iter();
        let shown = shown.map(|(life, finding)| Violation {
            life: *life,
            finding: finding.clone(),
            crash: None,
        });
        let swept = self.sweep.iter().flat_map(|sweep| sweep.findings.values());
        let swept = swept.map(|swept| Violation {
            life: swept.life,
            finding: swept.finding.clone(),
            crash: Some(swept.crash.clone()),
        });
        shown.chain(swept).collect()
    }

    /// The first violation of an oracle.
    pub fn violation(&self, oracle: Oracle) -> Option<Violation> {
        let mut violations = self.violations().into_iter();
        violations.find(|violation| violation.finding.oracle == oracle)
    }
}
