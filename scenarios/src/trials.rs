//! Scenarios of worlds: a system of processes, what may happen to it, and what is expected.

mod file;
mod replay;
mod resolve;

pub use replay::{Replay, Replayed};

use std::sync::Arc;

use plimsoll_faults::crash::Bounds;
use plimsoll_faults::profile::Profile;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::trial::draw::Shape;
use plimsoll_sim::trial::hunt::TrialCase;
use plimsoll_sim::trial::run::Ground;
use plimsoll_sim::trial::system::System;

use crate::diagnostic::ScenarioError;
use crate::registry::Registry;

/// States of a loss of power that are judged in full up to this number, and samples beyond.
const CRASH_STATES: Bounds = Bounds {
    exhaustive: 16,
    samples: 8,
};

/// A system, what may happen to it, and what is expected of it.
#[derive(Clone)]
pub struct TrialScenario {
    /// The name: that of its file, without folder and ending.
    pub name: String,
    /// One sentence for lists.
    pub title: String,
    /// Why it is worth running, in one sentence.
    pub why: String,
    /// The system.
    pub system: Arc<dyn System>,
    /// What scripts are made of.
    pub shape: Shape,
    /// Where it runs.
    pub disks: Vec<Arc<Profile>>,
    /// Number of seeds.
    pub seeds: u64,
    /// Every so many of them are crashed at every position of their op logs; 0 for none.
    pub sweep: u64,
    /// Oracles that are expected not to hold, any one of them; none says that all hold.
    pub expected: Vec<Oracle>,
    /// Oracles that may not hold either, and are not enough.
    pub beside: Vec<Oracle>,
}

impl TrialScenario {
    /// Reads a scenario. `file_name` is what errors call the file, and names the scenario; `registry` has the systems and disks that it can
    /// name.
    ///
    /// # Errors
    /// The text is not TOML, has a key that means nothing, lacks one, or names something that does not exist.
    pub fn parse(file_name: &str, text: &str, registry: &Registry) -> Result<Self, ScenarioError> {
        resolve::parse(file_name, text, registry)
    }

    /// The cases: one for every disk, with seeds from this one on.
    pub fn cases(&self, first_seed: u64) -> Vec<TrialCase> {
        let case = |profile: &Arc<Profile>| TrialCase {
            id: format!("{}@{}", self.name, profile.name),
            ground: Ground {
                system: Arc::clone(&self.system),
                profile: Arc::clone(profile),
                crash_states: CRASH_STATES,
            },
            shape: self.shape.clone(),
            first_seed,
            seeds: self.seeds,
            expected: self.expected.clone(),
            beside: self.beside.clone(),
            twice_every: 20,
            sweep_every: self.sweep,
        };
        self.disks.iter().map(case).collect()
    }
}

impl std::fmt::Debug for TrialScenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrialScenario")
            .field("name", &self.name)
            .field("system", &self.system.name())
            .finish_non_exhaustive()
    }
}

macro_rules! files {
    ($($group:literal: $($name:literal)*;)*) => {
        &[$($(
            (
                concat!("scenarios/worlds/", $group, "/", $name, ".toml"),
                include_str!(concat!("../worlds/", $group, "/", $name, ".toml")),
            ),
        )*)*]
    };
}

/// Path and text of every file that ships. A test holds this list to the directory.
pub const TRIAL_FILES: &[(&str, &str)] = files! {
    "reference":
        "service-power"
        "service-power-network"
        "service-window"
        "service-process"
        "service-process-syncs"
        "service-memory"
        "service-memory-interval"
        "service-sqlite"
        "service-sqlite-window"
        "service-sqlite-memory"
        "standalone-native"
        "standalone-native-memory"
        "standalone-sqlite"
        "standalone-sqlite-memory"
        "standalone-window"
        "service-interrupted"
        "service-full-output"
        "standalone-strangers";
    "signals":
        "tarantool-68"
        "tarantool-68-fixed"
        "colibri-69"
        "colibri-69-fixed"
        "gpdb-71"
        "gpdb-71-fixed"
        "ready-72b"
        "ready-72b-fixed";
    "torc":
        "torc-h2"
        "torc-h2-fixed"
        "torc-h11"
        "torc-h11-fixed"
        "torc-h13"
        "torc-h13-fixed"
        "torc-h14"
        "torc-h14-fixed"
        "torc-h15"
        "torc-h15-fixed"
        "torc-r1"
        "torc-r1-fixed"
        "torc-r2"
        "torc-r2-fixed"
        "torc-r3"
        "torc-r3-fixed"
        "torc-r6"
        "torc-r6-fixed"
        "torc-r7"
        "torc-r7-fixed"
        "torc-r8"
        "torc-r8-fixed"
        "torc-r12"
        "torc-r12-fixed"
        "torc-r18"
        "torc-r18-fixed"
        "torc-h3"
        "torc-h3-fixed"
        "torc-h8"
        "torc-h8-fixed"
        "torc-h10"
        "torc-h10-fixed"
        "torc-r21"
        "torc-r21-fixed"
        "torc-r22"
        "torc-r22-fixed";
    "tinycloud":
        "tiny-h1"
        "tiny-h1-fixed"
        "tiny-h2"
        "tiny-h2-fixed"
        "tiny-h4"
        "tiny-h4-fixed"
        "tiny-h6"
        "tiny-h6-fixed"
        "tiny-r1"
        "tiny-r1-fixed"
        "tiny-r2"
        "tiny-r2-fixed"
        "tiny-r3"
        "tiny-r3-fixed"
        "tiny-r4"
        "tiny-r4-fixed"
        "tiny-r5"
        "tiny-r5-fixed"
        "tiny-r13"
        "tiny-r13-fixed"
        "tiny-fixed-memory"
        "tiny-fixed-1k"
        "tiny-fixed-stored"
        "tiny-fixed-cached";
    "activitywatch":
        "aw-h3"
        "aw-h3-fixed"
        "aw-r1"
        "aw-r1-fixed"
        "aw-r2"
        "aw-r2-fixed"
        "aw-r3"
        "aw-r3-fixed"
        "aw-r6"
        "aw-r6-fixed"
        "aw-r12"
        "aw-r12-fixed"
        "aw-r13"
        "aw-r13-fixed"
        "aw-r14"
        "aw-r14-fixed"
        "aw-fixed"
        "aw-fixed-slow"
        "aw-r15"
        "aw-r15-fixed"
        "aw-r15-crash";
    "surrealmx":
        "smx-r14"
        "smx-r14-fixed"
        "smx-r16"
        "smx-r16-fixed"
        "smx-r34"
        "smx-r34-fixed"
        "smx-r36"
        "smx-r36-fixed";
    "modelvault":
        "vault-h1"
        "vault-h1-fixed"
        "vault-r2"
        "vault-r2-fixed";
    "corpus":
        "redis-70"
        "redis-70-fixed"
        "pickledb-72"
        "pickledb-72-fixed"
        "beanstalkd-72d"
        "beanstalkd-72d-fixed"
        "cockroach-73"
        "cockroach-73-fixed";
};

/// Every scenario that ships.
///
/// # Panics
/// Never: a test reads each of them.
pub fn trials() -> Vec<TrialScenario> {
    let registry = Registry::shipped();
    TRIAL_FILES
        .iter()
        .map(|(path, text)| {
            TrialScenario::parse(path, text, &registry).unwrap_or_else(|error| panic!("{error}"))
        })
        .collect()
}
