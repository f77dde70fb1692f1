//! What a loss of power leaves.

use std::collections::BTreeSet;
use std::sync::Arc;

use plimsoll_faults::crash::{Bounds, CrashKind, CrashState, Frontier};
use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;

use super::chance::Chance;
use super::plan::Happened;
use super::setup::Limits;

/// The disk between two losses of power: where it began, and every change since then. It is what an explorer needs to crash this run
/// at every other point.
#[derive(Clone, Debug)]
pub struct Era {
    /// What was durable at its beginning.
    pub base: Image,
    /// The op log.
    pub log: Vec<Entry>,
    /// When each entry of it took effect.
    pub moments: Vec<Happened>,
    /// What processes saw at its end.
    pub end: Image,
    /// The kind of crash that ended it; none ended the last.
    pub crash: Option<CrashKind>,
    /// How often each line of the disk's fault plan took effect, in the order of
    /// [`FaultPlan::lines`](plimsoll_faults::plan::FaultPlan::lines).
    pub fired: Vec<u32>,
}

/// The seed of samples: which states there are to choose among is a function of the op log, so that a recorded choice means the same.
const SAMPLES_SEED: u64 = 0;

/// Where samples come from.
pub(crate) fn samples() -> Rng {
    Rng::stream(SAMPLES_SEED, "world crash")
}

/// Who crashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victim {
    /// The machine that the processes run on, alone or with all others.
    Machine,
    /// Servers of a network file system.
    Servers,
}

/// The kinds of crash in which this is lost on such a disk, and after which a store can still be held to its promises. For a machine
/// there is always one.
pub(crate) fn kinds(profile: &Profile, victim: Victim) -> Vec<CrashKind> {
    let is_of = |kind: &CrashKind| match kind {
        CrashKind::PowerLoss | CrashKind::SitePowerLoss | CrashKind::ClientCrash => {
            victim == Victim::Machine
        }
        CrashKind::MetadataTargetCrash
        | CrashKind::ObjectTargetCrash
        | CrashKind::Eviction
        | CrashKind::ServerCrash => victim == Victim::Servers,
        CrashKind::ProcessKill | CrashKind::KillThenPowerLoss | CrashKind::Lying => false,
    };
    let mut kinds = profile.honest_crashes();
    kinds.retain(is_of);
    if kinds.is_empty() && victim == Victim::Machine {
        kinds.push(match profile.network {
            Some(_) => CrashKind::SitePowerLoss,
            None => CrashKind::PowerLoss,
        });
    }
    kinds
}

/// The legal states at the end of a log, and where they stand.
fn states(
    base: &Image,
    log: &[Entry],
    profile: &Arc<Profile>,
    kind: CrashKind,
    bounds: Bounds,
) -> (Frontier, Vec<CrashState>) {
    let frontier = Frontier::at_end(base.clone(), Arc::clone(profile), log);
    let mut rng = samples();
    let mut states = Vec::new();
    frontier.states_of(kind, bounds, &mut rng, &mut states);
    (frontier, states)
}

/// Images that a kind of crash may leave at the end of a log: as many as the bounds say, no two equal.
pub fn crash_images(
    base: &Image,
    log: &[Entry],
    profile: &Arc<Profile>,
    kind: CrashKind,
    bounds: Bounds,
) -> Vec<Image> {
    let (mut frontier, mut states) = states(base, log, profile, kind, bounds);
    let mut seen = BTreeSet::new();
    states.retain(|&state| seen.insert(frontier.key(state)));
    states
        .into_iter()
        .map(|state| frontier.image(state))
        .collect()
}

/// One of these, by decision, and its hash.
pub(super) fn lose_power(
    base: &Image,
    log: &[Entry],
    profile: &Arc<Profile>,
    kind: CrashKind,
    limits: &Limits,
    chance: &mut Chance,
) -> (Image, u128) {
    let bounds = Bounds {
        exhaustive: limits.exhaustive_states,
        samples: limits.samples,
    };
    let (mut frontier, states) = states(base, log, profile, kind, bounds);
    let chosen = chance.choose(states.len());
    match states.get(chosen) {
        Some(&state) => (frontier.image(state), frontier.key(state)),
        None => (base.clone(), 0),
    }
}
