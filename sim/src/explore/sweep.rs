//! Visits every crash point of a recording and holds every recovery to the oracles.

use std::collections::BTreeMap;
use std::sync::Arc;

use plimsoll_faults::crash::{Bounds, CrashKind, CrashState, Frontier};
use plimsoll_faults::image::Image;
use plimsoll_faults::rng::Rng;
use rustc_hash::{FxHashMap, FxHashSet};

use super::complaint::Complaint;
use super::goal::Goal;
use super::ground::Ground;
use super::history::Position;
use super::judge::{Expected, Reason, classify};
use super::lab::Lab;
use super::promises::Promises;
use super::recording::Recording;
use super::recovered::{Outcome, Recovered};
use super::state::StateHash;
use super::witness;
use crate::case::Case;
use crate::oracle::Oracle;
use crate::report::Witness;

/// States that are not legal and are looked at closely in one sweep, to tell which oracle does not hold: a broken store has one at every
/// other crash point. Beyond, it is those that show what none of them has shown.
const CLOSE_LOOKS_MAX: u32 = 128;

/// A violation, as found.
pub(super) struct Found {
    pub(super) witness: Witness,
    /// How many steps of reasoning the evidence takes: what the first recovery shows says most.
    pub(super) rank: u8,
}

/// One sweep over one recording.
pub(super) struct Sweep<'a, 'b> {
    pub(super) case: &'a Case,
    pub(super) recording: &'a Recording,
    pub(super) lab: &'a mut Lab<'b>,
    /// The first violation of each oracle.
    pub(super) found: &'a mut BTreeMap<Oracle, Found>,
    /// Hash of everything looked at, in order.
    pub(super) trail: u128,
    goal: Goal,
    pub(super) promises: Promises,
    /// What a store stands on after a sync that lied.
    pub(super) ground: Ground,
    sync_failed: bool,
    /// Entries of the log passed so far.
    pub(super) at: usize,
    /// The byte of its file at which the last of them is ended, where it is not whole.
    pub(super) amid: Option<u64>,
    close_looks: u32,
    /// What the states showed that were looked at closely.
    looked_at: FxHashSet<StateHash>,
    /// What can come of a crash here: one state for each kind and outcome.
    here: Vec<(CrashKind, CrashState, Arc<Outcome>)>,
    /// The images that `here` has.
    seen: FxHashMap<(CrashKind, u128), ()>,
    /// The same for a kill followed by a power loss.
    here_killed: Option<Outcome>,
    rng: Rng,
}

/// Whether a sweep went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Complete,
    OverLimit,
    /// The goal was reached first.
    Reached,
}

impl<'a, 'b> Sweep<'a, 'b> {
    pub(super) fn new(
        case: &'a Case,
        recording: &'a Recording,
        lab: &'a mut Lab<'b>,
        found: &'a mut BTreeMap<Oracle, Found>,
    ) -> Self {
        Self {
            case,
            recording,
            lab,
            found,
            trail: 0,
            goal: Goal::Everything,
            promises: Promises::default(),
            ground: Ground::default(),
            sync_failed: false,
            at: 0,
            amid: None,
            close_looks: 0,
            looked_at: FxHashSet::default(),
            here: Vec::new(),
            seen: FxHashMap::default(),
            here_killed: None,
            rng: Rng::stream(case.seed, "states"),
        }
    }

    /// The same, ended as soon as a goal is reached.
    #[must_use]
    pub(super) const fn until(mut self, goal: Goal) -> Self {
        self.goal = goal;
        self
    }

