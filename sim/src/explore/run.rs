//! A case from start to verdict.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::image::Image;
use plimsoll_faults::log::Entry;
use plimsoll_faults::log::MicroOp;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::rng::Rng;

use super::damage::damage;
use super::errors::ErrorPlans;
use super::explain::missing_barrier;
use super::full_disk::fill;
use super::goal::Goal;
use super::lab::{Audit, Lab};
use super::opener::{Look, Opener};
use super::reach::reach;
use super::recording::{Recording, record};
use super::recovered::Recovered;
use super::shrink::shrink;
use super::sweep::{Ended, Found, Sweep};
use super::sync_errors::sync_fails;
use super::witness;
use crate::case::{Case, ErrorSweep, Expect};
use crate::class::Class;
use crate::counters::FaultCounts;
use crate::fingerprint::{Fingerprint, Fingerprinter};
use crate::oracle::Oracle;
use crate::report::{CaseReport, Counters, Verdict, Violation};
use crate::sut::Sut;

/// Explores a case: every crash point of its run, every legal state there within the limits, every recovery, every oracle.
///
/// Equal cases give equal reports, on every machine.
pub fn run(case: &Case) -> CaseReport {
    let mut exploration = explore(case, Goal::Everything);
    let mut violations = Vec::new();
    for (oracle, found) in std::mem::take(&mut exploration.found) {
        let (smallest, mut witness) = shrink(case, oracle, found);
        witness.help = missing_barrier(&smallest, oracle);
        let reach = reach(case, &smallest, oracle);
        violations.push(Violation {
            oracle,
            expected: case.expect.includes(oracle, reach.class),
            class: reach.class,
            profiles: reach.disks,
            witness,
        });
    }
    let (verdict, reason) = exploration.verdict(case, &violations);
    CaseReport {
        verdict,
        violations,
        reason,
        counters: exploration.counters,
        fingerprint: exploration.fingerprint,
    }
}

/// Explores a case, and runs every recovery that an exploration would only look up, because one that saw the same was run.
pub fn audit(case: &Case) -> Audit {
    let mut lab = Lab::new(case).audited();
    explore_in(&mut lab, case, Goal::Everything);
    lab.audit()
}

/// The op log of a case's run.
pub fn op_log(case: &Case) -> Vec<Entry> {
    record(case, &case.plan).log
}

/// Recovers a store on each image and reads everything it holds, as an exploration does; returns on how many it opened.
pub fn recover_each(sut: &dyn Sut, images: &[Image]) -> u64 {
    let mut opener = Opener::new(sut);
    images
        .iter()
        .map(|image| opener.recover(image, Duration::ZERO, Look::Contents))
        .filter(|recovery| matches!(recovery.result, Recovered::State(_)))
        .count() as u64
}

/// What exploring a case found, before it is held to what was expected.
pub(super) struct Exploration {
    pub(super) found: BTreeMap<Oracle, Found>,
    pub(super) counters: Counters,
    fingerprint: Fingerprint,
    pub(super) over_limit: Option<String>,
    /// Faults of the plan that never took effect.
    pub(super) unfired: Vec<String>,
}

/// Explores a case once, up to the goal.
pub(super) fn explore(case: &Case, goal: Goal) -> Exploration {
    let mut lab = Lab::new(case);
    explore_in(&mut lab, case, goal)
}

