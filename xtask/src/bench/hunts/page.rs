//! What is printed of hunts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::score::{Score, Worlds};
use crate::exit::Ending;
use crate::output::{BAD, LABEL};
use crate::text::{counted, grouped};

/// The hunts for one bug.
#[derive(Serialize)]
pub(super) struct BugLine {
    r#type: &'static str,
    id: String,
    oracles: Vec<&'static str>,
    /// By oracle the first seed that showed it.
    unexpected: BTreeMap<&'static str, u64>,
    hunts: usize,
    found: usize,
    /// None where the hunt in the middle found nothing, and so below.
    median_worlds: Option<u64>,
    worst_worlds: Option<u64>,
    worst_first_seed: Option<u64>,
    budget: u64,
    verdict: &'static str,
}

/// All of them.
#[derive(Serialize)]
pub(super) struct SummaryLine {
    r#type: &'static str,
    schema: u32,
    bugs: usize,
    hunts_per_bug: u32,
    hunts: usize,
    found: usize,
    median_worlds: Option<u64>,
    greatest_median_worlds: Option<u64>,
    greatest_median_id: Option<String>,
    worst_worlds: Option<u64>,
    worst_id: Option<String>,
    verdict: &'static str,
}

/// Something and whose it is.
type Of<T> = Option<(T, String)>;

/// The sum of all bugs.
pub(super) struct Summary {
    medians: Vec<Worlds>,
    hunts: usize,
    found: usize,
    greatest: Of<Worlds>,
    worst: Of<Worlds>,
    pub(super) ending: Ending,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            medians: Vec::new(),
            hunts: 0,
            found: 0,
            greatest: None,
            worst: None,
            ending: Ending::Passed,
        }
    }
}

impl Summary {
    /// Adds a bug.
    pub(super) fn add(&mut self, score: &Score) {
        let median = score.median();
        self.medians.push(median);
        self.hunts += score.hunts();
        self.found += score.found();
        greater(&mut self.greatest, median, &score.id);
        if let Some(worst) = score.worst() {
            greater(&mut self.worst, worst.seeds, &score.id);
        }
        self.ending = self.ending.max(score.ending);
    }

    /// The median of all bugs; of an even number, the worse of the two.
    fn median(&self) -> Worlds {
        let mut medians = self.medians.clone();
        medians.sort_unstable();
        let middle = medians.get(medians.len() / 2);
        middle.copied().unwrap_or(Worlds::Missed)
    }

    pub(super) fn human(&self) -> String {
        let mut text = format!(
            "{LABEL}{:>12}{LABEL:#} {}, found in {} of {}: {} in the median of all",
            "Hunts",
            counted(self.medians.len() as u64, "planted bug"),
            grouped(self.found as u64),
            counted(self.hunts as u64, "hunt"),
            worlds(self.median()),
        );
        for (what, of) in [
            ("greatest median", &self.greatest),
            ("worst hunt", &self.worst),
        ] {
            if let Some((taken, id)) = of {
                let _ = write!(text, " · {what} {} ({id})", worlds(*taken));
            }
        }
        let _ = writeln!(text, " · {}", self.ending.name());
        text
    }

    pub(super) fn line(&self, hunts_per_bug: u32) -> SummaryLine {
        let number = |of: &Of<Worlds>| of.as_ref().and_then(|(taken, _)| taken.number());
        let id = |of: &Of<Worlds>| of.as_ref().map(|(_, id)| id.clone());
        SummaryLine {
            r#type: "bench-hunts",
            schema: 1,
            bugs: self.medians.len(),
            hunts_per_bug,
            hunts: self.hunts,
            found: self.found,
            median_worlds: self.median().number(),
            greatest_median_worlds: number(&self.greatest),
            greatest_median_id: id(&self.greatest),
            worst_worlds: number(&self.worst),
            worst_id: id(&self.worst),
            verdict: self.ending.name(),
        }
    }
}

/// Keeps the greater, and the first of equal ones.
fn greater(kept: &mut Of<Worlds>, taken: Worlds, id: &str) {
    if kept.as_ref().is_none_or(|(other, _)| taken > *other) {
        *kept = Some((taken, id.to_owned()));
    }
}

/// A line of a table.
pub(super) fn human(score: &Score) -> String {
    let worst = score.worst();
    let oracles: Vec<&str> = score.oracles.iter().map(|oracle| oracle.name()).collect();
    let oracles = oracles.join(" ");
    let mut text = format!(
        "{:>7} median · {:>7} worst · {:>7} budget · found by {} of {}  {oracles:<8} {}",
        short(score.median()),
        short(worst.map_or(Worlds::Missed, |hunt| hunt.seeds)),
        grouped(score.budget),
        score.found(),
        score.hunts(),
        score.id,
    );
    if score.ending != Ending::Passed {
        let _ = write!(text, "  {BAD}{}{BAD:#}", score.ending.name());
    }
    for (oracle, seed) in &score.others {
        let _ = write!(text, " · {oracle} at seed {seed}");
    }
    if let Some(hunt) = worst
        && hunt.seeds == Worlds::Missed
    {
        let _ = write!(text, " · nothing from seed {}", hunt.first_seed);
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn short(taken: Worlds) -> String {
    taken.number().map_or("none".to_owned(), grouped)
}

fn worlds(taken: Worlds) -> String {
    let number = taken.number();
    number.map_or("nothing found".to_owned(), |n| counted(n, "world"))
}

/// The same as an object.
pub(super) fn line_of(score: &Score) -> BugLine {
    let worst = score.worst();
    BugLine {
        r#type: "bench-hunt",
        id: score.id.clone(),
        oracles: score.oracles.iter().map(|oracle| oracle.name()).collect(),
        unexpected: score
            .others
            .iter()
            .map(|(oracle, seed)| (oracle.name(), *seed))
            .collect(),
        hunts: score.hunts(),
        found: score.found(),
        median_worlds: score.median().number(),
        worst_worlds: worst.and_then(|hunt| hunt.seeds.number()),
        worst_first_seed: worst.map(|hunt| hunt.first_seed),
        budget: score.budget,
        verdict: score.ending.name(),
    }
}
