//! A litmus file: a program, and the states allowed after a power loss at stated points.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use super::error::LitmusError;
use super::line::{Lines, Part};
use super::program::Program;
use super::step::Place;
use super::tree::Tree;
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
    /// The lines of the file that hold the states, from 0.
    pub lines: Range<usize>,
}

/// A litmus file.
#[derive(Clone, Debug)]
pub struct Case {
    /// What runs.
    pub program: Program,
    /// The lists, in the order of the file.
    pub sections: Vec<Section>,
    points: Vec<(CrashPoint, Place)>,
}

impl Case {
    /// Reads a file.
    ///
    /// # Errors
    /// The text is no litmus test.
    pub fn parse(text: &str) -> Result<Self, LitmusError> {
        let mut lines = Lines::of(text);
        let program = Program::read(&mut lines)?;
        let mut case = Self {
            program,
            sections: Vec::new(),
            points: Vec::new(),
        };
        // An indented line belongs to the list before it, if nothing stands between.
        let mut is_open = false;
        for line in lines {
            is_open = case.add(&line, is_open)?;
        }
        Ok(case)
    }

    /// Adds a line; returns whether states may follow it.
    fn add(&mut self, line: &Part<'_>, is_open: bool) -> Result<bool, LitmusError> {
        if line.text.is_empty() || line.text.starts_with('#') {
            return Ok(false);
        }
        if line.text.starts_with(' ') {
            let section = self
                .sections
                .last_mut()
                .filter(|_| is_open)
                .ok_or_else(|| {
                    line.error("this state is in no list: write it directly below `PROFILE:`")
                })?;
            if !section.states.insert(read_state(&line.trim())?) {
                return Err(line.error("this state is listed twice: remove one"));
            }
            section.lines.end = line.index() + 1;
            return Ok(true);
        }
        let head = line.before(":").ok_or_else(|| {
            line.error("expected `crash at end:`, `crash after N:` or `PROFILE:` here")
        })?;
        if let Some(point) = self.point(&head)? {
            if self.points.iter().any(|(known, _)| *known == point) {
                return Err(head.error("this crash point is there already: use it"));
            }
            self.points.push((point, Place::of(&head)));
            return Ok(false);
        }
        let Some(&(point, _)) = self.points.last() else {
            return Err(head.error("put `crash at end:` or `crash after N:` before the first list"));
        };
        let (profile, kind) = heading(&head)?;
        if self.section(point, profile, kind).is_some() {
            return Err(head.error("this list is at this crash point already: use it"));
        }
        self.sections.push(Section {
            point,
            profile: profile.to_owned(),
            kind,
            states: States::new(),
            lines: line.index() + 1..line.index() + 1,
        });
        Ok(true)
    }

    /// The crash point that a heading opens, if it opens one.
    fn point(&self, head: &Part<'_>) -> Result<Option<CrashPoint>, LitmusError> {
        let last = self.program.steps.len();
        if head.text == "crash at end" {
            return Ok(Some(CrashPoint { after: last }));
        }
        let Some(count) = head.after("crash after ") else {
            return match head.after("crash") {
                Some(rest) if rest.text.is_empty() || rest.text.starts_with(' ') => {
                    Err(head.error("a crash point is `crash at end:` or `crash after N:`"))
                }
                _ => Ok(None),
            };
        };
        match count.text.parse() {
            Ok(after) if after <= last => Ok(Some(CrashPoint { after })),
            _ => Err(count.error(format!("use a number of steps here, from 0 to {last}"))),
        }
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

/// What the heading of a list names: a profile, with what differs from it, and a kind of crash.
fn heading<'a>(head: &Part<'a>) -> Result<(&'a str, CrashKind), LitmusError> {
    let words = head.words();
    // The last parameter that differs ends the profile.
    let named = words.iter().rposition(|word| word.text.contains('='));
    let named = named.unwrap_or(0) + 1;
    match words.get(named..) {
        Some([]) => Ok((head.text.trim_end(), CrashKind::PowerLoss)),
        Some([kind]) => match kind.text.parse() {
            Ok(parsed) => Ok((head.text.trim_end_matches(kind.text).trim_end(), parsed)),
            Err(error) => Err(kind.error(format!("{error}"))),
        },
        _ => Err(head.error("a list is headed `PROFILE:` or `PROFILE KIND-OF-CRASH:`")),
    }
}

fn read_state(part: &Part<'_>) -> Result<String, LitmusError> {
    if part.text == NOTHING {
        return Ok(String::new());
    }
    let tree = Tree::parse(part.text).map_err(|error| part.error(error.to_string()))?;
    let written = tree.render();
    if written == part.text {
        Ok(written)
    } else {
        Err(part.error(format!(
            "write this state `{written}`, so that each has one form"
        )))
    }
}
