//! Whether a profile allows what a litmus file lists.

use std::sync::Arc;

use super::case::{Case, CrashPoint, NOTHING, States};
use super::error::LitmusError;
use super::run::{CHOICES_MAX, Run};
use crate::profile::Profile;

/// One profile at one crash point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When the power fails.
    pub point: CrashPoint,
    /// Name of the profile.
    pub profile: String,
    /// What it allows.
    pub allowed: States,
    /// What the file lists; none when it has no list for the profile at this point.
    pub listed: Option<States>,
}

/// Several profiles at every crash point of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Point by point, profile by profile.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Crashes a case at each of its points under each of these profiles.
    ///
    /// # Errors
    /// A step does not end as it says, or a crash point has more than [`CHOICES_MAX`] choices.
    pub fn of(case: &Case, profiles: &[Arc<Profile>]) -> Result<Self, LitmusError> {
        let run = Run::new(&case.program)?;
        let mut findings = Vec::new();
        for point in case.points() {
            for profile in profiles {
                let allowed = run.allowed(point, profile).ok_or_else(|| {
                    let message = format!(
                        "more than {CHOICES_MAX} choices on {}: use fewer steps or smaller writes",
                        profile.name
                    );
                    case.error_at(point, message)
                })?;
                let section = case.section(point, &profile.name);
                findings.push(Finding {
                    point,
                    profile: profile.name.clone(),
                    allowed,
                    listed: section.map(|section| section.states.clone()),
                });
            }
        }
        Ok(Self { findings })
    }
}

impl Finding {
    /// Whether exactly what is listed is allowed, or nothing is listed.
    pub fn agrees(&self) -> bool {
        self.listed
            .as_ref()
            .is_none_or(|listed| *listed == self.allowed)
    }

    /// States that are allowed and not listed, as they are written in a file. None when there is no list.
    pub fn unlisted(&self) -> impl Iterator<Item = &str> {
        let listed = self.listed.as_ref();
        let states = listed
            .into_iter()
            .flat_map(|listed| self.allowed.difference(listed));
        states.map(|state| written(state))
    }

    /// States that are listed and not allowed, as they are written in a file.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        let listed = self.listed.as_ref();
        let states = listed
            .into_iter()
            .flat_map(|listed| listed.difference(&self.allowed));
        states.map(|state| written(state))
    }

    /// States that are allowed, as they are written in a file.
    pub fn allowed(&self) -> impl Iterator<Item = &str> {
        self.allowed.iter().map(|state| written(state))
    }
}

/// A state as it is written in a file.
const fn written(state: &str) -> &str {
    if state.is_empty() { NOTHING } else { state }
}