    /// Visits every crash point.
    pub(super) fn run(&mut self) -> Ended {
        let mut frontier = self.lab.frontier(Image::new());
        let recording = self.recording;
        let mut events = recording.events.iter().peekable();
        for at in 0..=recording.log.len() {
            self.at = at;
            while let Some(event) = events.next_if(|event| event.at <= at) {
                let step = (event.step as usize)
                    .checked_sub(1)
                    .map(|index| &recording.steps[index]);
                // Before the next command is begun: what that may change is not excused yet.
                self.promises.forget_lies(|ino| frontier.may_name(ino));
                let is_added = self.promises.observe(event, step);
                self.find_ground(&frontier);
                if is_added {
                    self.judge_here(&mut frontier);
                    if self.goal.is_reached(self.found) {
                        return Ended::Reached;
                    }
                }
            }
            let Some(entry) = recording.log.get(at) else {
                break;
            };
            self.at = at + 1;
            self.kill_amid(&frontier, entry);
            self.tread(entry);
            if entry.is_eviction() {
                self.promises.evicted();
            }
            if let Some((scope, end)) = entry.sync {
                self.sync_failed |= end.is_reported();
                if self.case.disk.profile.syncs(scope) {
                    let has_changed = !entry.changes.is_empty();
                    self.promises.synced(scope, end, has_changed);
                    self.find_ground(&frontier);
                }
            }
            if frontier.advance(entry) {
                self.visit(&mut frontier);
                if self.goal.is_reached(self.found) {
                    return Ended::Reached;
                }
                if self.lab.counters.states_generated > self.case.limits.states_max {
                    return Ended::OverLimit;
                }
            }
        }
        Ended::Complete
    }

    /// Crashes here in every way.
    fn visit(&mut self, frontier: &mut Frontier) {
        self.here.clear();
        self.seen.clear();
        self.here_killed = None;
        let kinds = self.case.disk.kinds.iter().chain(&self.case.unkept);
        let depth = self.case.limits.depth;
        let now = self.promises.now;
        self.lab.counters.crash_points += 1;
        for &kind in kinds {
            match kind {
                CrashKind::ProcessKill => {
                    let state = frontier.everything();
                    let key = frontier.key(state);
                    self.lab.counters.states_generated += 1;
                    self.lab.counters.states_by_kind[kind] += 1;
                    let outcome = self.lab.explore(frontier, state, key, depth, now);
                    self.note(kind, state, key, outcome);
                }
                CrashKind::KillThenPowerLoss => {
                    // Nobody recovers on a file system that was shut down.
                    if frontier.pending() > 0 && !frontier.is_frozen() {
                        let before = self.lab.counters.states_generated;
                        self.here_killed = Some(self.lab.kill_then_power_loss(frontier, now));
                        let counters = &mut self.lab.counters;
                        counters.states_by_kind[kind] += counters.states_generated - before;
                    }
                }
                _ => self.cut_power(frontier, kind),
            }
        }
        self.judge_here(frontier);
    }

    fn cut_power(&mut self, frontier: &mut Frontier, kind: CrashKind) {
        let bounds = Bounds {
            exhaustive: self.case.limits.exhaustive_states,
            samples: self.case.limits.samples,
        };
        let mut states = Vec::new();
        let all = frontier.states_of(kind, bounds, &mut self.rng, &mut states);
        let count = states.len() as u64;
        self.lab.counters.states_generated += count;
        self.lab.counters.states_by_kind[kind] += count;
        self.lab.counters.states_in_full += if all { count } else { 0 };
        for state in states {
            let key = frontier.key(state);
            let outcome = self.lab.explore(
                frontier,
                state,
                key,
                self.case.limits.depth,
                self.promises.now,
            );
            self.note(kind, state, key, outcome);
        }
    }

    /// Takes note that a crash has left this.
    pub(super) const fn mix(&mut self, key: u128) {
        self.trail = (self.trail ^ key).wrapping_mul(0xda94_2042_e4dd_58b5_9e37_79b9_7f4a_7c15);
        self.trail ^= self.trail >> 71;
    }

    fn note(&mut self, kind: CrashKind, state: CrashState, key: u128, outcome: Arc<Outcome>) {
        self.mix(key);
        if self.seen.insert((kind, key), ()).is_none() {
            self.here.push((kind, state, outcome));
        }
    }

    /// Holds everything that can come of a crash here to what is promised now.
    fn judge_here(&mut self, frontier: &mut Frontier) {
        let here = std::mem::take(&mut self.here);
        let mut is_lost_already = false;
        for (kind, state, outcome) in &here {
            for complaint in self.complaints(*kind, outcome) {
                is_lost_already |=
                    *kind == CrashKind::ProcessKill && matches!(complaint, Complaint::First(..));
                if !self.is_excused_by_touch(frontier, *state, &complaint) {
                    self.look_closely(frontier, *kind, *state, &complaint);
                }
            }
        }
        self.here = here;
        // What the first recovery does not show either says nothing of the second.
        if !is_lost_already && let Some(complaint) = self.killed_again_complaint(frontier) {
            let state = frontier.everything();
            self.look_closely(frontier, CrashKind::ProcessKill, state, &complaint);
        }
        if let Some(outcome) = self.here_killed.take() {
            for complaint in self.complaints(CrashKind::KillThenPowerLoss, &outcome) {
                let state = frontier.everything();
                self.look_closely(frontier, CrashKind::KillThenPowerLoss, state, &complaint);
            }
            self.here_killed = Some(outcome);
        }
    }

