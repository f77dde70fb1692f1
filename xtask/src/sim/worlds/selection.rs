//! Which cases of worlds a run consists of, and in which order.

use std::fs;
use std::sync::Arc;

use plimsoll_scenarios::{Registry, TrialScenario, trials};
use plimsoll_sim::trial::family::Family;
use plimsoll_sim::trial::hunt::{TrialCase, Trophy};

use crate::exit::Exit;
use crate::output::Refusal;
use crate::sim::disks::{Disks, ExploredDisk};
use crate::sim::filter::{self, is_path, matches};
use crate::sim::seed::{self, Seed};
use crate::suggest;
use crate::text::shell_word;

/// A case, and what has to be said so that somebody else can run it.
#[derive(Clone)]
pub(crate) struct SelectedWorlds {
    /// The case.
    pub(crate) case: TrialCase,
    /// One sentence for lists.
    pub(crate) title: String,
    /// The scenario file that it was read from, when it does not ship.
    pub(crate) file: Option<String>,
    /// The profile file that its disk was read from, when that does not ship.
    pub(crate) disk_file: Option<String>,
}

impl SelectedWorlds {
    /// The cases of a scenario on the disks that are wanted. On disks of the user's own are all that are to pass, and those of a file that
    /// names them: nobody has said what else is to be found there.
    fn of(scenario: &TrialScenario, file: Option<&str>, seed: Seed, disks: &Disks) -> Vec<Self> {
        let own = |case: &TrialCase| {
            let is_it = |disk: &&ExploredDisk| Arc::ptr_eq(&disk.profile, &case.ground.profile);
            disks.own().find(is_it)
        };
        let named = scenario.cases(seed.0).into_iter();
        let named =
            named.filter(|case| own(case).is_some() || disks.keeps_profile(&case.ground.profile));
        let added = disks.own().filter(|disk| is_for(scenario, disk));
        let mut elsewhere = scenario.clone();
        elsewhere.disks = added.map(|disk| Arc::clone(&disk.profile)).collect();
        named
            .chain(elsewhere.cases(seed.0))
            .map(|case| Self {
                title: scenario.title.clone(),
                file: file.map(str::to_owned),
                disk_file: own(&case).and_then(|disk| disk.file.clone()),
                case,
            })
            .collect()
    }

    /// What filters are held to.
    fn id(&self) -> &str {
        &self.case.id
    }

    /// The command that finds this again: complete, and ready for a shell.
    pub(crate) fn reproduce(&self, trophy: &Trophy) -> String {
        let target = self.file.as_ref().unwrap_or(&self.case.id);
        let mut line = format!("cargo xtask sim worlds {}", shell_word(target));
        if let Some(disk) = &self.disk_file {
            line += &format!(" {}", shell_word(&format!("--disk={disk}")));
        } else if self.file.is_some() {
            line += &format!(" --disk={}", shell_word(&self.case.ground.profile.name));
        }
        line += &format!(" --seed={} --seeds=1", trophy.seed);
        if trophy.crash.is_some() && self.case.sweep_every != 1 {
            line += " --sweep-every=1";
        }
        line
    }
}

/// Whether a scenario that does not name a disk of the user's own is run there all the same.
fn is_for(scenario: &TrialScenario, disk: &ExploredDisk) -> bool {
    let is_named = scenario
        .disks
        .iter()
        .any(|profile| Arc::ptr_eq(profile, &disk.profile));
    let has_servers =
        !scenario.shape.families.contains(&Family::Servers) || disk.profile.network.is_some();
    !is_named && has_servers && scenario.expected.is_empty()
}

/// The cases of a run: all; or, with filters, those that match any, and those of the files among them.
pub(crate) fn select(
    filters: &[String],
    seed: Seed,
    disks: &Disks,
) -> anyhow::Result<Vec<SelectedWorlds>> {
    let shipped: Vec<SelectedWorlds> = trials()
        .iter()
        .flat_map(|scenario| SelectedWorlds::of(scenario, None, seed, disks))
        .collect();
    filter::choose(filters, shipped, SelectedWorlds::id, |word, _| {
        if is_path(word) {
            return from_file(word, seed, disks);
        }
        Err(no_match(word).into())
    })
}

/// The case with this id, if there is one on these disks: of this one seed, or of those of its scenario.
pub(crate) fn find(id: &str, seed: Option<Seed>, disks: &Disks) -> Option<SelectedWorlds> {
    let first = seed.unwrap_or(seed::DEFAULT);
    let scenarios = trials();
    let mut shipped = scenarios
        .iter()
        .flat_map(|scenario| SelectedWorlds::of(scenario, None, first, disks));
    let mut one = shipped.find(|one| one.case.id == id)?;
    if seed.is_some() {
        one.case.seeds = 1;
    }
    Some(one)
}

/// Whether a filter means worlds, for those who asked for cases of the explorer.
pub(crate) fn has_match(filter: &str) -> bool {
    ids().iter().any(|id| matches(filter, id))
}

fn ids() -> Vec<String> {
    let cases = trials().into_iter().flat_map(|scenario| scenario.cases(0));
    cases.map(|case| case.id).collect()
}

