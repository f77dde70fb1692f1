//! Which cases a run consists of, and in which order.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use plimsoll_sim::case::Case;

use crate::catalogue::{Catalogue, Entry};
use crate::exit::Exit;
use crate::output::Refusal;
use crate::sim::disks::{Disks, ExploredDisk};
use crate::sim::exploration::{self, ExploreId};
use crate::sim::filter::{self, is_path, matches};
use crate::sim::options::{Budget, Chance, Denials, Denied};
use crate::sim::worlds;
use crate::suggest;
use crate::text::shell_word;

/// A case, and what has to be said so that somebody else can run it.
#[derive(Clone)]
pub(crate) struct Selected {
    /// The case.
    pub(crate) case: Case,
    /// One sentence for lists; none for exploration.
    pub(crate) title: Option<String>,
    /// The scenario file that it was read from, when it does not ship.
    pub(crate) file: Option<String>,
    /// The profile file that its disk was read from, when that does not ship.
    pub(crate) disk_file: Option<String>,
    /// The limit that was asked for.
    pub(crate) budget: Budget,
    /// The findings that were denied.
    pub(crate) denials: Denials,
}

impl Selected {
    fn new(case: Case) -> Self {
        Self {
            case,
            title: None,
            file: None,
            disk_file: None,
            budget: Budget::default(),
            denials: Denials::default(),
        }
    }

    /// The cases of a scenario.
    fn of(entry: &Entry, file: Option<&str>) -> impl Iterator<Item = Self> {
        entry.cases.iter().map(move |case| Self {
            title: Some(entry.title.clone()),
            file: file.map(str::to_owned),
            ..Self::new(case.clone())
        })
    }

    /// The case of exploration that an id on a disk names.
    fn explored(
        catalogue: &Catalogue,
        id: &ExploreId,
        disk: &ExploredDisk,
    ) -> anyhow::Result<Self> {
        let sut = catalogue
            .sut(&id.sut)
            .map_err(|message| Refusal::new(Exit::NothingSelected, message))?;
        Ok(Self {
            disk_file: disk.file.clone(),
            ..Self::new(exploration::case(id, sut, Arc::clone(&disk.profile)))
        })
    }

    /// What filters are held to.
    fn id(&self) -> &str {
        &self.case.id
    }

    /// Whether the case is one of exploration.
    pub(crate) fn is_exploration(&self) -> bool {
        self.case.id.starts_with(exploration::PREFIX)
    }

    /// Limits the states of the case.
    pub(crate) fn limit(&mut self, budget: Budget) {
        self.budget = budget;
        if let Some(states_max) = budget.states_max {
            self.case.limits.states_max = states_max.get();
        }
    }

    /// The command that runs this case, and no other, again: complete, and ready for a shell.
    pub(crate) fn reproduce(&self) -> String {
        let mut line = format!("cargo xtask sim repro {}", shell_word(&self.case.id));
        let mut option = |name: &str, value: &str| {
            write!(line, " {}", shell_word(&format!("--{name}={value}")))
                .expect("a String takes everything");
        };
        option("seed", &format!("{:#x}", self.case.seed));
        if let Some(states_max) = self.budget.states_max {
            option("budget", &states_max.to_string());
        }
        if self.denials.deny == Some(Denied::Portability) {
            option("deny", "portability");
        }
        if let Some(file) = &self.file {
            option("file", file);
        }
        if let Some(file) = &self.disk_file {
            option("disk", file);
        }
        line
    }
}

/// The names of disks that the scenarios use.
pub(crate) fn known_disks(catalogue: &Catalogue) -> BTreeSet<String> {
    catalogue
        .scenarios()
        .iter()
        .flat_map(|entry| &entry.cases)
        .flat_map(|case| [case.disk.profile.name.clone(), case.disk.name()])
        .collect()
}

