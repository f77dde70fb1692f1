//! Whether a profile allows what a litmus file lists.

use std::sync::Arc;

use super::case::{Case, CrashPoint, NOTHING, States};
use super::error::LitmusError;
use super::heading::kinds_of;
use super::run::{CHOICES_MAX, Run};
use crate::crash::CrashKind;
use crate::profile::Profile;

/// One profile at one crash point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// When the power fails.
    pub point: CrashPoint,
    /// Name of the profile.
    pub profile: String,
    /// How the crash happens.
    pub kind: CrashKind,
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
    /// Crashes a case at each of its points under each of these profiles: in every way that [can happen there](kinds_of) and every
    /// other that the case lists; a shipped profile that the case has varied only where it lists that.
    ///
    /// # Errors
    /// A step does not end as it says, or a crash point has more than [`CHOICES_MAX`] choices.
    pub fn of(case: &Case, profiles: &[Arc<Profile>]) -> Result<Self, LitmusError> {
        let run = Run::new(&case.program)?;
        let mut findings = Vec::new();
        for point in case.points() {
            for profile in profiles {
                for kind in kinds(case, point, profile) {
                    let section = case.section(point, &profile.name, kind);
                    let allowed = run.allowed(point, kind, profile);
                    let allowed = allowed.ok_or_else(|| {
                        let message = format!(
                            "more than {CHOICES_MAX} choices on {}: use fewer steps or smaller writes",
                            profile.name
                        );
                        case.error_at(point, message)
                    })?;
                    findings.push(Finding {
                        point,
                        profile: profile.name.clone(),
                        kind,
                        allowed,
                        listed: section.map(|section| section.states.clone()),
                    });
                }
            }
        }
        Ok(Self { findings })
    }
}

/// The kinds of crash to try at a point.
fn kinds(case: &Case, point: CrashPoint, profile: &Profile) -> Vec<CrashKind> {
    let listed = |kind: &CrashKind| case.section(point, &profile.name, *kind).is_some();
    let is_varied = profile.name.contains(" + ");
    let mut kinds = if is_varied || !case.program.applies_to(profile) {
        Vec::new()
    } else {
        kinds_of(profile)
    };
    let others = CrashKind::ALL.iter().copied();
    let others: Vec<CrashKind> = others
        .filter(|kind| listed(kind) && !kinds.contains(kind))
        .collect();
    kinds.extend(others);
    kinds
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