fn from_file(path: &str, seed: Seed, disks: &Disks) -> anyhow::Result<Vec<SelectedWorlds>> {
    let text = fs::read_to_string(path).map_err(|error| {
        let message = format!("cannot read the scenario {path}: {error}");
        Refusal::new(Exit::Usage, message)
    })?;
    let scenario = parse(path, &text, disks)?;
    Ok(SelectedWorlds::of(&scenario, Some(path), seed, disks))
}

/// Whether this is the text of a scenario of worlds, for those who took it for another.
pub(crate) fn is_scenario(path: &str, text: &str, disks: &Disks) -> bool {
    parse(path, text, disks).is_ok()
}

fn parse(path: &str, text: &str, disks: &Disks) -> Result<TrialScenario, Refusal> {
    let mut registry = Registry::shipped();
    for disk in disks.own() {
        registry.add_profile(Arc::clone(&disk.profile));
    }
    TrialScenario::parse(path, text, &registry).map_err(|error| Refusal::report(error.to_string()))
}

fn no_match(filter: &str) -> Refusal {
    let ids = ids();
    if ids.iter().any(|id| matches(filter, id)) {
        let message = format!("`{filter}` matches worlds, but none on the disks asked for");
        return Refusal::new(Exit::NothingSelected, message);
    }
    let hint = suggest::did_you_mean(filter, ids.iter().map(String::as_str));
    Refusal::new(
        Exit::NothingSelected,
        format!(
            "no scenario of worlds matches `{filter}`{hint}\n  All: cargo xtask sim worlds --list"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const GOOD: &str = "version = 1\ntitle = \"mine\"\nwhy = \"It is mine.\"\nsystem = \"service-power\"\ndisks = [\"xfs\"]\n\
                        disturbances = [\"kill\"]\nseeds = 3\nexpect.verdict = \"pass\"\n";

    fn disks(given: &[&str]) -> Disks {
        let given: Vec<String> = given.iter().map(|&name| name.to_owned()).collect();
        Disks::choose(&given, &BTreeSet::new()).expect("there are such disks")
    }

    fn chosen(filters: &[&str], given: &[&str]) -> Result<Vec<SelectedWorlds>, (Exit, String)> {
        let filters: Vec<String> = filters.iter().map(|&filter| filter.to_owned()).collect();
        select(&filters, Seed(7), &disks(given)).map_err(|error| {
            let refusal = error.downcast_ref::<Refusal>();
            (refusal.expect("a refusal").exit(), error.to_string())
        })
    }

    fn names(chosen: &[SelectedWorlds]) -> Vec<&str> {
        chosen.iter().map(|one| one.case.id.as_str()).collect()
    }

    #[test]
    fn filters_and_disks_choose_and_what_matches_nothing_is_answered_with_the_nearest() {
        let all = chosen(&[], &[]).expect("all");
        let on_xfs = chosen(&[], &["xfs"]).expect("some are on xfs");
        assert!(on_xfs.len() < all.len() && !on_xfs.is_empty());
        assert!(names(&on_xfs).iter().all(|id| id.ends_with("@xfs")));
        let one = chosen(&["service-power@*"], &["xfs"]).expect("it ships");
        assert_eq!(names(&one), ["service-power@xfs"]);
        let (exit, text) = chosen(&["service-powr"], &[])
            .err()
            .expect("a letter is missing");
        assert_eq!(exit, Exit::NothingSelected);
        assert!(text.contains("did you mean `service-power@"), "{text}");
        let (_, text) = chosen(&["service-power-network"], &["xfs"])
            .err()
            .expect("xfs is local");
        assert!(text.contains("none on the disks asked for"), "{text}");
    }

    #[test]
    fn files_of_the_users_own_are_run_on_disks_of_the_users_own() {
        let dir = tempfile::tempdir().expect("a directory");
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).expect("a file");
            path.to_str().expect("a path in UTF-8").to_owned()
        };
        let scenario = write("mine.toml", GOOD);
        assert_eq!(
            names(&chosen(&[&scenario], &[]).expect("it is right")),
            ["mine@xfs"]
        );
        let profile = plimsoll_faults::profile::Profile::named("xfs").expect("it ships");
        let text = profile
            .to_string()
            .replace("name = \"xfs\"", "name = \"mine-xfs\"");
        let disk = write("disk.toml", &text);
        let both = chosen(&[&scenario], &["xfs", &disk]).expect("both");
        assert_eq!(names(&both), ["mine@xfs", "mine@mine-xfs"]);
        assert_eq!(both[1].disk_file.as_deref(), Some(disk.as_str()));
        let everywhere = chosen(&[], &[&disk]).expect("all that pass");
        assert!(names(&everywhere).contains(&"service-power@mine-xfs"));
        assert!(!names(&everywhere).contains(&"service-power-network@mine-xfs"));
        assert!(everywhere.iter().all(|one| one.case.expected.is_empty()));
        let named = write("named.toml", &GOOD.replace("[\"xfs\"]", "[\"mine-xfs\"]"));
        let once = chosen(&[&named], &[&disk]).expect("it names it");
        assert_eq!(names(&once), ["named@mine-xfs"]);
        let wrong = write("wrong.toml", &GOOD.replace("service-power", "service-powr"));
        let (exit, text) = chosen(&[&wrong], &[])
            .err()
            .expect("there is no such system");
        assert_eq!(exit, Exit::Usage);
        assert!(
            text.contains("wrong.toml:4:10") && text.contains("service-power"),
            "{text}"
        );
    }
}