/// The cases of a run: scenarios first, then exploration; or, with filters, those of them that match any.
pub(crate) fn select(
    catalogue: &Catalogue,
    filters: &[String],
    chance: Chance,
    disks: &Disks,
) -> anyhow::Result<Vec<Selected>> {
    let shipped = everything(catalogue, chance, disks)?;
    filter::choose(filters, shipped, Selected::id, |word, shipped| {
        if is_path(word) {
            return from_file(catalogue, word, disks);
        }
        // An id from another run's report names a case that this run's seeds would not have drawn.
        let one = from_id(catalogue, word, disks)?;
        Ok(vec![
            one.ok_or_else(|| no_match_here(catalogue, word, shipped))?,
        ])
    })
}

/// The one case of this id, or in this file.
pub(crate) fn find(
    catalogue: &Catalogue,
    target: &str,
    file: Option<&str>,
    disks: &Disks,
) -> anyhow::Result<Selected> {
    if file.is_none()
        && !is_path(target)
        && let Some(one) = from_id(catalogue, target, disks)?
    {
        return Ok(one);
    }
    let file = file.or_else(|| is_path(target).then_some(target));
    let candidates: Vec<Selected> = match file {
        Some(file) => from_file(catalogue, file, disks)?,
        None => scenarios(catalogue, true).collect(),
    };
    if let Some(one) = candidates.iter().find(|one| one.case.id == target) {
        return Ok(one.clone());
    }
    match (is_path(target), candidates.as_slice()) {
        (true, [one]) => Ok(one.clone()),
        (true, several) => Err(ambiguous(target, several).into()),
        (false, _) => Err(no_match(target, &candidates).into()),
    }
}

fn everything(
    catalogue: &Catalogue,
    chance: Chance,
    disks: &Disks,
) -> anyhow::Result<Vec<Selected>> {
    let nightly = chance.preset().has_nightly_scenarios;
    let share = chance.preset().network_share;
    let mut cases: Vec<Selected> = scenarios(catalogue, nightly)
        .filter(|one| disks.keeps(&one.case.disk))
        .collect();
    for name in catalogue.reference_modes() {
        for disk in disks.explored() {
            let ids = exploration::ids(&chance, name, &disk.profile.name);
            let wanted = match disk.profile.network {
                Some(_) => ids.len().div_ceil(share),
                None => ids.len(),
            };
            for id in ids.into_iter().take(wanted) {
                cases.push(Selected::explored(catalogue, &id, disk)?);
            }
        }
    }
    Ok(cases)
}

/// The cases of scenarios, with or without those that are left to the nightly runs.
fn scenarios(catalogue: &Catalogue, nightly: bool) -> impl Iterator<Item = Selected> {
    catalogue
        .scenarios()
        .iter()
        .filter(move |entry| nightly || !entry.nightly)
        .flat_map(|entry| Selected::of(entry, None))
}

/// The cases of a scenario file on the disks asked for. The file may name disks of the user's own.
fn from_file(catalogue: &Catalogue, path: &str, disks: &Disks) -> anyhow::Result<Vec<Selected>> {
    let text = std::fs::read_to_string(Path::new(path)).map_err(|error| {
        let message = format!("cannot read the scenario {path}: {error}");
        Refusal::new(Exit::Usage, message)
    })?;
    let own = disks.own().map(|disk| Arc::clone(&disk.profile));
    let entry = catalogue.parse(path, &text, own).map_err(|report| {
        if worlds::selection::is_scenario(path, &text, disks) {
            let path = shell_word(path);
            let message = format!("{path} is a scenario of worlds: cargo xtask sim worlds {path}");
            return Refusal::new(Exit::Usage, message);
        }
        Refusal::report(report)
    })?;
    let mut cases: Vec<Selected> = Selected::of(&entry, Some(path)).collect();
    for one in &mut cases {
        one.disk_file = disks
            .own()
            .find(|disk| Arc::ptr_eq(&disk.profile, &one.case.disk.profile))
            .and_then(|disk| disk.file.clone());
    }
    cases.retain(|one| one.disk_file.is_some() || disks.keeps(&one.case.disk));
    Ok(cases)
}

