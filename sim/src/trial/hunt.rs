//! Trials of many seeds.

use std::collections::{BTreeMap, BTreeSet};

use super::draw::{Shape, script};
use super::family::Family;
use super::judge::Finding;
use super::met::met;
use super::run::{Ground, Outcome, is_complete, run};
use super::script::Script;
use super::shrink::shrink;
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::oracle::Oracle;
use crate::world::{Difference, Event, Schedule, WorldError, first_difference};

/// Worlds in which every family of a case has to come at least once.
const WORLDS_TO_MEET: u64 = 100;

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
    /// Every so many seeds are run twice.
    pub twice_every: u64,
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
    /// The smallest script that was found to show it, with the same seed.
    pub script: Script,
    /// The decisions of that script: with them it does the same without the seed.
    pub schedule: Schedule,
    /// What happened.
    pub events: Vec<Event>,
}

/// Two runs of one seed that differ.
#[derive(Debug)]
pub struct Nondeterminism {
    /// The seed.
    pub seed: u64,
    /// Where they part, if the events show it.
    pub difference: Option<Difference>,
}

/// What came of a hunt.
#[derive(Debug, Default)]
pub struct Hunt {
    /// Worlds that were run to find something; those that were run again to be sure are not counted.
    pub worlds: u64,
    /// Of them, those that a limit ended.
    pub limited: u64,
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
    /// Families whose disturbances came, and struck what they were meant for.
    pub met: BTreeSet<Family>,
    /// What does not hold, by oracle, the first of each.
    pub trophies: BTreeMap<Oracle, Trophy>,
    /// Runs that differ though they should not.
    pub differing: Vec<Nondeterminism>,
    /// Hash over all fingerprints.
    pub fingerprint: Fingerprint,
}

impl Hunt {
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
    for number in 0..case.seeds {
        if !goes_on() {
            break;
        }
        let seed = case.first_seed.wrapping_add(number);
        let script = drawn(case, seed);
        let outcome = run(&case.ground, &script, seed, None, false)?;
        fingerprints.hash(outcome.run.fingerprint.0);
        count(&mut hunt, &outcome);
        hunt.met.extend(met(&script, &outcome));
        let is_new = |finding: &Finding| !hunt.trophies.contains_key(&finding.oracle);
        let new = outcome.findings.iter().any(|(_, finding)| is_new(finding));
        let again = case.twice_every > 0 && number % case.twice_every == 0;
        if (new || again)
            && let Some(differing) = differs(case, &script, seed, &outcome)?
        {
            hunt.differing.push(differing);
            break;
        }
        if new {
            take(case, &script, seed, &outcome, &mut hunt)?;
        }
        if case
            .expected
            .iter()
            .any(|oracle| hunt.trophies.contains_key(oracle))
        {
            break;
        }
    }
    hunt.fingerprint = fingerprints.finish();
    Ok(hunt)
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

fn count(hunt: &mut Hunt, outcome: &Outcome) {
    hunt.worlds += 1;
    hunt.limited += u64::from(!is_complete(&outcome.run));
    hunt.steps += outcome.run.steps;
    hunt.lives += outcome.lives.len() as u64;
    for life in &outcome.lives {
        hunt.requests += life.requests.len() as u64;
        hunt.states += life.left.len() as u64;
    }
    let happened = outcome.run.happened.iter().flatten();
    hunt.happened += happened.count() as u64;
}

/// Runs a seed again, by its recorded schedule, and says whether it did anything else.
fn differs(
    case: &TrialCase,
    script: &Script,
    seed: u64,
    outcome: &Outcome,
) -> Result<Option<Nondeterminism>, WorldError> {
    let schedule = Some(outcome.run.schedule.clone());
    let again = run(&case.ground, script, seed, schedule, false)?;
    if again.run.fingerprint == outcome.run.fingerprint && again.run.diverged == 0 {
        return Ok(None);
    }
    let traced = |schedule| run(&case.ground, script, seed, schedule, true);
    let events = |outcome: Outcome| outcome.run.events.unwrap_or_default();
    let first = events(traced(None)?);
    let second = events(traced(None)?);
    Ok(Some(Nondeterminism {
        seed,
        difference: first_difference(&first, &second),
    }))
}

/// Keeps the first of each oracle, made small.
fn take(
    case: &TrialCase,
    script: &Script,
    seed: u64,
    outcome: &Outcome,
    hunt: &mut Hunt,
) -> Result<(), WorldError> {
    for (_, finding) in &outcome.findings {
        if hunt.trophies.contains_key(&finding.oracle) {
            continue;
        }
        let small = shrink(&case.ground, script, seed, finding.oracle)?;
        let shown = run(&case.ground, &small, seed, None, true)?;
        let Some((life, finding)) = shown
            .findings
            .into_iter()
            .find(|(_, found)| found.oracle == finding.oracle)
        else {
            continue;
        };
        hunt.trophies.insert(
            finding.oracle,
            Trophy {
                seed,
                life,
                finding,
                script: small,
                schedule: shown.run.schedule,
                events: shown.run.events.unwrap_or_default(),
            },
        );
    }
    Ok(())
}
