//! A litmus file: a program, and the states allowed after a power loss at stated points.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::error::LitmusError;
use super::line::Lines;
use super::lists;
use super::program::Program;
use super::step::Place;
use crate::crash::CrashKind;
use crate::profile::Profile;

/// States, each in the notation of [`Tree`]; the empty text is the empty disk.
pub type States = BTreeSet<String>;

/// How the empty disk is written in a list of states.
pub(super) const NOTHING: &str = "(nothing)";

/// When the power fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CrashPoint {
    /// Number of steps that have returned.
    pub after: usize,
}

/// What one profile allows at one crash point.
#[derive(Clone, Debug)]
pub struct Section {
    /// When the power fails.
    pub point: CrashPoint,
    /// Name of the profile, as [`Profile::varied`] reads it.
    pub profile: String,
    /// How the crash happens; a power loss where the heading names no kind.
    pub kind: CrashKind,
    /// Every state it allows.
    pub states: States,
    /// The lines of the file that hold the headings of the list, from 0; other sections may share them.
    pub headings: Range<usize>,
    /// The lines of the file that hold the states, from 0.
    pub lines: Range<usize>,
}

/// A litmus file.
#[derive(Clone, Debug)]
pub struct Case {
    /// What runs.
    pub program: Program,
    /// What is listed of each disk and kind of crash, in the order of the file.
    pub sections: Vec<Section>,
    pub(super) points: Vec<(CrashPoint, Place)>,
}

impl Case {
    /// Reads a file.
    ///
    /// # Errors
    /// The text is no litmus test.
    pub fn parse(text: &str) -> Result<Self, LitmusError> {
        let mut lines = Lines::of(text);
        let program = Program::read(&mut lines)?;
        lists::read(program, lines)
    }

    /// The crash points, in the order of the file; one at the end when it states none.
    pub fn points(&self) -> impl Iterator<Item = CrashPoint> {
        let end = CrashPoint {
            after: self.program.steps.len(),
        };
        let stated = self.points.iter().map(|(point, _)| *point);
        stated.chain(self.points.is_empty().then_some(end))
    }

    /// The profiles that ship, then those that the lists name besides: shipped ones with [parameters changed](Profile::varied).
    pub fn profiles(&self) -> Vec<Arc<Profile>> {
        let mut profiles = Profile::shipped();
        for section in &self.sections {
            let is_known = profiles.iter().any(|known| known.name == section.profile);
            if !is_known && let Ok(profile) = Profile::varied(&section.profile) {
                profiles.push(Arc::new(profile));
            }
        }
        profiles
    }

    /// The list of a profile for a kind of crash at a crash point.
    pub fn section(&self, point: CrashPoint, profile: &str, kind: CrashKind) -> Option<&Section> {
        self.sections
            .iter()
            .find(|it| it.point == point && it.profile == profile && it.kind == kind)
    }

    /// What is wrong with a crash point.
    pub(super) fn error_at(&self, point: CrashPoint, message: String) -> LitmusError {
        let place = self.points.iter().find(|(known, _)| *known == point);
        let place =
            place
                .map(|(_, place)| place)
                .or(self.program.steps.last().map(|step| &step.place));
        place.expect("a program has steps").error(message)
    }

    /// A crash point in words: `at end`, `after 2`.
    pub fn describe(&self, point: CrashPoint) -> String {
        if point.after == self.program.steps.len() {
            "at end".to_owned()
        } else {
            point.to_string()
        }
    }
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {}", self.after)
    }
}