fn from_id(catalogue: &Catalogue, text: &str, disks: &Disks) -> anyhow::Result<Option<Selected>> {
    let Ok(id) = text.parse::<ExploreId>() else {
        return Ok(None);
    };
    let disk = disks.named(&id.disk).ok_or_else(|| {
        let message = format!(
            "there is no disk `{}`; if it is your own, name its file: --disk=PATH",
            id.disk
        );
        Refusal::new(Exit::NothingSelected, message)
    })?;
    Selected::explored(catalogue, &id, &disk).map(Some)
}

/// A filter that matches nothing here may match what another preset runs.
fn no_match_here(catalogue: &Catalogue, filter: &str, cases: &[Selected]) -> Refusal {
    if scenarios(catalogue, true).any(|one| matches(filter, &one.case.id)) {
        let message = format!(
            "no case of this preset matches `{filter}`, but there are some in --preset=nightly"
        );
        return Refusal::new(Exit::NothingSelected, message);
    }
    no_match(filter, cases)
}

fn no_match(filter: &str, cases: &[Selected]) -> Refusal {
    if worlds::selection::has_match(filter) {
        let filter = shell_word(filter);
        let message = format!("`{filter}` is one of the worlds: cargo xtask sim worlds {filter}");
        return Refusal::new(Exit::NothingSelected, message);
    }
    let hint = suggest::did_you_mean(filter, cases.iter().map(|one| one.case.id.as_str()));
    Refusal::new(
        Exit::NothingSelected,
        format!(
            "no case matches `{filter}`{hint}\n  All cases: cargo xtask sim list, and cargo xtask sim worlds --list"
        ),
    )
}

