//! The heading of a list: which disks, and which kinds of crash, leave exactly its states.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::error::LitmusError;
use super::line::Part;
use super::program::Program;
use crate::crash::CrashKind;
use crate::profile::Profile;

/// A disk, by name, and a kind of crash.
pub type Subject = (String, CrashKind);

/// Disks and kinds of crash: each of these disks after each of these kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Names of profiles, as [`Profile::varied`] reads them. None means all that ship, can go through such a crash, and
    /// [have a part](Program::applies_to) in the case.
    pub profiles: Vec<String>,
    /// Never empty; a power loss when no kind is written.
    pub kinds: Vec<CrashKind>,
}

/// The kinds of crash that a case says something about on a disk.
///
/// A kill that a power loss follows is left out: nothing is done between the two, so it leaves what the power loss does. The power
/// loss of a network file system is that of its whole site.
pub fn kinds_of(profile: &Profile) -> Vec<CrashKind> {
    let mut kinds = Vec::new();
    for kind in profile.crashes() {
        let kind = match kind {
            CrashKind::SitePowerLoss | CrashKind::KillThenPowerLoss => CrashKind::PowerLoss,
            &other => other,
        };
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds.sort_unstable_by_key(|&kind| (kind != CrashKind::PowerLoss, kind));
    kinds
}

impl Heading {
    /// Reads what stands before the colon.
    pub(super) fn read(head: &Part<'_>) -> Result<Self, LitmusError> {
        let mut heading = Self {
            profiles: Vec::new(),
            kinds: Vec::new(),
        };
        for item in head.items() {
            let words = item.words();
            let form = "a list is headed `PROFILE, ...:`, `PROFILE, ... KIND-OF-CRASH, ...:` or `KIND-OF-CRASH, ...:`";
            // The last parameter that differs ends the profile.
            let named = words.iter().rposition(|word| word.text.contains('='));
            let (profile, kind) = match (words.as_slice(), named) {
                ([], _) => return Err(head.error(form)),
                (_, Some(last)) if last + 1 == words.len() => (Some(item.text), None),
                (_, Some(last)) if last + 2 == words.len() => (None, words.last()),
                ([word], None) if word.text.parse::<CrashKind>().is_ok() => (None, Some(word)),
                ([word], None) => (Some(word.text), None),
                ([_, kind], None) => (None, Some(kind)),
                _ => return Err(head.error(form)),
            };
            let before = kind.map(|kind| item.text.trim_end_matches(kind.text).trim_end());
            let profile = profile.or(before.filter(|before| !before.is_empty()));
            if let Some(profile) = profile {
                if !heading.kinds.is_empty() {
                    return Err(item.error(
                        "a disk stands before the kinds of crash: give it a heading of its own",
                    ));
                }
                heading.profiles.push(profile.to_owned());
            }
            if let Some(kind) = kind {
                heading.kinds.push(read_kind(kind)?);
            }
        }
        if heading.kinds.is_empty() {
            heading.kinds.push(CrashKind::PowerLoss);
        }
        Ok(heading)
    }

    /// What it names in a case of this program, one by one.
    pub fn subjects(&self, program: &Program) -> Vec<Subject> {
        let mut subjects = Vec::new();
        for &kind in &self.kinds {
            if self.profiles.is_empty() {
                subjects.extend(shipped_with(program, kind).map(|name| (name, kind)));
            } else {
                let named = self.profiles.iter().map(|name| (name.clone(), kind));
                subjects.extend(named);
            }
        }
        subjects
    }

    /// The shortest headings that name these and no others in a case of this program.
    pub fn of(program: &Program, subjects: &[Subject]) -> Vec<Self> {
        let mut rest: Vec<&Subject> = subjects.iter().collect();
        let mut of_all = Vec::new();
        for &kind in CrashKind::ALL {
            let all: BTreeSet<Subject> = shipped_with(program, kind)
                .map(|name| (name, kind))
                .collect();
            let is_named = |one: &Subject| rest.contains(&one);
            if kind != CrashKind::PowerLoss && !all.is_empty() && all.iter().all(is_named) {
                rest.retain(|one| !all.contains(*one));
                of_all.push(kind);
            }
        }
        let mut headings: Vec<Self> = Vec::new();
        while let Some((profile, _)) = rest.first() {
            let kinds: Vec<CrashKind> = kinds_in(&rest, profile);
            let profile = profile.clone();
            rest.retain(|(name, _)| *name != profile);
            match headings.iter_mut().find(|heading| heading.kinds == kinds) {
                Some(heading) => heading.profiles.push(profile),
                None => headings.push(Self {
                    profiles: vec![profile],
                    kinds,
                }),
            }
        }
        if !of_all.is_empty() {
            headings.push(Self {
                profiles: Vec::new(),
                kinds: of_all,
            });
        }
        headings
    }
}

/// The kinds that are named with a profile, a power loss first.
fn kinds_in(subjects: &[&Subject], profile: &str) -> Vec<CrashKind> {
    let of_profile = subjects.iter().filter(|(name, _)| name == profile);
    let mut kinds: Vec<CrashKind> = of_profile.map(|(_, kind)| *kind).collect();
    kinds.sort_unstable_by_key(|&kind| (kind != CrashKind::PowerLoss, kind));
    kinds
}

/// The shipped profiles that can go through such a crash and have a part in the case.
fn shipped_with(program: &Program, kind: CrashKind) -> impl Iterator<Item = String> {
    let shipped = Profile::shipped().into_iter();
    let has_kind = move |profile: &Arc<Profile>| {
        program.applies_to(profile) && kinds_of(profile).contains(&kind)
    };
    shipped.filter(has_kind).map(|profile| profile.name.clone())
}

fn read_kind(word: &Part<'_>) -> Result<CrashKind, LitmusError> {
    match word.text.parse() {
        Ok(CrashKind::SitePowerLoss | CrashKind::KillThenPowerLoss) => {
            let message = "this leaves what `power-loss` does in a litmus test: list that";
            Err(word.error(message))
        }
        Ok(kind) => Ok(kind),
        Err(error) => Err(word.error(error.to_string())),
    }
}

/// What stands before the colon.
impl fmt::Display for Heading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.profiles.join(", "))?;
        if self.kinds == [CrashKind::PowerLoss] && !self.profiles.is_empty() {
            return Ok(());
        }
        let kinds: Vec<&str> = self.kinds.iter().map(|kind| kind.name()).collect();
        let space = if self.profiles.is_empty() { "" } else { " " };
        write!(f, "{space}{}", kinds.join(", "))
    }
}
