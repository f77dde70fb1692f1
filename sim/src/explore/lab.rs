//! Recovers images, crashes the recoveries, and remembers every result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use globset::{Glob, GlobSet, GlobSetBuilder};
use plimsoll_faults::crash::{Bounds, CrashKind, CrashState, Frontier};
use plimsoll_faults::disk::{SimClock, SimFs};
use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;
use plimsoll_reference::host::Host;
use plimsoll_reference::level::Level;
use rustc_hash::FxHashMap;

use super::dump::{Dump, dump, dump_pairs, panic_text};
use super::memo::{Known, Memo};
use super::state::{PairHash, State, StateHash};
use crate::case::{Disk, Limits};
use crate::command::{Command, Mutation};
use crate::oracle::Oracle;
use crate::report::Counters;
use crate::sut::{self, Contract, Instance, Sut};

/// Operations after which a recovery counts as hanging.
const OPERATIONS_MAX: u64 = 1_000_000;

/// Crash points of one recovery at which each state is enumerated in full up to this many.
const NESTED_EXHAUSTIVE: u32 = 64;

/// Paths that are remembered.
const KNOWN_PATHS_MAX: usize = 1_000;

/// How much fewer states are looked at per level of nesting.
const NESTED_SHRINK: u32 = 8;

/// What a recovery showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Recovered {
    /// The store opened and holds this.
    State(StateHash),
    /// It did not open, or could not be read, and said so.
    Failed(Arc<str>),
    /// It panicked, or never ended.
    Crashed(Arc<str>),
}

/// Why there is nothing to show.
pub(super) enum NoState {
    Failed(String),
    Crashed(String),
}

impl NoState {
    pub(super) fn into_message(self) -> String {
        match self {
            Self::Failed(message) | Self::Crashed(message) => message,
        }
    }
}

impl From<NoState> for Recovered {
    fn from(none: NoState) -> Self {
        match none {
            NoState::Failed(message) => Self::Failed(Arc::from(message)),
            NoState::Crashed(message) => Self::Crashed(Arc::from(message)),
        }
    }
}

/// What an independent reader found at the canonical path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Canonical {
    /// The store has no canonical path.
    None,
    /// There is no file.
    Absent,
    /// There is a complete image.
    State(StateHash),
    /// There is a file, and it is no complete image.
    Broken(Arc<str>),
}

/// Everything that can come of one image.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) first: Recovered,
    pub(super) canonical: Canonical,
    /// A temporary that the recovery left behind.
    pub(super) leftover: Option<Arc<str>>,
    /// What recovering the recovered store again showed, where that was something else.
    pub(super) again: Option<Recovered>,
    /// What later recoveries showed when this one was crashed before it ended.
    pub(super) during: Vec<Recovered>,
    /// The same, crashed after it ended.
    pub(super) after: Vec<Recovered>,
    /// What went wrong when the recovered store was used and crashed again.
    pub(super) used: Option<Used>,
}

/// A recovered store that does not keep what it acknowledges.
#[derive(Clone, Debug)]
pub(super) struct Used {
    pub(super) oracle: Oracle,
    pub(super) expected: &'static str,
    pub(super) found: Recovered,
}

/// A recovery that was run.
pub(super) struct Recovery {
    pub(super) result: Recovered,
    pub(super) log: Vec<Entry>,
    leftover: Option<Arc<str>>,
    /// What processes see after it.
    volatile: Image,
    /// How the store did in use, where it was used.
    usage: Option<Usage>,
}

/// A recovered store in use.
struct Usage {
    /// The operations of the recovery and of the use.
    log: Vec<Entry>,
    /// What it should hold, and at which level the last write was acknowledged.
    result: Result<(StateHash, Level), String>,
}

/// Where images are recovered.
pub(super) struct Lab<'a> {
    sut: &'a dyn Sut,
    contract: Contract,
    temporaries: GlobSet,
    /// Which paths are temporaries: there are few, and matching is slow.
    known_paths: FxHashMap<Box<str>, bool>,
    profile: Arc<Profile>,
    kinds: Vec<CrashKind>,
    /// The kind of crash that recoveries go through.
    nested: CrashKind,
    limits: Limits,
    memo: Memo,
    rng: Rng,
    pub(super) counters: Counters,
}

