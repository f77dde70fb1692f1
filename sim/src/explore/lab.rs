//! Recovers images, crashes the recoveries, and remembers every result.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::crash::{Bounds, CrashKind, CrashState, Frontier};
use plimsoll_faults::image::{Image, Ino};
use plimsoll_faults::log::Entry;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::level::Level;
use rustc_hash::FxHashMap;

use super::look_up::{LookUp, Seen};
use super::memo::{Known, Memo};
use super::opener::{Look, Opener, Recovery};
use super::recovered::{Canonical, NoState, Outcome, Recovered, Used};
use super::state::{State, StateHash};
use crate::case::{Case, Limits};
use crate::command::Command;
use crate::oracle::Oracle;
use crate::report::Counters;

/// Crash points of one recovery at which each state is enumerated in full up to this many.
const NESTED_EXHAUSTIVE: u32 = 64;

/// How much fewer states are looked at per level of nesting.
const NESTED_SHRINK: u32 = 8;

/// Images of which it is remembered what kills of their recoveries leave; then all are forgotten.
const KILLS_MAX: usize = 1 << 12;

/// Where images are recovered.
pub(super) struct Lab<'a> {
    opener: Opener<'a>,
    profile: Arc<Profile>,
    kinds: Vec<CrashKind>,
    /// The kind of crash that recoveries go through.
    nested: CrashKind,
    limits: Limits,
    /// Where the workload copies to.
    places: Vec<u8>,
    memo: Memo,
    look_up: LookUp,
    /// What [kills of recoveries](Self::kill_recoveries) have left, by image and time.
    kills: FxHashMap<(u128, Duration), Arc<[Recovered]>>,
    audit: Option<Audit>,
    rng: Rng,
    pub(super) counters: Counters,
}

/// What kills of recoveries have come to.
struct Kills {
    /// Images that were recovered from.
    seen: Vec<u128>,
    /// Images whose recoveries are killed next, and how deep.
    left: Vec<(Image, u8)>,
    /// What was shown.
    results: Vec<Recovered>,
}

/// Recoveries that were looked up, and run all the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many.
    pub looked_up: u64,
    /// Those that came to something else than was remembered: the harness is wrong about them.
    pub wrong: Vec<String>,
}

impl<'a> Lab<'a> {
    pub(super) fn new(case: &'a Case) -> Self {
        let disk = &case.disk;
        let mut places: Vec<u8> = case
            .workload
            .iter()
            .filter_map(Command::copies_to)
            .collect();
        places.sort_unstable();
        places.dedup();
        Self {
            opener: Opener::new(&*case.sut),
            profile: Arc::clone(&disk.profile),
            kinds: disk.kinds.clone(),
            nested: disk.nested_kind(),
            limits: case.limits,
            places,
            memo: Memo::default(),
            look_up: LookUp::default(),
            kills: FxHashMap::default(),
            audit: None,
            rng: Rng::stream(case.seed, "nested states"),
            counters: Counters::default(),
        }
    }

    /// The same, running what it looks up as well.
    #[must_use]
    pub(super) fn audited(mut self) -> Self {
        self.audit = Some(Audit::default());
        self
    }

    /// What came of running what was looked up.
    pub(super) fn audit(self) -> Audit {
        self.audit.unwrap_or_default()
    }

    /// A frontier at the start of a log on this image.
    pub(super) fn frontier(&self, image: Image) -> Frontier {
        let frontier = Frontier::new(image, Arc::clone(&self.profile));
        if self.kinds.contains(&CrashKind::Lying) {
            frontier.lying()
        } else {
            frontier
        }
    }

    /// Everything that can come of a state, computed once per image.
    pub(super) fn explore(
        &mut self,
        frontier: &mut Frontier,
        state: CrashState,
        key: u128,
        depth: u8,
        now: Duration,
    ) -> Arc<Outcome> {
        match self.memo.get(key, depth) {
            Known::Enough(outcome) => return outcome,
            Known::TooShallow => {}
            Known::Nothing => self.counters.states_unique += 1,
        }
        let outcome = Arc::new(if depth == self.limits.depth {
            let image = frontier.image(state);
            self.explore_image(&image, key, depth, now).0
        } else {
            self.explore_nested(frontier, state, key, depth, now)
        });
        self.memo.insert(key, depth, &outcome);
        outcome
    }

    /// The same, of a state that a crash of a recovery has left: only what recovering it shows is asked for, and what later crashes
    /// bring if that changes the disk.
    fn explore_nested(
        &mut self,
        frontier: &mut Frontier,
        state: CrashState,
        key: u128,
        depth: u8,
        now: Duration,
    ) -> Outcome {
        let parts = frontier.parts(state);
        let known = self.look_up.find(&parts, now);
        let known = known.filter(|seen| depth == 0 || !seen.wrote).cloned();
        if let Some(seen) = &known
            && self.audit.is_none()
        {
            return Outcome::of(seen.result.clone());
        }
        let image = frontier.image(state);
        let (outcome, seen, inspected) = self.explore_image(&image, key, depth, now);
        match (known, &mut self.audit) {
            (Some(known), Some(audit)) => {
                audit.looked_up += 1;
                if known != seen {
                    audit.wrong.push(format!("{known:?}, not {seen:?}"));
                }
            }
            _ => self.look_up.insert(&parts, now, &inspected, seen),
        }
        outcome
    }

