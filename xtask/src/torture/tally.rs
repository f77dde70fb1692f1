//! What came of all rounds.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use plimsoll_sim::trial::history::{End, Life};

use super::mode::Mode;
use super::plan::Plan;
use crate::exit::Exit;
use crate::sim::seed::Seed;
use crate::text::{counted, grouped};

/// A life in which an oracle did not hold.
#[derive(Clone, Debug)]
pub(super) struct Violation {
    pub(super) seed: Seed,
    pub(super) mode: &'static str,
    /// Which life of the round.
    pub(super) life: u64,
    /// What does not hold.
    pub(super) claims: Vec<String>,
    /// What was said and done.
    pub(super) log: PathBuf,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.claims.join("\n"))?;
        writeln!(
            f,
            "  in: life {} of round {}, {}",
            self.life, self.seed, self.mode
        )?;
        writeln!(f, "  log: {}", self.log.display())
    }
}

/// What came of all rounds.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) rounds: u64,
    pub(super) violations: Vec<Violation>,
    lives: BTreeMap<&'static str, u64>,
    requests: u64,
    answered: u64,
    killed: u64,
    deeds: BTreeMap<String, u64>,
    ends: BTreeMap<String, u64>,
}

impl Tally {
    /// Adds a life.
    pub(super) fn add(&mut self, mode: &Mode, plan: &Plan, life: &Life) {
        *self.lives.entry(mode.name).or_default() += 1;
        self.requests += life.requests.len() as u64;
        let answered = life.requests.iter().filter(|asked| asked.answer.is_some());
        self.answered += answered.count() as u64;
        for kind in plan.deeds.iter().filter_map(|deed| deed.kind()) {
            *self.deeds.entry(kind).or_default() += 1;
        }
        let end = match life.end.1 {
            End::Exited(status) => status.to_string(),
            End::Killed | End::PowerLost => "killed".to_owned(),
            End::Running => "hung".to_owned(),
        };
        self.killed += u64::from(life.end.1 == End::Killed);
        *self.ends.entry(end).or_default() += 1;
    }

    /// One line of progress.
    pub(super) fn progress(&self) -> String {
        let lives = self.lives.values().sum();
        format!(
            "{}, {}, {} killed, {}",
            counted(self.rounds, "round"),
            counted(lives, "process").replace("processs", "processes"),
            grouped(self.killed),
            counted(self.violations.len() as u64, "violation")
        )
    }

    /// The exit code of the run.
    pub(super) fn exit(&self) -> Exit {
        if !self.violations.is_empty() {
            Exit::Violated
        } else if self.killed == 0 || self.answered == 0 {
            Exit::Vacuous
        } else {
            Exit::Held
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.progress())?;
        writeln!(
            f,
            "{:>12} {}, {} answered",
            "",
            counted(self.requests, "request"),
            grouped(self.answered)
        )?;
        writeln!(f, "{:>12} processes: {}", "", list(&self.lives))?;
        writeln!(f, "{:>12} done to them: {}", "", list(&self.deeds))?;
        writeln!(f, "{:>12} how they ended: {}", "", list(&self.ends))
    }
}

fn list<K: fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{kind} {}", grouped(*count)))
        .collect();
    parts.join(", ")
}