impl<'a> Lab<'a> {
    pub(super) fn new(sut: &'a dyn Sut, disk: &Disk, limits: Limits, seed: u64) -> Self {
        let contract = sut.contract();
        let mut temporaries = GlobSetBuilder::new();
        for pattern in &contract.temporaries {
            temporaries.add(Glob::new(pattern).expect("contracts hold valid patterns"));
        }
        Self {
            sut,
            temporaries: temporaries
                .build()
                .expect("valid patterns make a valid set"),
            contract,
            known_paths: FxHashMap::default(),
            profile: Arc::clone(&disk.profile),
            kinds: disk.kinds.clone(),
            nested: disk.nested_kind(),
            limits,
            memo: Memo::default(),
            rng: Rng::stream(seed, "nested states"),
            counters: Counters::default(),
        }
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
        let image = frontier.image(state);
        let outcome = Arc::new(self.explore_image(&image, depth, now));
        self.memo.insert(key, depth, &outcome);
        outcome
    }

    fn explore_image(&mut self, image: &Image, depth: u8, now: Duration) -> Outcome {
        let top = depth == self.limits.depth;
        let canonical = if top {
            self.read_canonical(image)
        } else {
            Canonical::None
        };
        let recovery = self.recover(image, now, top && depth > 0);
        let mut outcome = Outcome {
            first: recovery.result.clone(),
            canonical,
            leftover: recovery.leftover.clone(),
            again: None,
            during: Vec::new(),
            after: Vec::new(),
            used: None,
        };
        let wrote = recovery.log.iter().any(|entry| !entry.changes.is_empty());
        if wrote {
            self.counters.recoveries_writing += 1;
        }
        if let Some(usage) = recovery.usage {
            outcome.used = self.crash_usage(image, &usage, now);
        }
        if depth > 0 && wrote {
            let again = self.recover(&recovery.volatile, now, false).result;
            if again != outcome.first {
                outcome.again = Some(again);
            }
            let frontier = self.frontier(image.clone());
            self.crash_recovery(frontier, &recovery.log, depth - 1, now, &mut outcome);
        }
        outcome
    }