    /// Everything that comes of an image, and of it what can be looked up: with the files that the recovery inspected.
    fn explore_image(
        &mut self,
        image: &Image,
        own: u128,
        depth: u8,
        now: Duration,
    ) -> (Outcome, Seen, Vec<Ino>) {
        let top = depth == self.limits.depth;
        let canonical = if top {
            self.opener.read_canonical(image)
        } else {
            Canonical::None
        };
        let look = match (top, depth) {
            (false, _) => Look::Contents,
            (true, 0) => Look::Files,
            (true, _) => Look::Use,
        };
        let recovery = self.recover(image, now, look);
        let mut outcome = Outcome::of(recovery.result.clone());
        outcome.canonical = canonical;
        if top {
            outcome.snapshots = self.opener.count_snapshots(image);
        }
        if top && !self.places.is_empty() {
            outcome.copies = self.opener.read_copies(image, &self.places);
        }
        outcome.leftover.clone_from(&recovery.leftover);
        let wrote = recovery.log().iter().any(|entry| !entry.changes.is_empty());
        if wrote {
            self.counters.recoveries_writing += 1;
        }
        if let Some(usage) = &recovery.usage {
            outcome.used = self.crash_usage(image, recovery.log_with_use(), usage, now);
        }
        if depth > 0 && wrote {
            let mut frontier = self.frontier(image.clone());
            self.crash_recovery(&mut frontier, recovery.log(), depth - 1, now, &mut outcome);
            // Recovering once more what the recovery has left is one of the crashes: the one that loses nothing.
            let all = frontier.everything();
            let key = frontier.key(all);
            // A recovery that leaves what it has found would be repeated as it was.
            if key != own {
                let again = &self.explore(&mut frontier, all, key, 0, now).first;
                if *again != outcome.first {
                    outcome.again = Some(again.clone());
                }
            }
        }
        let seen = Seen {
            result: outcome.first.clone(),
            wrote,
        };
        (outcome, seen, recovery.inspected)
    }

    /// Crashes a recovered store that was used since: a torn tail left in place swallows what is written behind it.
    fn crash_usage(
        &mut self,
        image: &Image,
        log: &[Entry],
        usage: &Result<(StateHash, Level), String>,
        now: Duration,
    ) -> Option<Used> {
        let (wanted, level) = match usage {
            Ok(result) => *result,
            Err(message) => {
                return Some(Used {
                    oracle: Oracle::R3,
                    expected: "a recovered store that can be used",
                    found: Recovered::Failed(Arc::from(message.as_str())),
                });
            }
        };
        let mut frontier = self.frontier(image.clone());
        for entry in log {
            frontier.advance(entry);
        }
        let mut states = Vec::new();
        if level >= Level::Process && self.kinds.contains(&CrashKind::ProcessKill) {
            states.push(frontier.everything());
        }
        if level == Level::Power && self.kinds.contains(&self.nested) {
            states.push(frontier.least(self.nested));
        }
        states.into_iter().find_map(|state| {
            let key = frontier.key(state);
            let outcome = self.explore(&mut frontier, state, key, 0, now);
            let found = outcome.first.clone();
            (found != Recovered::State(wanted)).then_some(Used {
                oracle: Oracle::D1,
                expected: "what was recovered, and what was acknowledged since",
                found,
            })
        })
    }

    /// Crashes a recovery at each of its operations and adds what later recoveries showed.
    fn crash_recovery(
        &mut self,
        frontier: &mut Frontier,
        log: &[Entry],
        depth: u8,
        now: Duration,
        outcome: &mut Outcome,
    ) {
        let shrink = NESTED_SHRINK.pow(u32::from(self.limits.depth.saturating_sub(depth + 1)));
        let mut left = (self.limits.nested_states / shrink).max(4) as usize;
        let bounds = Bounds {
            exhaustive: NESTED_EXHAUSTIVE.min(left as u32),
            samples: 4,
        };
        let mut states = Vec::new();
        for (index, entry) in log.iter().enumerate() {
            let last = index + 1 == log.len();
            if !frontier.advance(entry) && !last {
                continue;
            }
            self.counters.crash_points += 1;
            frontier.states_of(self.nested, bounds, &mut self.rng, &mut states);
            if !last {
                // The others were seen an entry earlier.
                frontier.retain_fresh(&mut states);
            }
            self.counters.states_generated += states.len() as u64;
            for &state in &states {
                let key = frontier.key(state);
                let nested = match self.memo.get(key, depth) {
                    Known::Enough(nested) => nested,
                    Known::TooShallow | Known::Nothing if left == 0 => continue,
                    Known::TooShallow | Known::Nothing => {
                        left -= 1;
                        self.explore(frontier, state, key, depth, now)
                    }
                };
                let target = if last {
                    &mut outcome.after
                } else {
                    &mut outcome.during
                };
                add(target, &nested.first);
                for result in nested.during.iter().chain(&nested.after) {
                    add(target, result);
                }
            }
        }
    }