    pub(super) fn is_legal(&self, result: &Recovered, floor: Position) -> bool {
        match result {
            Recovered::State(hash) => self
                .recording
                .model
                .find(*hash, floor, self.promises.current, self.promises.ended)
                .is_some(),
            Recovered::Failed(_) | Recovered::Crashed(_) => false,
        }
    }

    /// The latest position at which a state was legal.
    fn position(&self, result: &Recovered) -> Option<Position> {
        match result {
            Recovered::State(hash) => self.recording.model.find_lost(*hash, Position::MAX),
            Recovered::Failed(_) | Recovered::Crashed(_) => None,
        }
    }

    /// What is wrong with an outcome. What came of a state that is not legal says nothing more; of any other, one thing that is wrong
    /// hides no other.
    pub(super) fn complaints(&self, kind: CrashKind, outcome: &Outcome) -> Vec<Complaint> {
        let first_kind = match kind {
            CrashKind::KillThenPowerLoss => CrashKind::ProcessKill,
            other => other,
        };
        if self.is_spoilt(kind) {
            return Vec::from_iter(self.damage_complaint(first_kind, outcome));
        }
        let floor = self.promises.floor(first_kind);
        let is_excused = self.promises.is_void() && kind != CrashKind::ProcessKill;
        if is_excused && first_kind != CrashKind::ProcessKill && self.excuses(&outcome.first) {
            return Vec::new();
        }
        if !self.is_legal(&outcome.first, floor) {
            return vec![Complaint::First(outcome.first.clone(), first_kind)];
        }
        if is_excused {
            return Vec::new();
        }
        let known = |oracle| move |reason| Complaint::Known(oracle, reason);
        let canonical = self.canonical_complaint(&outcome.canonical);
        let snapshots = self.snapshots_complaint(outcome.snapshots.as_ref());
        let mut copies = outcome.copies.iter();
        let copy = copies.find_map(|(place, found)| self.copy_complaint(*place, found));
        let mut complaints = Vec::from_iter(canonical.map(known(Oracle::C1)));
        complaints.extend(snapshots.map(known(Oracle::C2)));
        complaints.extend(copy.map(known(Oracle::C1)));
        complaints.extend(outcome.leftover.as_ref().map(|name| {
            let expected = "no temporary after a successful open".to_owned();
            Complaint::Known(Oracle::L1, (expected, format!("{name} is still there")))
        }));
        complaints.extend(outcome.used.clone().map(Complaint::Used));
        if kind != CrashKind::ProcessKill {
            complaints.extend(self.later_complaint(kind, outcome));
        }
        complaints
    }

    /// What is wrong with what crashes during and after the recovery have left, if anything is.
    fn later_complaint(&self, kind: CrashKind, outcome: &Outcome) -> Option<Complaint> {
        if let Some(again) = &outcome.again {
            return Some(Complaint::Later(Oracle::R1, again.clone()));
        }
        let floor = self.promises.floor(kind);
        if let Some(bad) = outcome
            .during
            .iter()
            .find(|result| !self.is_legal(result, floor))
        {
            return Some(Complaint::Later(self.lost_later(kind, bad), bad.clone()));
        }
        // What a power-safe store has shown after a restart stays, whatever happens next.
        let strict = self.promises.is_power_safe() && kind != CrashKind::Lying;
        outcome
            .after
            .iter()
            .find(|result| {
                if strict {
                    **result != outcome.first
                } else {
                    !self.is_legal(result, floor)
                }
            })
            .map(|bad| {
                let oracle = if !strict || !self.is_legal(bad, floor) {
                    self.lost_later(kind, bad)
                } else if self.position(bad) < self.position(&outcome.first) {
                    // After a mere kill it was read from the cache of the operating system.
                    if kind == CrashKind::KillThenPowerLoss {
                        Oracle::D8
                    } else {
                        Oracle::D7
                    }
                } else {
                    Oracle::D6
                };
                Complaint::Later(oracle, bad.clone())
            })
    }

