//! Stores, systems and disks by name.

use std::sync::Arc;
use std::time::Duration;

use plimsoll_faults::profile::Profile;
use plimsoll_sim::sut::Sut;
use plimsoll_sim::trial::system::System;
use thiserror::Error;

use crate::adapters::closed_restore::ClosedRestore;
use crate::adapters::redb::{Creation, Redb};
use crate::adapters::reference;
use crate::adapters::sqlite::Sqlite;
use crate::adapters::sqlite_engine;
use crate::diagnostic::{Complaint, ScenarioError, did_you_mean};
use crate::keys::toml_error;
use crate::specimens::activitywatch;
use crate::specimens::fsync_failure::{Conduct, FailingLog};
use crate::specimens::modelvault::ModelVault;
use crate::specimens::retried_rename::RetriedRename;
use crate::specimens::surrealmx::{Bug, FsyncMode, Mends, Options, SurrealMx};
use crate::specimens::tinycloud;
use crate::specimens::torc;
use crate::systems;

/// What scenarios can name.
#[derive(Clone)]
pub struct Registry {
    suts: Vec<Arc<dyn Sut>>,
    systems: Vec<Arc<dyn System>>,
    profiles: Vec<Arc<Profile>>,
}

/// A name that no store has.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("there is no store `{name}`{}", suggestion.as_ref().map_or(String::new(), |near| format!("; did you mean {near}?")))]
pub struct UnknownSut {
    name: String,
    suggestion: Option<String>,
}

impl Registry {
    /// Everything that ships.
    pub fn shipped() -> Self {
        let mut suts = reference::modes();
        suts.extend(ClosedRestore::modes());
        suts.extend(surrealmx());
        suts.extend(ModelVault::modes());
        suts.push(Arc::new(Redb::new(Creation::Renamed)));
        suts.push(Arc::new(Redb::new(Creation::InPlace)));
        suts.push(Arc::new(RetriedRename { mended: false }));
        suts.push(Arc::new(RetriedRename { mended: true }));
        for &conduct in Conduct::ALL {
            suts.push(Arc::new(FailingLog::new(conduct)));
        }
        suts.extend(activitywatch::variants());
        suts.extend(tinycloud::variants());
        suts.extend(torc::variants());
        suts.extend(Sqlite::modes());
        suts.extend(sqlite_engine::modes());
        Self {
            suts,
            systems: systems::shipped(),
            profiles: Profile::shipped(),
        }
    }

    /// Makes another store known, before those of the same name.
    pub fn add_sut(&mut self, sut: Arc<dyn Sut>) {
        self.suts.insert(0, sut);
    }

    /// Makes another system known to scenarios of worlds, before those of the same name.
    pub fn add_system(&mut self, system: Arc<dyn System>) {
        self.systems.insert(0, system);
    }

    /// Makes another disk known, before those of the same name.
    pub fn add_profile(&mut self, profile: Arc<Profile>) {
        self.profiles.insert(0, profile);
    }

    /// The stores.
    pub fn suts(&self) -> &[Arc<dyn Sut>] {
        &self.suts
    }

    /// The names of the stores.
    pub fn sut_names(&self) -> impl Iterator<Item = &str> {
        self.suts.iter().map(|sut| sut.name())
    }

    /// The store of this name.
    ///
    /// # Errors
    /// There is none; the error has the nearest names.
    pub fn sut(&self, name: &str) -> Result<Arc<dyn Sut>, UnknownSut> {
        if let Some(sut) = self.suts.iter().find(|sut| sut.name() == name) {
            return Ok(Arc::clone(sut));
        }
        // Not every combination that a name can say is listed.
        match Sqlite::named(name) {
            Some(sqlite) => Ok(Arc::new(sqlite)),
            None => {
                let known: Vec<&str> = self.sut_names().collect();
                Err(UnknownSut {
                    name: name.to_owned(),
                    suggestion: did_you_mean(name, &known),
                })
            }
        }
    }

    /// The names of the systems.
    pub fn system_names(&self) -> impl Iterator<Item = &str> {
        self.systems.iter().map(|system| system.name())
    }

    /// The system of this name.
    pub fn system(&self, name: &str) -> Option<Arc<dyn System>> {
        self.systems
            .iter()
            .find(|system| system.name() == name)
            .cloned()
    }

    /// The names of the disks.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.iter().map(|profile| profile.name.as_str())
    }

    /// The disk of this name.
    pub fn profile(&self, name: &str) -> Option<Arc<Profile>> {
        self.profiles
            .iter()
            .find(|profile| profile.name == name)
            .cloned()
    }
}

/// Reads a profile of the user's own. `file_name` is what errors call the file.
///
/// # Errors
/// The text is not TOML, has a parameter that means nothing, or lacks one.
pub fn parse_profile(file_name: &str, text: &str) -> Result<Profile, ScenarioError> {
    Profile::parse(text).map_err(|error| {
        let (span, complaint): (_, Complaint) = toml_error(&error.message, error.span, &[]);
        ScenarioError::new(file_name, text, span, complaint)
    })
}

/// The modes in which the SurrealMX specimen comes.
fn surrealmx_modes() -> [(&'static str, Options); 5] {
    let interval = Duration::from_secs(1);
    [
        (
            "sync-everyappend",
            Options::synchronous(FsyncMode::EveryAppend),
        ),
        ("sync-never", Options::synchronous(FsyncMode::Never)),
        (
            "sync-interval",
            Options::synchronous(FsyncMode::Interval(interval)),
        ),
        (
            "async-everyappend",
            Options::asynchronous(FsyncMode::EveryAppend),
        ),
        (
            "snapshot-only",
            Options::snapshots_only(Duration::from_secs(60)),
        ),
    ]
}

/// The historical protocol with some bugs mended, for scenarios that show one bug which others would hide: the mode, the bugs.
const SURREALMX_MENDED: &[(&str, &[Bug])] = &[
    ("sync-everyappend", &[Bug::R41]),
    ("sync-everyappend", &[Bug::R1]),
    ("sync-everyappend", &[Bug::R1, Bug::R2, Bug::R41]),
    ("sync-everyappend", &[Bug::R12, Bug::R41]),
];

fn surrealmx() -> Vec<Arc<dyn Sut>> {
    let mut suts: Vec<Arc<dyn Sut>> = Vec::new();
    for (protocol, mends) in [("0.21", Mends::none()), ("fixed", Mends::all())] {
        for (mode, options) in surrealmx_modes() {
            let name = format!("surrealmx-{protocol}-{mode}");
            suts.push(Arc::new(SurrealMx::new(name, options, mends)));
        }
    }
    for (mode, bugs) in SURREALMX_MENDED {
        let mended: String = bugs.iter().map(|bug| format!("+{bug}")).collect();
        let mends = bugs
            .iter()
            .fold(Mends::none(), |mends, &bug| mends.with(bug));
        for (_, options) in surrealmx_modes().iter().filter(|(name, _)| name == mode) {
            let name = format!("surrealmx-0.21{mended}-{mode}");
            suts.push(Arc::new(SurrealMx::new(name, *options, mends)));
        }
    }
    suts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_store_has_a_name_of_its_own() {
        let registry = Registry::shipped();
        let mut names: Vec<&str> = registry.sut_names().collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "{names:?}");
    }

    #[test]
    fn an_unknown_store_is_answered_with_the_nearest() {
        let registry = Registry::shipped();
        let error = registry
            .sut("refrence-power")
            .err()
            .expect("a letter is missing");
        assert!(
            error.to_string().contains("did you mean `reference-power`"),
            "{error}"
        );
    }
}