    /// Kills the process at the frontier, lets its successor recover from what the operating system still has, and cuts the power
    /// at each operation of that recovery; and before the first, where the end of the process has freed blocks.
    pub(super) fn kill_then_power_loss(&mut self, frontier: &Frontier, now: Duration) -> Outcome {
        let image = frontier.volatile().clone();
        let recovery = self.recover(&image, now, Look::Contents);
        let mut outcome = Outcome::of(recovery.result.clone());
        let depth = self.limits.depth.saturating_sub(1);
        let mut frontier = frontier.fork();
        if recovery.log().is_empty() {
            // Nothing was done to make durable what was shown: a power loss now leaves what was pending before.
            self.cut_power(&mut frontier, depth, now, &mut outcome.after);
        } else {
            if frontier.is_fresh() {
                self.cut_power(&mut frontier, depth, now, &mut outcome.during);
            }
            self.crash_recovery(&mut frontier, recovery.log(), depth, now, &mut outcome);
        }
        outcome
    }

    /// Kills the recovery of what a kill leaves at the frontier at and within each of its operations, and the recovery after that, as deep as
    /// crashes are nested; returns what is shown in the end. Nothing is lost on the way: what the operating system was given, it keeps.
    pub(super) fn kill_recoveries(
        &mut self,
        frontier: &mut Frontier,
        now: Duration,
    ) -> Arc<[Recovered]> {
        let state = frontier.everything();
        let key = frontier.key(state);
        if let Some(known) = self.kills.get(&(key, now)) {
            return Arc::clone(known);
        }
        let mut kills = Kills {
            seen: vec![key],
            left: vec![(frontier.image(state), self.limits.depth)],
            results: Vec::new(),
        };
        while let Some((image, depth)) = kills.left.pop() {
            let recovery = self.recover(&image, now, Look::Contents);
            let mut frontier = self.frontier(image);
            for entry in recovery.log() {
                if self.is_enough(&kills) {
                    break;
                }
                for end in entry.ends_amid() {
                    let image = entry.killed_at(end, frontier.volatile());
                    let mut killed = self.frontier(image);
                    self.kill_recovery(&mut killed, depth, now, &mut kills);
                }
                if frontier.advance(entry) {
                    self.kill_recovery(&mut frontier, depth, now, &mut kills);
                }
            }
        }
        if self.kills.len() >= KILLS_MAX {
            self.kills.clear();
        }
        let results: Arc<[Recovered]> = kills.results.into();
        self.kills.insert((key, now), Arc::clone(&results));
        results
    }

    const fn is_enough(&self, kills: &Kills) -> bool {
        kills.seen.len() > self.limits.nested_states as usize
    }

    /// Recovers from what a kill of a recovery leaves here, where that is new and not enough has been seen.
    fn kill_recovery(
        &mut self,
        frontier: &mut Frontier,
        depth: u8,
        now: Duration,
        kills: &mut Kills,
    ) {
        if self.is_enough(kills) {
            return;
        }
        let state = frontier.everything();
        let key = frontier.key(state);
        if kills.seen.contains(&key) {
            return;
        }
        kills.seen.push(key);
        self.counters.crash_points += 1;
        self.counters.states_generated += 1;
        let killed = self.explore(frontier, state, key, 0, now);
        add(&mut kills.results, &killed.first);
        if depth > 1 {
            kills.left.push((frontier.image(state), depth - 1));
        }
    }

    /// Cuts the power here, and adds what recoveries then show.
    fn cut_power(
        &mut self,
        frontier: &mut Frontier,
        depth: u8,
        now: Duration,
        results: &mut Vec<Recovered>,
    ) {
        let bounds = Bounds {
            exhaustive: NESTED_EXHAUSTIVE,
            samples: 4,
        };
        let mut states = Vec::new();
        self.counters.crash_points += 1;
        frontier.states_of(self.nested, bounds, &mut self.rng, &mut states);
        self.counters.states_generated += states.len() as u64;
        for state in states {
            let key = frontier.key(state);
            let nested = self.explore(frontier, state, key, depth, now);
            add(results, &nested.first);
        }
    }

    fn recover(&mut self, image: &Image, now: Duration, look: Look) -> Recovery {
        self.counters.recoveries += 1;
        self.opener.recover(image, now, look)
    }

    /// Opens the store on a damaged image.
    pub(super) fn recover_damaged(&mut self, image: &Image, now: Duration) -> Recovered {
        self.recover(image, now, Look::Contents).result
    }

    /// Recovers the store on a copy of an image and returns everything it holds.
    pub(super) fn recover_state(&self, image: &Image, now: Duration) -> Result<State, NoState> {
        self.opener.recover_state(image, now)
    }
}

fn add(results: &mut Vec<Recovered>, result: &Recovered) {
    if !results.contains(result) {
        results.push(result.clone());
    }
}