fn explore_in(lab: &mut Lab<'_>, case: &Case, goal: Goal) -> Exploration {
    let mut exploration = Exploration {
        found: BTreeMap::new(),
        counters: Counters::default(),
        fingerprint: Fingerprint::default(),
        over_limit: None,
        unfired: Vec::new(),
    };
    let mut prints = Fingerprinter::default();
    let first = explore_plan(case, goal, &case.plan, lab, &mut exploration, &mut prints);
    for (line, &fired) in case.plan.lines().into_iter().zip(&first.fired) {
        if fired == 0 {
            exploration.unfired.push(line);
        }
    }
    if case.damage && first.finding.is_none() && !goal.is_reached(&exploration.found) {
        let mut rng = Rng::stream(case.seed, "damage");
        for mishap in damage(&first, lab, &mut rng) {
            let witness = witness::of_mishap(case, &first, &mishap);
            exploration
                .found
                .entry(mishap.oracle)
                .or_insert(Found { witness, rank: 0 });
        }
    }
    let ways = ways_to_fail(case);
    let has_syncs = || first.log.iter().any(|entry| entry.kind.is_sync());
    if !case.fsync_failures.is_empty() && !has_syncs() {
        exploration
            .unfired
            .push("a failure of a sync: the run has none".to_owned());
    }
    sweep_errors(case, goal, &ways, lab, &mut exploration, &mut prints);
    if matches!(case.errors, ErrorSweep::All | ErrorSweep::Space) {
        fill(case, goal, lab, &mut exploration, &mut prints);
    }
    exploration.counters = Counters {
        faults_fired: exploration.counters.faults_fired,
        faults: exploration.counters.faults,
        full_disks: exploration.counters.full_disks,
        ..lab.counters
    };
    exploration.fingerprint = prints.finish();
    exploration
}

/// A plan in which the operation of some number fails, on top of a given one.
type Nth = Box<dyn Fn(&FaultPlan, u32) -> FaultPlan>;

/// The ways in which a case lets operations fail in turn: with errors, and every sync in each way in which syncs fail.
fn ways_to_fail(case: &Case) -> Vec<Nth> {
    let (operations, models) = match case.errors {
        ErrorSweep::None | ErrorSweep::Space => (Vec::new(), case.fsync_failures.as_slice()),
        ErrorSweep::Every => (
            ErrorPlans::every(case.disk.profile.network.is_some()),
            FsyncFailure::ALL,
        ),
        ErrorSweep::All => (ErrorPlans::all(), FsyncFailure::ALL),
    };
    let operations = operations
        .into_iter()
        .map(|plans| -> Nth { Box::new(move |plan, number| plans.with(plan, number)) });
    let syncs = models
        .iter()
        .map(|&model| -> Nth { Box::new(move |plan, number| sync_fails(plan, number, model)) });
    operations.chain(syncs).collect()
}

/// Fails the operations of the run in turn, in each of these ways, as many of them as the limits ask for.
fn sweep_errors(
    case: &Case,
    goal: Goal,
    ways: &[Nth],
    lab: &mut Lab<'_>,
    exploration: &mut Exploration,
    prints: &mut Fingerprinter,
) {
    let one_in = case.limits.sweep_one_in.max(1);
    for (way, with_failure) in (0..).zip(ways) {
        for number in (1 + way % one_in..).step_by(one_in as usize) {
            if goal.is_reached(&exploration.found) {
                return;
            }
            let plan = with_failure(&case.plan, number);
            let recording = record(case, &plan);
            let is_reached = recording.fired.first() != Some(&0);
            // Where few runs are made, most of them would be those that end the sweep of one way: runs in which nothing fails.
            if one_in > 1 && !is_reached {
                break;
            }
            explore_run(case, goal, &plan, &recording, lab, exploration, prints);
            // The run has ended before reaching this operation: the sweep is complete.
            if !is_reached || exploration.over_limit.is_some() {
                break;
            }
        }
    }
}

/// Runs the workload under one plan and sweeps its crash points.
fn explore_plan(
    case: &Case,
    goal: Goal,
    plan: &FaultPlan,
    lab: &mut Lab<'_>,
    exploration: &mut Exploration,
    prints: &mut Fingerprinter,
) -> Recording {
    let recording = record(case, plan);
    explore_run(case, goal, plan, &recording, lab, exploration, prints);
    recording
}

/// Holds a run under one plan to the oracles, and sweeps its crash points.
fn explore_run(
    case: &Case,
    goal: Goal,
    plan: &FaultPlan,
    recording: &Recording,
    lab: &mut Lab<'_>,
    exploration: &mut Exploration,
    prints: &mut Fingerprinter,
) {
    exploration.live(case, plan, recording, prints);
    if !goal.is_reached(&exploration.found) {
        exploration.crash(case, goal, plan, recording, lab, prints);
    }
}