fn ambiguous(path: &str, cases: &[Selected]) -> Refusal {
    if cases.is_empty() {
        let message = format!("{path} has no case on the disks asked for");
        return Refusal::new(Exit::NothingSelected, message);
    }
    let mut message = format!("{path} has {} cases; choose one:", cases.len());
    for one in cases {
        let id = shell_word(&one.case.id);
        let file = shell_word(&format!("--file={path}"));
        write!(message, "\n  cargo xtask sim repro {id} {file}")
            .expect("a String takes everything");
    }
    Refusal::new(Exit::NothingSelected, message)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;
    use crate::fixtures;
    use crate::sim::preset::PresetName;
    use crate::sim::seed::Seed;

    const CHANCE: Chance = Chance {
        preset: PresetName::Pr,
        seed: Seed(1),
        seeds: Some(2),
    };

    fn catalogue() -> Catalogue {
        let entry = |title: &str, ids: &[&str]| Entry {
            title: title.to_owned(),
            nightly: title == "night",
            cases: ids.iter().map(|id| fixtures::selected(id).case).collect(),
        };
        Catalogue::of(
            fixtures::sut(),
            vec![
                entry("one", &["torn-tail@posix-minimal"]),
                entry(
                    "two",
                    &["rename@posix-minimal", "rename@posix-minimal+lying"],
                ),
                entry("night", &["owl@posix-minimal"]),
            ],
        )
    }

    fn disks() -> Disks {
        Disks::choose(&["posix-minimal".to_owned()], &BTreeSet::new()).expect("it ships")
    }

    fn check(filters: &[&str]) -> Result<Vec<String>, (Exit, String)> {
        let filters: Vec<String> = filters.iter().map(|&filter| filter.to_owned()).collect();
        select(&catalogue(), &filters, CHANCE, &disks())
            .map(|cases| cases.into_iter().map(|one| one.case.id).collect())
            .map_err(|error| {
                let refusal: &Refusal = error.downcast_ref().expect("a refusal");
                (refusal.exit(), error.to_string())
            })
    }

    #[test]
    fn without_filters_scenarios_come_first_and_exploration_last() {
        let ids = check(&[]).expect("there are cases");
        assert_eq!(
            ids[..3],
            [
                "torn-tail@posix-minimal",
                "rename@posix-minimal",
                "rename@posix-minimal+lying"
            ]
        );
        let explored = &ids[3..];
        assert!(
            explored
                .iter()
                .all(|id| id.starts_with("explore/reference-"))
        );
        // Two seeds, and an error sweep on the first.
        let ours = "explore/reference-paper@posix-minimal#0x";
        assert_eq!(explored.iter().filter(|id| id.starts_with(ours)).count(), 3);
    }

    #[test]
    fn filters_are_parts_or_patterns_and_keep_the_order() {
        let ids = check(&["rename", "torn"]).expect("there are cases");
        assert_eq!(
            ids,
            [
                "torn-tail@posix-minimal",
                "rename@posix-minimal",
                "rename@posix-minimal+lying"
            ]
        );
        assert_eq!(
            check(&["*e@*lying"]),
            Ok(vec!["rename@posix-minimal+lying".to_owned()])
        );
    }

    #[test]
    fn a_filter_that_matches_nothing_is_refused_even_beside_one_that_does() {
        let (exit, message) = check(&["rename", "torn-tial"]).expect_err("a mistyped name");
        assert_eq!(exit, Exit::NothingSelected);
        assert!(
            message.contains("did you mean `torn-tail@posix-minimal`?"),
            "{message}"
        );
        let (exit, _) = check(&["./absent.toml"]).expect_err("there is no such file");
        assert_eq!(exit, Exit::Usage);
    }

    #[test]
    fn what_is_left_to_the_night_is_run_by_night_only() {
        let (exit, message) = check(&["owl"]).expect_err("it is day");
        assert_eq!(exit, Exit::NothingSelected);
        assert!(message.contains("--preset=nightly"), "{message}");
        let night = Chance {
            preset: PresetName::Nightly,
            ..CHANCE
        };
        let cases = select(&catalogue(), &["owl".to_owned()], night, &disks()).expect("a case");
        assert_eq!(cases.len(), 1);
        find(&catalogue(), "owl@posix-minimal", None, &disks()).expect("repro takes every id");
    }

    #[test]
    fn an_id_of_exploration_needs_no_seed_to_be_drawn() {
        let id = "explore/reference-paper@ext4-ordered#0x7+errors";
        assert_eq!(check(&[id]), Ok(vec![id.to_owned()]));
        let unknown = "explore/reference-papre@ext4-ordered#0x7";
        let (exit, message) = check(&[unknown]).expect_err("no such store");
        assert_eq!(exit, Exit::NothingSelected);
        assert!(
            message.contains("did you mean `reference-paper`"),
            "{message}"
        );
    }

    #[test]
    fn a_reproduce_line_names_the_same_case() {
        let explored = check(&["explore/"]).expect("there are cases");
        for id in explored
            .iter()
            .map(String::as_str)
            .chain(["rename@posix-minimal+lying"])
        {
            let found = find(&catalogue(), id, None, &disks()).expect("it is there");
            assert_eq!(found.case.id, id);
            let line = found.reproduce();
            assert!(
                line.starts_with(&format!("cargo xtask sim repro {id} --seed=0x")),
                "{line}"
            );
        }
    }

    #[test]
    fn a_reproduce_line_says_everything_that_matters() {
        let mut selected = fixtures::selected("torn-tail@my disk");
        selected.file = Some("my scenarios/torn.toml".to_owned());
        selected.disk_file = Some("./disk.toml".to_owned());
        selected.limit(Budget {
            states_max: NonZeroU64::new(500),
        });
        assert_eq!(selected.case.limits.states_max, 500);
        assert_eq!(
            selected.reproduce(),
            "cargo xtask sim repro 'torn-tail@my disk' --seed=0x1a2b --budget=500 \
             '--file=my scenarios/torn.toml' --disk=./disk.toml"
        );
    }

    #[test]
    fn an_unknown_id_is_answered_with_the_nearest() {
        let error = find(&catalogue(), "renam", None, &disks()).map(|one| one.case.id);
        let error = error.expect_err("ids of repro are whole").to_string();
        assert!(
            error.contains("did you mean `rename@posix-minimal`"),
            "{error}"
        );
    }
}
