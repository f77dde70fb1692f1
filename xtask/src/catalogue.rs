//! The catalogue of scenarios and the registry of stores, as far as the command line needs them.
//!
//! Nothing else in this crate names `plimsoll_scenarios`.

use std::sync::Arc;

use plimsoll_faults::litmus::LitmusError;
use plimsoll_faults::profile::Profile;
use plimsoll_scenarios::calibration::{self, FailureSubject};
pub(crate) use plimsoll_scenarios::calibration::{SqliteAnswer, SqliteTrial, SqliteVerdict};
use plimsoll_scenarios::{Registry, Scenario, catalogue};
use plimsoll_sim::case::{Case, Disk};
use plimsoll_sim::sut::Sut;

/// What the names of the reference's modes start with.
const REFERENCE_PREFIX: &str = "reference-";

/// A scenario: a sentence, and its cases, one for each disk and seed.
pub(crate) struct Entry {
    /// One sentence for lists.
    pub(crate) title: String,
    /// Whether it is left to the nightly runs.
    pub(crate) nightly: bool,
    /// The cases.
    pub(crate) cases: Vec<Case>,
}

impl From<Scenario> for Entry {
    fn from(scenario: Scenario) -> Self {
        Self {
            cases: scenario.cases(),
            nightly: scenario.nightly,
            title: scenario.title,
        }
    }
}

/// Everything that ships.
pub(crate) struct Catalogue {
    registry: Registry,
    scenarios: Vec<Entry>,
}

impl Catalogue {
    /// Loads everything.
    pub(crate) fn load() -> Self {
        Self {
            registry: Registry::shipped(),
            scenarios: catalogue().into_iter().map(Entry::from).collect(),
        }
    }

    /// What ships, with one more store and other scenarios.
    #[cfg(test)]
    pub(crate) fn of(sut: Arc<dyn Sut>, scenarios: Vec<Entry>) -> Self {
        let mut registry = Registry::shipped();
        registry.add_sut(sut);
        Self {
            registry,
            scenarios,
        }
    }

    /// The scenarios, in the order in which they run.
    pub(crate) fn scenarios(&self) -> &[Entry] {
        &self.scenarios
    }

    /// The names of the reference's modes.
    pub(crate) fn reference_modes(&self) -> impl Iterator<Item = &str> {
        self.registry
            .sut_names()
            .filter(|name| name.starts_with(REFERENCE_PREFIX))
    }

    /// The store of this name. The error is a sentence that names the nearest.
    pub(crate) fn sut(&self, name: &str) -> Result<Arc<dyn Sut>, String> {
        self.registry.sut(name).map_err(|error| error.to_string())
    }

    /// Reads a scenario that does not ship and may name these disks beside those that do. The error is a whole report, with
    /// line and column.
    pub(crate) fn parse(
        &self,
        file_name: &str,
        text: &str,
        profiles: impl Iterator<Item = Arc<Profile>>,
    ) -> Result<Entry, String> {
        let mut registry = self.registry.clone();
        for profile in profiles {
            registry.add_profile(profile);
        }
        Scenario::parse(file_name, text, &registry)
            .map(Entry::from)
            .map_err(|error| error.to_string())
    }
}

/// For each mode of the reference the runs of which each sync is dropped in turn.
pub(crate) fn sync_deletion_cases() -> Vec<Case> {
    calibration::sync_deletion_cases()
}

/// The disks on which that can be noticed.
pub(crate) fn calibration_disks() -> Vec<Disk> {
    calibration::disks()
}

/// The stores whose syncs are to fail, with what should come of each.
pub(crate) fn fsync_failure_subjects() -> Vec<FailureSubject> {
    calibration::fsync_failure_subjects()
}

/// The modes of SQLite on the disks on which it is known what becomes of them, store by store.
pub(crate) fn sqlite_trials() -> Vec<SqliteTrial> {
    calibration::sqlite_trials()
}

/// Reads a profile that does not ship. The error is a whole report, with line and column.
pub(crate) fn parse_profile(file_name: &str, text: &str) -> Result<Profile, String> {
    plimsoll_scenarios::parse_profile(file_name, text).map_err(|error| error.to_string())
}

/// A whole report of what is wrong with a litmus file, with line and column.
pub(crate) fn litmus_report(file_name: &str, text: &str, error: &LitmusError) -> String {
    plimsoll_scenarios::litmus_report(file_name, text, error).to_string()
}
