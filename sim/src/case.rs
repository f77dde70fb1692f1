//! One case: a store, a workload, a fault plan and a disk, with what is expected of them.

use std::sync::Arc;

use plimsoll_faults::crash::CrashKind;
use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_faults::profile::Profile;

use crate::class::Class;
use crate::command::Command;
use crate::oracle::Oracle;
use crate::sut::Sut;

/// A disk: a persistence model and the kinds of crash it is put through.
#[derive(Clone, Debug)]
pub struct Disk {
    /// The persistence model.
    pub profile: Arc<Profile>,
    /// The kinds of crash, in the order they are explored.
    pub kinds: Vec<CrashKind>,
}

impl Disk {
    /// A disk with this persistence model that goes through every kind of crash it has, and does not lie.
    pub fn honest(profile: Arc<Profile>) -> Self {
        Self {
            kinds: profile.honest_crashes(),
            profile,
        }
    }

    /// A disk with this persistence model whose syncs lie.
    pub fn lying(profile: Arc<Profile>) -> Self {
        Self {
            profile,
            kinds: vec![CrashKind::Lying],
        }
    }

    /// The kind of crash that recoveries and recovered stores go through: the one that takes most.
    pub(crate) fn nested_kind(&self) -> CrashKind {
        let (all_at_once, is_local) = match &self.profile.network {
            Some(_) => (CrashKind::SitePowerLoss, false),
            None => (CrashKind::PowerLoss, true),
        };
        let is_certain = |kind: &CrashKind| {
            matches!(kind, CrashKind::ProcessKill | CrashKind::KillThenPowerLoss)
        };
        let kinds = &self.kinds;
        if is_local || kinds.contains(&all_at_once) || kinds.iter().all(is_certain) {
            return all_at_once;
        }
        let mut others = kinds.iter().copied().filter(|kind| !is_certain(kind));
        others.next().unwrap_or(all_at_once)
    }

    /// The name in reports: the profile's, with `+lying` when its syncs lie.
    pub fn name(&self) -> String {
        if self.kinds.contains(&CrashKind::Lying) {
            format!("{}+lying", self.profile.name)
        } else {
            self.profile.name.clone()
        }
    }
}

/// How errors are swept over a case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorSweep {
    /// Only the fault plan of the case.
    #[default]
    None,
    /// On top of the plan, operation 1, 2, 3 ... fails until a run completes without reaching it; each with EIO and ENOSPC, once
    /// and persistently, and with an EIO that comes once, after the operation took effect, amid it or late; on network file systems
    /// with what a client says after a lost reply; and each sync fails once in each of the
    /// [failure models](plimsoll_faults::fsync_failure::FsyncFailure). Each such run is then swept for crashes.
    Every,
    /// The same with every error that each operation is known to return, before, amid and after its effect and late, once and again
    /// and again; and as [`Space`](Self::Space).
    All,
    /// On top of the plan, the disk is full at 0, 1, 2 ... bytes until everything fits, and has room again before the store is
    /// closed for the last time. Sizes for which the disk answers alike are run once; runs that only differ in the length of a torn write are
    /// crashed at the first and the last of them, and at some between. [`FullDisks`](crate::counters::FullDisks) says how many that were.
    Space,
}

/// What a case is expected to show. A target is a disk that the store is meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Every oracle holds.
    Pass,
    /// At least one of these oracles is violated on a target. Violations of others are unexpected.
    Violation(Vec<Oracle>),
    /// At least one of these oracles is violated, and on no target. Violations of others are unexpected.
    Portability(Vec<Oracle>),
}

impl Expect {
    /// Whether a violation of this oracle, of this class, is what was expected.
    pub fn includes(&self, oracle: Oracle, class: Class) -> bool {
        match self {
            Self::Pass => false,
            Self::Violation(oracles) => class == Class::Bug && oracles.contains(&oracle),
            Self::Portability(oracles) => class == Class::Portability && oracles.contains(&oracle),
        }
    }
}

/// How far a case is explored. Every limit counts work, never time, so that a case is the same on every machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Crash points with at most this many legal states are enumerated in full; beyond, the canonical families and samples.
    pub exhaustive_states: u32,
    /// Seeded samples at a crash point beyond the exhaustive bound.
    pub samples: u32,
    /// How deep crashes are nested: 0 never crashes a recovery, 2 crashes the recovery of a crashed recovery.
    pub depth: u8,
    /// States explored per crashed recovery, by depth, and the bound at each of its crash points.
    pub nested_states: u32,
    /// States generated in all before the case stops with [`Verdict::Limit`](crate::report::Verdict::Limit).
    pub states_max: u64,
    /// Of the runs of a sweep of errors, one in so many is made: 1 makes all, and 0 is taken for 1. Each way to fail begins at another
    /// operation, so that what is left out of one is not left out of all.
    pub sweep_one_in: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            exhaustive_states: 1 << 10,
            samples: 128,
            depth: 2,
            nested_states: 64,
            states_max: 100_000_000,
            sweep_one_in: 1,
        }
    }
}

/// One case.
#[derive(Clone)]
pub struct Case {
    /// Unique name, such as `mx-r1-torn-tail@posix-minimal`.
    pub id: String,
    /// The store.
    pub sut: Arc<dyn Sut>,
    /// The steps.
    pub workload: Vec<Command>,
    /// What goes wrong while the steps run.
    pub plan: FaultPlan,
    /// Whether errors are swept on top of the plan.
    pub errors: ErrorSweep,
    /// Models in each of which each sync of the run fails in turn, on top of the plan. [`ErrorSweep::Every`] and [`ErrorSweep::All`]
    /// have every model.
    pub fsync_failures: Vec<FsyncFailure>,
    /// Whether the files of the closed store are damaged in every way at the end (oracles R4 and R5).
    pub damage: bool,
    /// Where the store runs.
    pub disk: Disk,
    /// Kinds of crash beyond those of the disk that take what was made durable, so that nothing is promised: whatever they leave, the
    /// store ends in a typed error or in a state that it was in (oracle R5).
    pub unkept: Vec<CrashKind>,
    /// The disks that the store is meant for; none means the one it runs on. A violation that no target reaches is one of
    /// [portability](crate::class::Class::Portability).
    pub targets: Vec<Disk>,
    /// What is expected.
    pub expect: Expect,
    /// How far to look.
    pub limits: Limits,
    /// Seed of every sampled choice.
    pub seed: u64,
}

impl Case {
    /// A case in which nothing goes wrong but crashes, and which is expected to pass within the usual limits.
    pub fn new(
        id: impl Into<String>,
        sut: Arc<dyn Sut>,
        workload: Vec<Command>,
        disk: Disk,
    ) -> Self {
        Self {
            id: id.into(),
            sut,
            workload,
            plan: FaultPlan::none(),
            errors: ErrorSweep::None,
            fsync_failures: Vec::new(),
            unkept: Vec::new(),
            damage: false,
            disk,
            targets: Vec::new(),
            expect: Expect::Pass,
            limits: Limits::default(),
            seed: 1,
        }
    }

    /// The same case under its plan alone.
    #[must_use]
    pub fn without_sweeps(self) -> Self {
        Self {
            errors: ErrorSweep::None,
            fsync_failures: Vec::new(),
            unkept: Vec::new(),
            ..self
        }
    }
}
