//! `cargo xtask sim list`: what there is to run.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::Args;
use serde::Serialize;

use crate::catalogue::Catalogue;
use crate::exit::Exit;
use crate::output::{LABEL, Output, Refusal};
use crate::report::jsonl;
use crate::sim::disks::Disks;
use crate::sim::exploration::ExploreId;
use crate::sim::options::{Chance, DiskOptions, Format, Printing};
use crate::sim::selection::{self, Selected};
use crate::text::counted;

/// List the cases whose id matches, or all, without running them.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:
  cargo xtask sim list                          every scenario, and what is explored
  cargo xtask sim list torn --disk=ext4-ordered
  cargo xtask sim list --format=jsonl           one JSON object per case",
    after_help = crate::exit::HELP
)]
pub(crate) struct List {
    /// Part of an id, a pattern with `*` and `?`, or the path of a scenario file
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
    #[command(flatten)]
    chance: Chance,
    #[command(flatten)]
    disks: DiskOptions,
    #[command(flatten)]
    printing: Printing,
}

#[derive(Serialize)]
struct ListedLine<'a> {
    r#type: &'static str,
    id: &'a str,
    sut: &'a str,
    disk: String,
    expect: &'static str,
    targets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
}

impl List {
    /// Prints the list.
    pub(crate) fn run(&self) -> anyhow::Result<Exit> {
        let mut output = Output::new(self.printing.color);
        let catalogue = Catalogue::load();
        let known = selection::known_disks(&catalogue);
        let disks = Disks::choose(&self.disks.disk, &known)?;
        let cases = selection::select(&catalogue, &self.filters, self.chance, &disks)?;
        if cases.is_empty() {
            let message = "nothing to list: no case is left on the disks asked for";
            return Err(Refusal::new(Exit::NothingSelected, message).into());
        }
        let text = match self.printing.format {
            Format::Jsonl => cases.iter().map(listed).collect(),
            Format::Human => preset(&self.chance) + &human(&cases),
        };
        output.write(&text)?;
        Ok(Exit::Held)
    }
}

fn listed(selected: &Selected) -> String {
    let case = &selected.case;
    jsonl::line(&ListedLine {
        r#type: "listed",
        id: &case.id,
        sut: case.sut.name(),
        disk: case.disk.name(),
        expect: jsonl::expect(&case.expect),
        targets: case.targets.iter().map(|disk| disk.name()).collect(),
        title: selected.title.as_deref(),
    })
}

/// Cases of one scenario on one disk that are listed one by one.
const CASES_LISTED_MAX: u64 = 20;

/// What an id says of its scenario and disk, without the seed.
fn scenario(id: &str) -> &str {
    id.split_once('#').map_or(id, |(scenario, _)| scenario)
}

/// What the preset sets, as it decides what is listed.
fn preset(chance: &Chance) -> String {
    let preset = chance.preset();
    format!(
        "{LABEL}preset {}{LABEL:#}: {}\n",
        preset.name,
        preset.describe()
    )
}

/// A line for each case of a scenario, or one for all when there are many; for exploration a line for each store and disk, as its seeds mean nothing to people.
fn human(cases: &[Selected]) -> String {
    let width = cases
        .iter()
        .filter(|one| !one.is_exploration())
        .map(|one| one.case.id.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = String::new();
    let mut explored: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    let mut many: BTreeMap<&str, u64> = BTreeMap::new();
    for one in cases {
        let scenario = scenario(&one.case.id);
        *many.entry(scenario).or_default() += 1;
    }
    for one in cases {
        if let Ok(id) = one.case.id.parse::<ExploreId>() {
            let (plain, errors) = explored.entry((id.sut, id.disk)).or_default();
            *(if id.errors { errors } else { plain }) += 1;
            continue;
        }
        let scenario = scenario(&one.case.id);
        let count = many.get(scenario).copied().unwrap_or_default();
        if count > CASES_LISTED_MAX {
            // The first of them speaks for all.
            many.insert(scenario, 0);
            let title = one.title.as_deref().unwrap_or_default();
            let count = counted(count, "workload");
            writeln!(text, "{scenario}#N  {count}  {title}").expect("a String takes everything");
            continue;
        }
        if count == 0 {
            continue;
        }
        let title = one.title.as_deref().unwrap_or_default();
        let expect = jsonl::expect(&one.case.expect);
        writeln!(
            text,
            "{:width$}  {LABEL}{expect:<9}{LABEL:#}  {title}",
            one.case.id
        )
        .expect("a String takes everything");
    }
    for ((sut, disk), (plain, errors)) in explored {
        let plain = counted(plain, "seed");
        let errors = counted(errors, "error sweep");
        writeln!(text, "explore/{sut}@{disk}#SEED  {plain}, {errors}")
            .expect("a String takes everything");
    }
    text
}