impl Exploration {
    /// Counts a run under one plan, and keeps what was wrong without a crash.
    pub(super) fn live(
        &mut self,
        case: &Case,
        plan: &FaultPlan,
        recording: &Recording,
        prints: &mut Fingerprinter,
    ) {
        self.counters.faults_fired += recording.fired.iter().copied().map(u64::from).sum::<u64>();
        self.counters.faults += FaultCounts::of(plan, &recording.fired);
        print_recording(recording, prints);
        if recording.exhausted {
            self.over_limit = Some(
                "the run never ended, or left more outcomes unknown than can be followed"
                    .to_owned(),
            );
        }
        if let Some(operation) = &recording.hung {
            self.over_limit = Some(format!("the store hung: `{operation}` never returned"));
        }
        for finding in recording.findings() {
            self.found.entry(finding.oracle).or_insert_with(|| {
                let witness = witness::of_finding(&with_plan(case, plan), recording, finding);
                Found { witness, rank: 0 }
            });
        }
    }

    /// Sweeps the crash points of a run under one plan.
    pub(super) fn crash(
        &mut self,
        case: &Case,
        goal: Goal,
        plan: &FaultPlan,
        recording: &Recording,
        lab: &mut Lab<'_>,
        prints: &mut Fingerprinter,
    ) {
        let case = with_plan(case, plan);
        let mut sweep = Sweep::new(&case, recording, lab, &mut self.found).until(goal);
        let ended = sweep.run();
        prints.hash(sweep.trail);
        if ended == Ended::OverLimit {
            self.over_limit = Some(format!("more than {} states", case.limits.states_max));
        }
    }
}

fn with_plan(case: &Case, plan: &FaultPlan) -> Case {
    Case {
        plan: plan.clone(),
        ..case.clone()
    }
}

fn print_recording(recording: &Recording, prints: &mut Fingerprinter) {
    for entry in &recording.log {
        print_entry(entry, prints);
    }
    for event in &recording.events {
        prints.number(event.at as u64);
        prints.number(u64::from(event.step));
        prints.bytes(format!("{:?}", event.what).as_bytes());
    }
    prints.number(recording.operations);
}

fn print_entry(entry: &Entry, prints: &mut Fingerprinter) {
    prints.bytes(entry.kind.name().as_bytes());
    prints.bytes(entry.path.as_bytes());
    prints.bytes(entry.second.as_deref().unwrap_or("").as_bytes());
    let (offset, len) = entry.range.unwrap_or_default();
    prints.number(offset);
    prints.number(len);
    prints.number(entry.error.map_or(0, |errno| errno.code() as u64));
    for change in &entry.changes {
        if let MicroOp::Data { sectors, .. } = change {
            for sector in sectors {
                prints.bytes(sector.bytes());
            }
        }
    }
}

impl Exploration {
    fn verdict(&self, case: &Case, violations: &[Violation]) -> (Verdict, Option<String>) {
        let unexpected = |class: Class| {
            violations
                .iter()
                .any(|violation| !violation.expected && violation.class == class)
        };
        if unexpected(Class::Bug) {
            return (Verdict::Violated, None);
        }
        if let Expect::Violation(oracles) | Expect::Portability(oracles) = &case.expect
            && !violations.iter().any(|violation| violation.expected)
        {
            let names: Vec<&str> = oracles.iter().map(|oracle| oracle.name()).collect();
            return (
                Verdict::Missed,
                Some(format!("no violation of {} was found", names.join(" or "))),
            );
        }
        if let Some(reason) = &self.over_limit {
            return (Verdict::Limit, Some(reason.clone()));
        }
        if !self.unfired.is_empty() {
            return (
                Verdict::Vacuous,
                Some(format!("never took effect: {}", self.unfired.join("; "))),
            );
        }
        if self.counters.states_generated == 0 && violations.is_empty() {
            return (
                Verdict::Vacuous,
                Some("no crash state was explored".to_owned()),
            );
        }
        if unexpected(Class::Portability) {
            return (Verdict::Portability, None);
        }
        (Verdict::Passed, None)
    }
}
