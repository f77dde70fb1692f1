//! `cargo xtask bench hunts`: how many worlds it takes until a planted bug shows.

mod page;
mod score;

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use anyhow::Error;
use clap::Args;
use plimsoll_faults::rng::Rng;

use crate::bench::hunts::page::Summary;
use crate::bench::hunts::score::Score;
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::output::{Output, Refusal};
use crate::report::jsonl::line;
use crate::sim::disks::Disks;
use crate::sim::options::{DiskOptions, Format, Printing, Repetitions, available_jobs};
use crate::sim::seed::{self, Seed};
use crate::sim::worlds::selection::{self, SelectedWorlds};
use crate::sim::worlds::{Tried, pool};

/// Count the worlds that it takes until each planted bug of a world shows, in hunts that begin with different seeds
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask bench hunts
  cargo xtask bench hunts torc-h2 --hunts=100
  cargo xtask bench hunts --format=jsonl",
    after_help = "A planted bug is a case of `sim worlds` that expects a violation; its budget are the seeds of its scenario. A hunt goes through the
seeds that follow its first one, up to the first that shows what is expected. The numbers are a function of the seed.

Exit codes: 0 when every hunt found its bug within the budget and nothing else, 2 when one did not, 6 when two equal runs differed."
)]
pub(crate) struct Hunts {
    /// Part of an id, a pattern with `*` and `?`, or the path of a scenario file
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    #[command(flatten)]
    disks: DiskOptions,
    /// Hunts for each bug
    #[arg(long, value_name = "COUNT", default_value = "20")]
    hunts: Repetitions,
    /// Where the first seeds of the hunts are drawn from
    #[arg(long, value_name = "SEED", env = "SIM_SEED", hide_env_values = true, default_value_t = seed::DEFAULT)]
    seed: Seed,
    /// Hunts at the same time [default: one per processor]; the result does not depend on it
    #[arg(long, value_name = "COUNT", env = "SIM_JOBS", hide_env_values = true)]
    jobs: Option<NonZeroUsize>,
    #[command(flatten)]
    printing: Printing,
}

impl Hunts {
    /// Hunts, and prints what it took.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let cases = self.cases()?;
        if cases.is_empty() {
            let message = "what matches expects no violation: there is no bug to hunt";
            return Err(Refusal::new(Exit::NothingSelected, message).into());
        }
        let interrupt = Interrupt::listen()?;
        let mut output = Output::new(self.printing.color);
        let jobs = self.jobs.unwrap_or_else(available_jobs);
        let (mut summary, mut score) = (Summary::default(), None::<Score>);
        let mut finish = |score: Option<Score>| -> anyhow::Result<()> {
            let Some(score) = score else { return Ok(()) };
            summary.add(&score);
            output.write(&match self.printing.format {
                Format::Human => page::human(&score),
                Format::Jsonl => line(&page::line_of(&score)),
            })?;
            Ok(())
        };
        let mut listen = |tried: Tried<'_>| {
            let hunt = tried.hunt.map_err(Error::msg)??;
            let case = &tried.selected.case;
            if score.as_ref().is_none_or(|score| score.id != case.id) {
                finish(score.take())?;
            }
            score
                .get_or_insert_with(|| Score::new(case))
                .add(case, &hunt);
            Ok(())
        };
        pool::run(&cases, jobs, &interrupt, &mut listen)?;
        // The last of an interrupted run is not whole.
        if interrupt.is_requested() {
            return Ok(Exit::Interrupted);
        }
        finish(score)?;
        output.write(&match self.printing.format {
            Format::Human => summary.human(),
            Format::Jsonl => line(&summary.line(self.hunts.get())),
        })?;
        Ok(summary.ending.exit())
    }

    /// The hunts for each bug, one after the other.
    fn cases(&self) -> anyhow::Result<Vec<SelectedWorlds>> {
        let disks = Disks::choose(&self.disks.disk, &BTreeSet::new())?;
        let mut cases = Vec::new();
        for selected in selection::select(&self.filters, self.seed, &disks)? {
            let case = &selected.case;
            if case.expected.is_empty() {
                continue;
            }
            let mut seeds = Rng::stream(self.seed.0, &format!("hunts {}", case.id));
            for _ in 0..self.hunts.get() {
                let mut hunt = selected.clone();
                hunt.case.first_seed = seeds.next_u64();
                // What is found is run twice all the same.
                hunt.case.twice_every = 0;
                cases.push(hunt);
            }
        }
        Ok(cases)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use plimsoll_scenarios::trials;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        hunts: Hunts,
    }

    #[test]
    fn every_planted_bug_is_hunted_from_seeds_of_its_own() {
        let cases = |words: &[&str]| {
            let words = ["hunts"].iter().chain(words);
            let cases = Line::parse_from(words).hunts.cases();
            cases
                .expect("these ship")
                .into_iter()
                .map(|one| one.case)
                .collect::<Vec<_>>()
        };
        let all = cases(&["--hunts=2"]);
        let bugs = trials().into_iter().filter(|bug| !bug.expected.is_empty());
        let expected: usize = bugs.map(|bug| 2 * bug.disks.len()).sum();
        assert_eq!(all.len(), expected);
        let mut seeds: Vec<u64> = all.iter().map(|case| case.first_seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        assert_eq!(seeds.len(), expected, "no two hunts are the same");
        // Which others are chosen changes nothing.
        let one = cases(&["torc-h2@ext4-ordered", "--hunts=2"]);
        let same = all.iter().filter(|case| case.id == one[0].id);
        let seeds: Vec<u64> = same.map(|case| case.first_seed).collect();
        assert_eq!(seeds, [one[0].first_seed, one[1].first_seed]);
    }
}
