//! How far the lists of litmus tests are what the profiles allow, profile by profile.

use super::case::Case;
use super::error::LitmusError;
use super::verdict::{Finding, Verdict};

/// What came of litmus tests on one profile. A list is what a test says of a profile at one crash point and kind of crash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Name of the profile.
    pub profile: String,
    /// Lists that are exactly what the profile allows.
    pub as_listed: u64,
    /// Lists that are not.
    pub not_as_listed: u64,
    /// Crash points that were tried and have no list.
    pub not_listed: u64,
    /// States that the profile allows, over all of them.
    pub states: u64,
    /// Every crash point that has no list, and every state that is allowed and not listed, or listed and not allowed, with its test
    /// and crash point.
    pub differences: Vec<String>,
}

impl Score {
    /// Whether there are lists, one for each crash point that was tried, and the profile allows exactly what they say.
    pub const fn holds(&self) -> bool {
        self.as_listed > 0 && self.not_as_listed == 0 && self.not_listed == 0
    }

    fn add(&mut self, case: &Case, finding: &Finding) {
        self.states += finding.allowed.len() as u64;
        match (&finding.listed, finding.agrees()) {
            (None, _) => self.not_listed += 1,
            (Some(_), true) => self.as_listed += 1,
            (Some(_), false) => self.not_as_listed += 1,
        }
        let name = &case.program.name;
        let point = case.describe(finding.point);
        let place = format!("{name} {point} after {}", finding.kind);
        if finding.listed.is_none() {
            self.differences.push(format!("{place}: not listed"));
        }
        let unlisted = finding
            .unlisted()
            .map(|state| format!("{place}: allowed and not listed: {state}"));
        let missing = finding
            .missing()
            .map(|state| format!("{place}: listed and not allowed: {state}"));
        self.differences.extend(unlisted.chain(missing));
    }
}

/// Runs each of these tests on every profile that it is about: those that ship, and those that its lists name besides.
///
/// # Errors
/// A step does not end as it says, or a crash point has too many choices.
pub fn scores(cases: &[Case]) -> Result<Vec<Score>, LitmusError> {
    let mut scores: Vec<Score> = Vec::new();
    for case in cases {
        for finding in &Verdict::of(case, &case.profiles())?.findings {
            let known = |score: &Score| score.profile == finding.profile;
            let index = scores.iter().position(known).unwrap_or_else(|| {
                scores.push(Score {
                    profile: finding.profile.clone(),
                    ..Score::default()
                });
                scores.len() - 1
            });
            scores[index].add(case, finding);
        }
    }
    Ok(scores)
}