    /// Crashes a recovered store that was used since: a torn tail left in place swallows what is written behind it.
    fn crash_usage(&mut self, image: &Image, usage: &Usage, now: Duration) -> Option<Used> {
        let (wanted, level) = match &usage.result {
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
        for entry in &usage.log {
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
        mut frontier: Frontier,
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
                        self.explore(&mut frontier, state, key, depth, now)
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
    /// at each operation of that recovery.
    pub(super) fn kill_then_power_loss(&mut self, frontier: &Frontier, now: Duration) -> Outcome {
        let image = frontier.volatile().clone();
        let recovery = self.recover(&image, now, false);
        let mut outcome = Outcome {
            first: recovery.result.clone(),
            canonical: Canonical::None,
            leftover: None,
            again: None,
            during: Vec::new(),
            after: Vec::new(),
            used: None,
        };
        let depth = self.limits.depth.saturating_sub(1);
        if recovery.log.is_empty() {
            // Nothing was done to make durable what was shown: a power loss now leaves what was pending before.
            self.crash_shown(frontier.fork(), depth, now, &mut outcome);
        } else {
            self.crash_recovery(frontier.fork(), &recovery.log, depth, now, &mut outcome);
        }
        outcome
    }

    fn crash_shown(
        &mut self,
        mut frontier: Frontier,
        depth: u8,
        now: Duration,
        outcome: &mut Outcome,
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
            let nested = self.explore(&mut frontier, state, key, depth, now);
            add(&mut outcome.after, &nested.first);
        }
    }

    /// Recovers the store on a copy of an image, and uses it where that is wanted.
    fn recover(&mut self, image: &Image, now: Duration, use_it: bool) -> Recovery {
        self.counters.recoveries += 1;
        let fs = SimFs::new(image.clone());
        fs.limit_operations(OPERATIONS_MAX);
        let mut opened = None;
        let mut usage = None;
        let result = self.open_and(&fs, now, |instance| {
            let mut pairs =
                dump_pairs(instance).map_err(|message| format!("could not be read: {message}"))?;
            opened = Some((fs.log_len(), fs.image()));
            let shown = pairs.finish();
            if use_it {
                usage = put_two(instance, &mut pairs);
            }
            Ok(shown)
        });
        let result = match result {
            Ok(hash) => Recovered::State(hash),
            Err(none) => Recovered::from(none),
        };
        let (end, volatile) = opened.unwrap_or_else(|| (fs.log_len(), fs.image()));
        let leftover = self.leftover(&volatile);
        let mut log = fs.take_log();
        let usage = usage.map(|result| Usage {
            log: log.clone(),
            result,
        });
        log.truncate(end);
        Recovery {
            result,
            log,
            leftover,
            volatile,
            usage,
        }
    }

    /// Opens the store on a damaged image.
    pub(super) fn recover_damaged(&mut self, image: &Image, now: Duration) -> Recovered {
        self.recover(image, now, false).result
    }

    /// Recovers the store on a copy of an image and returns everything it holds.
    pub(super) fn recover_state(&self, image: &Image, now: Duration) -> Result<State, NoState> {
        let fs = SimFs::new(image.clone());
        fs.limit_operations(OPERATIONS_MAX);
        self.open_and(&fs, now, |instance| match dump(instance) {
            Dump::State(state) => Ok(state),
            Dump::Failed(message) => Err(format!("could not be read: {message}")),
        })
    }

    /// Opens the store, does something with it, and ends its process.
    fn open_and<T>(
        &self,
        fs: &SimFs,
        now: Duration,
        then: impl FnOnce(&mut dyn Instance) -> Result<T, String>,
    ) -> Result<T, NoState> {
        let host = Host::new(Arc::new(fs.clone()), Arc::new(SimClock::at(now)));
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut instance = self
                .sut
                .open(&host)
                .map_err(|error| format!("did not open: {}", error.message))?;
            let result = then(&mut *instance);
            // The process ends here; nothing its destructors do may reach the disk.
            fs.fence();
            result
        }));
        fs.fence();
        if fs.is_exhausted() {
            return Err(NoState::Crashed(
                "did not end: more operations than any recovery needs".to_owned(),
            ));
        }
        match result {
            Ok(result) => result.map_err(NoState::Failed),
            Err(panic) => Err(NoState::Crashed(panic_text(&*panic))),
        }
    }

    fn leftover(&mut self, image: &Image) -> Option<Arc<str>> {
        if self.temporaries.is_empty() {
            return None;
        }
        let mut found = None;
        image.walk(&mut |path, _| {
            let is_temporary = match self.known_paths.get(path) {
                Some(&known) => known,
                None => {
                    let is_match = self.temporaries.is_match(path);
                    if self.known_paths.len() == KNOWN_PATHS_MAX {
                        self.known_paths.clear();
                    }
                    self.known_paths.insert(Box::from(path), is_match);
                    is_match
                }
            };
            if is_temporary && found.is_none() {
                found = Some(Arc::from(path));
            }
        });
        found
    }

    fn read_canonical(&self, image: &Image) -> Canonical {
        if self.contract.canonical.is_none() {
            return Canonical::None;
        }
        let fs = SimFs::new(image.clone());
        fs.limit_operations(OPERATIONS_MAX);
        let mut pairs = PairHash::default();
        let read = catch_unwind(AssertUnwindSafe(|| {
            self.sut
                .read_canonical(&fs, &mut |key, value| pairs.add(key, value))
        }));
        match read {
            Ok(Ok(true)) => Canonical::State(pairs.finish()),
            Ok(Ok(false)) => Canonical::Absent,
            Ok(Err(message)) => Canonical::Broken(Arc::from(message)),
            Err(panic) => Canonical::Broken(Arc::from(panic_text(&*panic))),
        }
    }
}

/// Writes twice to a recovered store. Nothing comes of it where the store has no single writes.
fn put_two(
    instance: &mut dyn Instance,
    pairs: &mut PairHash,
) -> Option<Result<(StateHash, Level), String>> {
    let mut level = Level::Memory;
    for key in [&b"used-1"[..], b"used-2"] {
        let value = b"after recovery";
        let command = Command::Write(Mutation::Put {
            key: key.to_vec(),
            value: value.to_vec(),
        });
        match instance.apply(&command) {
            Ok(ack) => level = ack.level,
            Err(error) if error.outcome == sut::Outcome::Unsupported => return None,
            Err(error) => return Some(Err(format!("refused a write: {}", error.message))),
        }
        pairs.add(key, value);
    }
    Some(Ok((pairs.finish(), level)))
}

fn add(results: &mut Vec<Recovered>, result: &Recovered) {
    if !results.contains(result) {
        results.push(result.clone());
    }
}
