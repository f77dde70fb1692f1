//! What a run prints: text for people, or JSON Lines for programs.

pub(crate) mod groups;
pub(crate) mod human;
pub(crate) mod jsonl;

use crate::exit::Ending;
use crate::sim::case_runner::Outcome;
use crate::sim::options::Format;
use crate::sim::selection::Selected;
use crate::sim::tally::Summary;

/// A case in its run.
#[derive(Clone, Copy)]
pub(crate) struct Finished<'a> {
    /// The case.
    pub(crate) selected: &'a Selected,
    /// What came of it.
    pub(crate) outcome: &'a Outcome,
    /// Of each violation, whether one like it was there before.
    pub(crate) known: &'a [bool],
    /// Its place in the run, from 1.
    pub(crate) position: usize,
    /// Cases in the run.
    pub(crate) total: usize,
}

impl Finished<'_> {
    /// Whether it ended as it did because of violations, and each of those was there before.
    pub(crate) fn is_known(&self) -> bool {
        let is_violated = matches!(self.outcome.ending, Ending::Violated | Ending::Portability);
        let mut violations = self.outcome.violations.iter().zip(self.known);
        is_violated && violations.all(|(violation, &known)| known || violation.expected)
    }
}

/// The first lines: what is about to be run. Everything in them is needed to run it again.
pub(crate) struct Plan<'a> {
    /// The name of the preset.
    pub(crate) preset: &'static str,
    /// Cases of scenarios, and of exploration.
    pub(crate) scenario_cases: usize,
    /// Cases of exploration.
    pub(crate) exploration_cases: usize,
    /// The base seed.
    pub(crate) seed: String,
    /// Seeds per mode and disk.
    pub(crate) seeds: u32,
    /// The disks asked for.
    pub(crate) disks: &'a str,
    /// States per case.
    pub(crate) budget: Option<u64>,
    /// Threads.
    pub(crate) jobs: usize,
}

impl Format {
    /// What is printed before the first case.
    pub(crate) fn plan(self, plan: &Plan<'_>) -> String {
        match self {
            Self::Human => human::plan(plan),
            Self::Jsonl => String::new(),
        }
    }

    /// What is printed when a case has finished: nothing for people when it passed.
    pub(crate) fn case(self, finished: &Finished<'_>) -> String {
        match self {
            Self::Human => human::case(finished),
            Self::Jsonl => jsonl::case(finished),
        }
    }

    /// What is printed when exactly this case was asked for.
    pub(crate) fn single(self, finished: &Finished<'_>, summary: &Summary) -> String {
        match self {
            Self::Human => human::single(finished),
            Self::Jsonl => jsonl::case(finished) + &jsonl::summary(summary),
        }
    }

    /// What is printed at the end.
    pub(crate) fn summary(self, summary: &Summary) -> String {
        match self {
            Self::Human => human::summary(summary),
            Self::Jsonl => jsonl::summary(summary),
        }
    }
}