    /// The oracle of a state that a crash during or after a recovery has left, and that lacks something.
    fn lost_later(&self, kind: CrashKind, bad: &Recovered) -> Oracle {
        let is_only_read = |position| self.promises.is_only_read(kind, position);
        if self.position(bad).is_some_and(is_only_read) {
            Oracle::D8
        } else {
            Oracle::R2
        }
    }

    /// Names the oracle and keeps the evidence, for the first violation of each.
    pub(super) fn look_closely(
        &mut self,
        frontier: &mut Frontier,
        kind: CrashKind,
        state: CrashState,
        complaint: &Complaint,
    ) {
        let rank = complaint.rank();
        if let Complaint::First(Recovered::State(shown), _) = complaint
            && !self.may_look(*shown)
        {
            return;
        }
        if complaint
            .oracle()
            .is_some_and(|oracle| self.is_found(oracle, rank))
        {
            return;
        }
        let image = frontier.image(state);
        let reason = self.reason(&image, kind, complaint);
        if self.is_found(reason.oracle, rank) {
            return;
        }
        let scene = witness::Scene {
            case: self.case,
            recording: self.recording,
            at: self.at,
            amid: self.amid,
            step: self.promises.current,
            kind,
            lost: if kind == CrashKind::ProcessKill {
                Vec::new()
            } else {
                frontier.lost(state)
            },
            image: &image,
        };
        let oracle = reason.oracle;
        let witness = scene.witness(reason);
        self.found.insert(oracle, Found { witness, rank });
    }

    /// Whether there is evidence of a violation that takes no more steps of reasoning.
    fn is_found(&self, oracle: Oracle, rank: u8) -> bool {
        let found = self.found.get(&oracle);
        found.is_some_and(|found| found.rank <= rank)
    }

    /// Whether one more state that shows this may be looked at closely, which counts then.
    fn may_look(&mut self, shown: StateHash) -> bool {
        let is_new = self.looked_at.insert(shown);
        let may = self.close_looks < CLOSE_LOOKS_MAX || is_new;
        self.close_looks += u32::from(may);
        may
    }

    fn reason(&self, image: &Image, kind: CrashKind, complaint: &Complaint) -> Reason {
        match complaint {
            Complaint::Known(oracle, (expected, found)) => Reason {
                oracle: *oracle,
                expected: expected.clone(),
                found: found.clone(),
            },
            Complaint::Used(used) => Reason {
                oracle: used.oracle,
                expected: used.expected.to_owned(),
                found: self.show(&used.found),
            },
            Complaint::Later(oracle, result) => Reason {
                oracle: *oracle,
                expected: match oracle {
                    Oracle::R1 | Oracle::D6 | Oracle::D7 | Oracle::D8 => {
                        "what the first recovery showed".to_owned()
                    }
                    _ => format!(
                        "every command up to #{}, after the second recovery too",
                        self.floor(kind)
                    ),
                },
                found: self.show(result),
            },
            Complaint::First(Recovered::Failed(message) | Recovered::Crashed(message), _) => {
                Reason {
                    oracle: Oracle::R3,
                    expected: "the store opens".to_owned(),
                    found: message.to_string(),
                }
            }
            Complaint::First(Recovered::State(_), kind) => {
                match self.lab.recover_state(image, self.promises.now) {
                    Ok(shown) => classify(
                        &self.recording.model,
                        &self.recording.steps,
                        &shown,
                        &Expected {
                            floor: self.floor(*kind),
                            current: self.promises.current,
                            kind: *kind,
                            promises: &self.promises,
                            sync_failed: self.sync_failed,
                        },
                    ),
                    // The same image opened a moment ago: the store is not a function of its disk.
                    Err(none) => Reason {
                        oracle: Oracle::X1,
                        expected: "the same recovery of the same image".to_owned(),
                        found: none.into_message(),
                    },
                }
            }
        }
    }

    /// A recovered state in terms of the history.
    fn show(&self, result: &Recovered) -> String {
        match result {
            Recovered::Failed(message) | Recovered::Crashed(message) => message.to_string(),
            Recovered::State(hash) => match self.recording.model.find_lost(*hash, Position::MAX) {
                Some(position) => format!("the state after #{position}"),
                None => "a state the store was never in".to_owned(),
            },
        }
    }
}
