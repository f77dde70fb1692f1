//! Which disks a run looks at: all, some by name, or profile files of the user's own.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use plimsoll_faults::profile::Profile;
use plimsoll_sim::case::Disk;

use crate::catalogue::parse_profile;
use crate::exit::Exit;
use crate::output::Refusal;
use crate::suggest;

/// A profile on which the reference is explored.
#[derive(Clone, Debug)]
pub(crate) struct ExploredDisk {
    /// The persistence model.
    pub(crate) profile: Arc<Profile>,
    /// Where it was read from, when it does not ship.
    pub(crate) file: Option<String>,
}

/// The disks of a run.
#[derive(Clone, Debug)]
pub(crate) struct Disks {
    /// The names asked for; none means all.
    names: Option<BTreeSet<String>>,
    /// The profiles explored.
    explored: Vec<ExploredDisk>,
}

impl Disks {
    /// The disks that `given` asks for. `known` are the names that scenarios use; those that ship are known anyway.
    pub(crate) fn choose(given: &[String], known: &BTreeSet<String>) -> anyhow::Result<Self> {
        let shipped: Vec<ExploredDisk> = Profile::shipped()
            .into_iter()
            .map(|profile| ExploredDisk {
                profile,
                file: None,
            })
            .collect();
        if given.is_empty() {
            return Ok(Self {
                names: None,
                explored: shipped,
            });
        }
        let mut names = BTreeSet::new();
        let mut explored: Vec<ExploredDisk> = Vec::new();
        for given in given {
            if is_path(given) {
                explored.push(read(given)?);
                continue;
            }
            let found = shipped.iter().find(|disk| disk.profile.name == *given);
            if found.is_none() && !known.contains(given) {
                return Err(unknown(given, &shipped, known).into());
            }
            names.insert(given.clone());
            explored.extend(found.cloned());
        }
        Ok(Self {
            names: Some(names),
            explored,
        })
    }

    /// Whether a case on this disk is wanted: by the name of its profile, or by its own with `+lying`.
    pub(crate) fn keeps(&self, disk: &Disk) -> bool {
        self.names
            .as_ref()
            .is_none_or(|names| names.contains(&disk.profile.name) || names.contains(&disk.name()))
    }

    /// Whether what runs on this disk and is not told to lie is wanted.
    pub(crate) fn keeps_profile(&self, profile: &Profile) -> bool {
        self.names
            .as_ref()
            .is_none_or(|names| names.contains(&profile.name))
    }

    /// The profiles on which the reference is explored.
    pub(crate) fn explored(&self) -> &[ExploredDisk] {
        &self.explored
    }

    /// The profile of this name: the user's own before the ones that ship, which are known even when not asked for.
    pub(crate) fn named(&self, name: &str) -> Option<ExploredDisk> {
        self.explored
            .iter()
            .find(|disk| disk.profile.name == name)
            .cloned()
            .or_else(|| {
                Profile::named(name).map(|profile| ExploredDisk {
                    profile,
                    file: None,
                })
            })
    }

    /// The profile files of the user's own.
    pub(crate) fn own(&self) -> impl Iterator<Item = &ExploredDisk> {
        self.explored.iter().filter(|disk| disk.file.is_some())
    }

    /// The names for the first lines of a report.
    pub(crate) fn describe(&self) -> String {
        let mut names: Vec<String> = match &self.names {
            None => return "all".to_owned(),
            Some(names) => names.iter().cloned().collect(),
        };
        names.extend(self.explored.iter().filter_map(|disk| disk.file.clone()));
        names.join(", ")
    }
}

/// A name never looks like a path, so that a mistyped name is not reported as a missing file.
fn is_path(given: &str) -> bool {
    given.contains('/') || given.contains('\\') || given.to_ascii_lowercase().ends_with(".toml")
}

fn unknown(given: &str, shipped: &[ExploredDisk], known: &BTreeSet<String>) -> Refusal {
    let names: BTreeSet<&str> = shipped
        .iter()
        .map(|disk| disk.profile.name.as_str())
        .chain(known.iter().map(String::as_str))
        .collect();
    let hint = suggest::did_you_mean(given, names.iter().copied());
    let all: Vec<&str> = names.into_iter().collect();
    Refusal::new(
        Exit::Usage,
        format!(
            "there is no disk `{given}`{hint}\n  disks: {}\n  A profile of your own is given by its path, such as \
             --disk=./my-disk.toml",
            all.join(", ")
        ),
    )
}

fn read(path: &str) -> Result<ExploredDisk, Refusal> {
    let text = std::fs::read_to_string(Path::new(path)).map_err(|error| {
        let message = format!("cannot read the profile {path}: {error}");
        Refusal::new(Exit::Usage, message)
    })?;
    let profile = parse_profile(path, &text).map_err(Refusal::report)?;
    Ok(ExploredDisk {
        profile: Arc::new(profile),
        file: Some(path.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(given: &[&str]) -> Result<Disks, String> {
        let given: Vec<String> = given.iter().map(|&name| name.to_owned()).collect();
        let known = BTreeSet::from(["posix-minimal+lying".to_owned()]);
        Disks::choose(&given, &known).map_err(|error| error.to_string())
    }

    fn explored(disks: &Disks) -> Vec<&str> {
        disks
            .explored()
            .iter()
            .map(|disk| disk.profile.name.as_str())
            .collect()
    }

    #[test]
    fn names_select_and_none_selects_all() {
        let all = choose(&[]).expect("nothing is wrong with nothing");
        assert!(all.explored().len() >= 2);
        assert_eq!(all.describe(), "all");
        let one = choose(&["ext4-ordered"]).expect("it ships");
        assert_eq!(explored(&one), ["ext4-ordered"]);
        let lying = choose(&["posix-minimal+lying"]).expect("a scenario uses it");
        assert!(
            explored(&lying).is_empty(),
            "nothing is explored on a lying disk"
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest() {
        let error = choose(&["ext4-orderd"]).expect_err("there is a letter missing");
        assert!(error.contains("did you mean `ext4-ordered`"), "{error}");
    }

    #[test]
    fn an_error_in_a_profile_names_its_place() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("mine.toml");
        let good = "version = 1\nname = \"mine\"\ntitel = \"x\"\n";
        std::fs::write(&path, good).expect("a file");
        let path = path.to_str().expect("a path in UTF-8");
        let error = choose(&[path]).expect_err("`titel` is no parameter");
        assert!(error.contains(&format!("{path}:3:1")), "{error}");
        assert!(error.contains("titel"), "{error}");
        let error = choose(&["./absent.toml"]).expect_err("there is no such file");
        assert!(
            error.contains("cannot read the profile ./absent.toml"),
            "{error}"
        );
    }
}
