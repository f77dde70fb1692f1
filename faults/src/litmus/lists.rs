//! The lists of a litmus file: crash points, and below them what disks may leave.

use plimsoll_reference::digits::number;

use super::case::{Case, CrashPoint, NOTHING, Section, States};
use super::error::LitmusError;
use super::heading::Heading;
use super::line::{Lines, Part};
use super::program::Program;
use super::step::Place;
use super::tree::Tree;

/// What may stand on the next line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// No list is open.
    Nothing,
    /// Headings were read: another of the same list, or a state.
    Headings,
    /// States were read.
    States,
}

struct Reader {
    case: Case,
    open: Open,
    /// The first section of the list that is being read.
    first: usize,
    /// The last heading.
    heading: Option<Place>,
    /// What is wrong with the first list that has no states.
    empty: Option<LitmusError>,
}

/// Reads what follows the steps of a program.
pub(super) fn read(program: Program, lines: Lines<'_>) -> Result<Case, LitmusError> {
    let mut reader = Reader {
        case: Case {
            program,
            sections: Vec::new(),
            points: Vec::new(),
        },
        open: Open::Nothing,
        first: 0,
        heading: None,
        empty: None,
    };
    for line in lines {
        reader.add(&line)?;
    }
    reader.close();
    reader.empty.map_or(Ok(reader.case), Err)
}

impl Reader {
    fn add(&mut self, line: &Part<'_>) -> Result<(), LitmusError> {
        if line.text.is_empty() || line.text.starts_with('#') {
            self.close();
            return Ok(());
        }
        if line.text.starts_with(' ') {
            return self.state(line);
        }
        let head = line.before(":").ok_or_else(|| {
            line.error("expected `crash at end:`, `crash after N:` or `PROFILE:` here")
        })?;
        match self.point(&head)? {
            None => self.heading(line, &head),
            Some(point) => {
                if self.case.points.iter().any(|(known, _)| *known == point) {
                    return Err(head.error("this crash point is there already: use it"));
                }
                self.case.points.push((point, Place::of(&head)));
                self.close();
                Ok(())
            }
        }
    }

    /// Ends a list. One without states is a mistake, but what is wrong behind it is nearer to the cause.
    fn close(&mut self) {
        if let (Open::Headings, Some(heading)) = (self.open, &self.heading) {
            let message =
                "this list has no states: a disk always leaves something, if only `(nothing)`";
            self.empty.get_or_insert_with(|| heading.error(message));
        }
        self.open = Open::Nothing;
    }

    fn state(&mut self, line: &Part<'_>) -> Result<(), LitmusError> {
        if self.open == Open::Nothing {
            let message = "this state is in no list: write it directly below `PROFILE:`";
            return Err(line.error(message));
        }
        let state = read_state(&line.trim())?;
        for section in &mut self.case.sections[self.first..] {
            if !section.states.insert(state.clone()) {
                return Err(line.error("this state is listed twice: remove one"));
            }
            section.lines.end = line.index() + 1;
        }
        self.open = Open::States;
        Ok(())
    }

    fn heading(&mut self, line: &Part<'_>, head: &Part<'_>) -> Result<(), LitmusError> {
        let Some(&(point, _)) = self.case.points.last() else {
            return Err(head.error("put `crash at end:` or `crash after N:` before the first list"));
        };
        if self.open != Open::Headings {
            self.first = self.case.sections.len();
        }
        let begin = match self.case.sections.get(self.first) {
            Some(section) => section.headings.start,
            None => line.index(),
        };
        let end = line.index() + 1;
        for (profile, kind) in Heading::read(head)?.subjects(&self.case.program) {
            if self.case.section(point, &profile, kind).is_some() {
                return Err(head.error("this list is at this crash point already: use it"));
            }
            self.case.sections.push(Section {
                point,
                profile,
                kind,
                states: States::new(),
                headings: begin..end,
                lines: end..end,
            });
        }
        for section in &mut self.case.sections[self.first..] {
            section.headings.end = end;
            section.lines = end..end;
        }
        self.open = Open::Headings;
        self.heading = Some(Place::of(head));
        Ok(())
    }

    /// The crash point that a heading opens, if it opens one.
    fn point(&self, head: &Part<'_>) -> Result<Option<CrashPoint>, LitmusError> {
        let last = self.case.program.steps.len();
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
        match number(count.text) {
            Some(after) if after <= last => Ok(Some(CrashPoint { after })),
            _ => Err(count.error(format!("use a number of steps here, from 0 to {last}"))),
        }
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
