//! Trials of many seeds.

use std::collections::{BTreeMap, BTreeSet};

use super::draw::{Shape, script};
use super::family::Family;
use super::judge::Finding;
use super::look::{Look, Manner, Violation, look};
use super::met::met;
use super::run::{Ground, is_complete};
use super::script::Script;
use super::shrink::shrink;
use super::sweep::{CrashPoint, Images, Sweep};
use super::twice::differs;
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::oracle::Oracle;
use crate::world::{Event, Schedule, WorldError};

pub use super::twice::{Differing, Nondeterminism};

/// Worlds in which every family of a case has to come at least once.
pub const WORLDS_TO_MEET: u64 = 100;

/// Images of which the system has to be started on one at least. One in 16 is meant for that: that there is none among so many has a chance
/// below one in 10^14.
const IMAGES_TO_START: u64 = 512;

/// A system, what may happen to it, and how often it is tried.
#[derive(Clone)]
pub struct TrialCase {
    /// What reports call it.
    pub id: String,
    /// The system and its disk.
    pub ground: Ground,
    /// What scripts are made of.
    pub shape: Shape,
    /// The first seed.
    pub first_seed: u64,
    /// Number of seeds, one after the other.
    pub seeds: u64,
    /// Oracles that are expected not to hold; the hunt ends with the first seed that shows one.
    pub expected: Vec<Oracle>,
    /// Oracles that may not hold either, and end no hunt: what a bug shows that others show, too.
    pub beside: Vec<Oracle>,
    /// Every so many seeds are run twice, and every so many of those that are swept are swept twice.
    pub twice_every: u64,
    /// Every so many seeds are crashed at every position of their op logs; 0 for none.
    pub sweep_every: u64,
}

impl TrialCase {
    /// Whether an oracle is allowed not to hold.
    pub fn allows(&self, oracle: Oracle) -> bool {
        self.expected.contains(&oracle) || self.beside.contains(&oracle)
    }
}

/// An oracle that does not hold, and how to see it again.
#[derive(Debug)]
pub struct Trophy {
    /// The seed.
    pub seed: u64,
    /// Which life of it.
    pub life: usize,
    /// What does not hold.
    pub finding: Finding,
    /// The crash that shows it, where it is none that happened in the world.
    pub crash: Option<CrashPoint>,
    /// The smallest script that was found to show it, with the same seed.
    pub script: Script,
    /// The decisions of that script: with them it does the same without the seed.
    pub schedule: Schedule,
    /// Hash over all that happened.
    pub fingerprint: Fingerprint,
    /// What happened.
    pub events: Vec<Event>,
}

/// What was looked at by crashing worlds at every position of their op logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweptWorlds {
    /// Worlds.
    pub worlds: u64,
    /// Positions at which they were crashed.
    pub crash_points: u64,
    /// States that were left there.
    pub states: u64,
    /// Of them, those whose image was new and was read.
    pub images: u64,
    /// Images that the system was started on.
    pub starts: u64,
    /// States that crashes during these starts left.
    pub start_states: u64,
    /// Positions that were left out, of worlds that leave a great many states.
    pub left_out: u64,
}

/// What came of a hunt.
#[derive(Debug, Default)]
pub struct Hunt {
    /// Worlds that were run to find something; those that were run again to be sure are not counted.
    pub worlds: u64,
    /// Of them, those that a limit ended.
    pub limited: u64,
    /// The seed of the first of those.
    pub first_limited: Option<u64>,
    /// Scheduling steps.
    pub steps: u64,
    /// Lives.
    pub lives: u64,
    /// Requests.
    pub requests: u64,
    /// Disks and copies of disks that were read and judged.
    pub states: u64,
    /// Lines of plans that happened.
    pub happened: u64,
    /// What was looked at besides.
    pub swept: SweptWorlds,
    /// Families whose disturbances came, and struck what they were meant for.
    pub met: BTreeSet<Family>,
    /// What does not hold, by oracle, the first of each.
    pub trophies: BTreeMap<Oracle, Trophy>,
    /// Runs that differ though they should not.
    pub differing: Vec<Nondeterminism>,
    /// Hash over all fingerprints.
    pub fingerprint: Fingerprint,
}

impl std::ops::AddAssign for SweptWorlds {
    fn add_assign(&mut self, other: Self) {
        self.worlds += other.worlds;
        self.crash_points += other.crash_points;
        self.states += other.states;
        self.images += other.images;
        self.starts += other.starts;
        self.start_states += other.start_states;
        self.left_out += other.left_out;
    }
}

impl SweptWorlds {
    /// Whether the system was never started on what crashes left, though they left enough for that.
    pub const fn lacks_starts(&self) -> bool {
        self.starts == 0 && self.images >= IMAGES_TO_START
    }
}

impl Hunt {
    fn is_known(&self, oracle: Oracle) -> bool {
        self.trophies.contains_key(&oracle)
    }

    /// The families of a case that never came, where there were worlds enough for each to come.
    pub fn unmet(&self, case: &TrialCase) -> Vec<Family> {
        if self.worlds < WORLDS_TO_MEET {
            return Vec::new();
        }
        let families = case.shape.families.iter().copied();
        families
            .filter(|family| !self.met.contains(family))
            .collect()
    }
}

