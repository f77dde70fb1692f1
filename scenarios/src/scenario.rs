//! A scenario: what a file says, with every name looked up.

mod faults;
mod file;
mod resolve;
mod steps;
mod sync_failures;

use std::sync::Arc;

use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_faults::plan::FaultPlan;
use plimsoll_sim::case::{Case, Disk, ErrorSweep, Expect, Limits};
use plimsoll_sim::command::Command;
use plimsoll_sim::sut::Sut;
use plimsoll_sim::workload::{Scope, Shape, generate};

use crate::diagnostic::ScenarioError;
use crate::registry::Registry;

/// What a store is put through, where, and what is expected of it.
#[derive(Clone)]
pub struct Scenario {
    /// The name: that of its file, without folder and ending.
    pub name: String,
    /// The folder in the catalogue; empty for files from elsewhere.
    pub group: String,
    /// One sentence for lists.
    pub title: String,
    /// Why it is worth running, in one sentence.
    pub why: String,
    /// The store.
    pub sut: Arc<dyn Sut>,
    /// The steps.
    pub workload: Workload,
    /// What goes wrong while they run.
    pub plan: FaultPlan,
    /// Whether errors are swept on top.
    pub errors: ErrorSweep,
    /// In which of these ways each sync fails in turn.
    pub fsync_failures: Vec<FsyncFailure>,
    /// Whether the files that the closed store leaves are damaged in every way.
    pub damage: bool,
    /// Where they run.
    pub disks: Vec<Disk>,
    /// Which disks and kinds of crash are left out, and why. Nobody who reads a list of passes sees what is not in it.
    pub left_out: Option<String>,
    /// The disks that the store is meant for; by default those above.
    pub targets: Vec<Disk>,
    /// Whether it is too long for every run, and left to the nightly ones.
    pub nightly: bool,
    /// What is expected.
    pub expect: Expect,
    /// How far to look.
    pub limits: Limits,
}

/// The steps of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workload {
    /// These.
    Steps(Vec<Command>),
    /// Generated ones.
    Random {
        /// The first seed.
        first_seed: u64,
        /// Number of seeds, one after the other.
        seeds: u64,
        /// What they are made of.
        shape: Shape,
    },
    /// Every one of a small scope.
    Exhaustive(Scope),
}

impl Scenario {
    /// Reads a scenario. `file_name` is what errors call the file, and names the scenario.
    ///
    /// ```
    /// use plimsoll_scenarios::{Registry, Scenario};
    ///
    /// let text = r#"
    /// version = 1
    /// title = "a put survives a power loss"
    /// why = "It is what the store promises."
    /// sut = "reference-power"
    /// disks = ["posix-minimal"]
    /// workload.steps = ["put a 1", "reopen"]
    /// expect.verdict = "pass"
    /// "#;
    /// let scenario = Scenario::parse("my/first.toml", text, &Registry::shipped())?;
    /// assert_eq!(scenario.cases()[0].id, "first@posix-minimal");
    /// # Ok::<(), plimsoll_scenarios::ScenarioError>(())
    /// ```
    ///
    /// # Errors
    /// The text is not TOML, has a key that means nothing, lacks one, or names something that does not exist.
    pub fn parse(file_name: &str, text: &str, registry: &Registry) -> Result<Self, ScenarioError> {
        resolve::parse(file_name, text, registry)
    }

    /// The cases: one for every disk, and for every seed or workload where there are several.
    pub fn cases(&self) -> Vec<Case> {
        let workloads = self.workloads();
        let mut cases = Vec::new();
        for disk in &self.disks {
            let id = format!("{}@{}", self.name, disk.name());
            for (seed, workload) in &workloads {
                let id = match workloads.len() {
                    1 => id.clone(),
                    _ => format!("{id}#{seed}"),
                };
                cases.push(self.case(id, disk, workload.clone(), *seed));
            }
        }
        cases
    }

    /// The workloads, each with the seed of its sampled choices, by which it is named where there are several.
    fn workloads(&self) -> Vec<(u64, Vec<Command>)> {
        match &self.workload {
            Workload::Steps(steps) => vec![(0, steps.clone())],
            Workload::Random {
                first_seed,
                seeds,
                shape,
            } => (*first_seed..)
                .take(usize::try_from(*seeds).unwrap_or(usize::MAX))
                .map(|seed| (seed, generate(seed, shape)))
                .collect(),
            Workload::Exhaustive(scope) => (1..).zip(scope.workloads()).collect(),
        }
    }

    fn case(&self, id: String, disk: &Disk, workload: Vec<Command>, seed: u64) -> Case {
        Case {
            id,
            sut: Arc::clone(&self.sut),
            workload,
            plan: self.plan.clone(),
            errors: self.errors,
            fsync_failures: self.fsync_failures.clone(),
            damage: self.damage,
            disk: disk.clone(),
            unkept: Vec::new(),
            targets: self.targets.clone(),
            expect: self.expect.clone(),
            limits: self.limits,
            seed,
        }
    }
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scenario")
            .field("name", &self.name)
            .field("sut", &self.sut.name())
            .finish_non_exhaustive()
    }
}
