//! Counts over all litmus tests of a run.

use plimsoll_faults::litmus::Verdict;
use plimsoll_faults::profile::Profile;

use crate::exit::Ending;

/// What was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Litmus tests.
    pub(crate) cases: u64,
    /// Profiles they ran on.
    pub(crate) disks: u64,
    /// Lists that are exactly what the disk allows.
    pub(crate) agreed: u64,
    /// Lists that are not.
    pub(crate) differed: u64,
    /// Disks and kinds of crash at crash points for which there is no list.
    pub(crate) unlisted: u64,
    /// Those of them that ship, in tests that ship: there must be none.
    pub(crate) lacking: u64,
    /// States allowed, over all of them.
    pub(crate) states: u64,
}

impl Tally {
    /// Adds one test, which ships or is a user's own.
    pub(crate) fn add(&mut self, verdict: &Verdict, ships: bool) {
        self.cases += 1;
        for finding in &verdict.findings {
            self.states += finding.allowed.len() as u64;
            match (&finding.listed, finding.agrees()) {
                (None, _) => {
                    self.unlisted += 1;
                    if ships && Profile::named(&finding.profile).is_some() {
                        self.lacking += 1;
                    }
                }
                (Some(_), true) => self.agreed += 1,
                (Some(_), false) => self.differed += 1,
            }
        }
    }

    /// How the run ended. A run that had nothing to compare, on files or disks of a user's own, has
    /// still shown what they allow.
    pub(crate) const fn ending(&self) -> Ending {
        if self.differed > 0 || self.lacking > 0 {
            Ending::Violated
        } else {
            Ending::Passed
        }
    }
}