/// Tries every seed, or those up to the first that shows what is expected. `goes_on` is asked before each seed.
///
/// # Errors
/// [`WorldError::NotSimulated`]: the build has no simulated runtime, and nothing was run.
pub fn hunt(case: &TrialCase, goes_on: &dyn Fn() -> bool) -> Result<Hunt, WorldError> {
    let mut hunt = Hunt::default();
    let mut fingerprints = Fingerprinter::default();
    let mut images = Images::default();
    for number in 0..case.seeds {
        if !goes_on() {
            break;
        }
        let manner = Manner {
            seed: case.first_seed.wrapping_add(number),
            is_swept: is_due(number, case.sweep_every),
            ..Manner::default()
        };
        let script = drawn(case, manner.seed);
        let look = look(&case.ground, &script, manner.clone(), &mut images)?;
        let outcome = &look.outcome;
        fingerprints.hash(outcome.run.fingerprint.0);
        count(&mut hunt, &look, manner.seed);
        if let Some(sweep) = &look.sweep {
            fingerprints.hash(sweep.fingerprint.0);
        }
        hunt.met.extend(met(&script, outcome));
        let violations = look.violations();
        let is_known = |violation: &Violation| hunt.is_known(violation.finding.oracle);
        let is_new = !violations.iter().all(is_known);
        if (is_new || is_due(number, case.twice_every))
            && let Some(differing) = differs(
                case,
                &script,
                manner.seed,
                &look,
                is_swept_twice(case, number),
            )?
        {
            hunt.differing.push(differing);
            break;
        }
        for violation in violations {
            take(case, &script, &manner, &violation, &mut hunt, &mut images)?;
        }
        if !hunt.differing.is_empty() {
            break;
        }
        if case.expected.iter().any(|oracle| hunt.is_known(*oracle)) {
            break;
        }
    }
    hunt.fingerprint = fingerprints.finish();
    Ok(hunt)
}

/// Whether it is the turn of a seed of which one in so many has it; none has where that is zero.
const fn is_due(number: u64, every: u64) -> bool {
    every > 0 && number.is_multiple_of(every)
}

/// Whether it is the turn of a seed that is swept to be swept twice.
const fn is_swept_twice(case: &TrialCase, number: u64) -> bool {
    is_due(number, case.twice_every.saturating_mul(case.sweep_every))
}

/// The script of a seed.
pub fn drawn(case: &TrialCase, seed: u64) -> Script {
    let system = &case.ground.system;
    let programs = system.programs();
    let first = system.first().path;
    let mut names: Vec<&str> = programs.iter().map(|(name, _)| *name).collect();
    names.sort_by_key(|name| first.as_os_str() != *name);
    script(seed, &case.shape, &system.asks(), &system.promise(), &names)
}

fn count(hunt: &mut Hunt, look: &Look, seed: u64) {
    let outcome = &look.outcome;
    hunt.worlds += 1;
    let is_start_limited = look.sweep.as_ref().is_some_and(|sweep| sweep.is_limited);
    if !is_complete(&outcome.run) || is_start_limited {
        hunt.limited += 1;
        hunt.first_limited = hunt.first_limited.or(Some(seed));
    }
    hunt.steps += outcome.run.steps;
    hunt.lives += outcome.lives.len() as u64;
    for life in &outcome.lives {
        hunt.requests += life.requests.len() as u64;
        hunt.states += life.left.len() as u64;
    }
    let happened = outcome.run.happened.iter().flatten();
    hunt.happened += happened.count() as u64;
    if let Some(sweep) = &look.sweep {
        count_sweep(hunt, sweep);
    }
}

fn count_sweep(hunt: &mut Hunt, sweep: &Sweep) {
    hunt.swept += SweptWorlds {
        worlds: 1,
        crash_points: sweep.crash_points,
        states: sweep.states,
        images: sweep.images,
        starts: sweep.starts,
        start_states: sweep.start_states,
        left_out: sweep.left_out,
    };
}

/// Keeps the first violation of each oracle, made small. One that is not there a second time is none the less.
fn take(
    case: &TrialCase,
    script: &Script,
    manner: &Manner,
    violation: &Violation,
    hunt: &mut Hunt,
    images: &mut Images,
) -> Result<(), WorldError> {
    let oracle = violation.finding.oracle;
    if hunt.is_known(oracle) {
        return Ok(());
    }
    let manner = Manner {
        is_swept: violation.crash.is_some(),
        ..manner.clone()
    };
    let small = shrink(&case.ground, script, &manner, oracle, images)?;
    let traced = Manner {
        is_traced: true,
        ..manner.clone()
    };
    let shown = look(&case.ground, &small, traced, images)?;
    let Some(again) = shown.violation(oracle) else {
        hunt.differing.push(Nondeterminism {
            seed: manner.seed,
            how: Differing::Vanished(violation.finding.clone()),
        });
        return Ok(());
    };
    let run = shown.outcome.run;
    let trophy = Trophy {
        seed: manner.seed,
        life: again.life,
        finding: again.finding,
        crash: again.crash,
        script: small,
        schedule: run.schedule,
        fingerprint: run.fingerprint,
        events: run.events.unwrap_or_default(),
    };
    hunt.trophies.insert(oracle, trophy);
    Ok(())
}
