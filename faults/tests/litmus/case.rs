//! A litmus file: a program, and the states allowed after a power loss at stated points.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use plimsoll_faults::crash::{Bounds, Frontier};
use plimsoll_faults::profile::Profile;
use plimsoll_faults::rng::Rng;

use crate::support::program::{Program, Recording};
use crate::support::tree::Tree;

/// States, each in the notation of the recordings.
pub(crate) type States = BTreeSet<String>;

/// How the empty disk is written.
const NOTHING: &str = "(nothing)";

/// Choices of one crash point beyond which a case is too large to be read.
const CHOICES_MAX: u32 = 1 << 14;

/// A parsed file.
pub(crate) struct Case {
    pub(crate) program: Program,
    /// The text of the program.
    head: String,
    /// The lines after it.
    lines: Vec<Line>,
}

enum Line {
    /// A comment or an empty line.
    Other(String),
    /// A crash after so many steps have returned.
    Crash(usize, String),
    /// What a profile allows at the crash point before.
    Profile(String, States),
}

/// All files, in order.
pub(crate) fn files() -> impl Iterator<Item = (PathBuf, String)> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/litmus");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
        .expect("the cases are there")
        .map(|entry| entry.expect("they can be listed").path())
        .filter(|path| path.extension().is_some_and(|end| end == "litmus"))
        .collect();
    paths.sort();
    paths.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).expect("a case can be read");
        (path, text)
    })
}

impl Case {
    pub(crate) fn parse(text: &str) -> Self {
        let (program, rest) = Program::parse(text);
        let mut lines: Vec<Line> = Vec::new();
        for &line in &rest {
            let parsed = match line.strip_suffix(':') {
                _ if line.is_empty() || line.starts_with('#') => Line::Other(line.to_owned()),
                Some("crash at end") => Line::Crash(program.steps.len(), line.to_owned()),
                Some(head) => match head.strip_prefix("crash after ") {
                    Some(count) => {
                        let count = count.parse().expect("a number of steps");
                        assert!(count <= program.steps.len(), "{line} of {}", program.name);
                        Line::Crash(count, line.to_owned())
                    }
                    None => Line::Profile(head.to_owned(), States::new()),
                },
                None => {
                    let Some(Line::Profile(_, states)) = lines.last_mut() else {
                        panic!("{}: `{line}` is in no profile's list", program.name);
                    };
                    states.insert(read_state(line.trim()));
                    continue;
                }
            };
            lines.push(parsed);
        }
        let head_len = text.lines().count() - rest.len();
        let head: Vec<&str> = text.lines().take(head_len).collect();
        Self {
            program,
            head: head.join("\n"),
            lines,
        }
    }

    /// The crash points, each as the number of steps that have returned.
    pub(crate) fn crash_points(&self) -> Vec<usize> {
        let points = self.lines.iter().filter_map(|line| match line {
            Line::Crash(after, _) => Some(*after),
            _ => None,
        });
        points.collect()
    }

    /// The file with the states that were found in place of those it lists.
    pub(crate) fn rewrite(&self, mut found: impl FnMut(usize, &str) -> States) -> String {
        let mut text = format!("{}\n", self.head);
        let mut after = 0;
        for line in &self.lines {
            match line {
                Line::Other(line) => text.push_str(line),
                Line::Crash(count, line) => {
                    after = *count;
                    text.push_str(line);
                }
                Line::Profile(name, _) => {
                    text.push_str(&format!("{name}:"));
                    for state in found(after, name) {
                        text.push_str(&format!("\n  {}", write_state(&state)));
                    }
                }
            }
            text.push('\n');
        }
        text
    }

    /// Where the states that were found are not those that are listed, in words.
    pub(crate) fn differences(&self, mut found: impl FnMut(usize, &str) -> States) -> String {
        let mut text = String::new();
        let mut after = 0;
        for line in &self.lines {
            match line {
                Line::Other(_) => {}
                Line::Crash(count, _) => after = *count,
                Line::Profile(name, listed) => {
                    let found = found(after, name);
                    let place = format!("{} after {after} on {name}", self.program.name);
                    for state in found.difference(listed) {
                        let state = write_state(state);
                        text.push_str(&format!("{place}: allowed and not listed: {state}\n"));
                    }
                    for state in listed.difference(&found) {
                        let state = write_state(state);
                        text.push_str(&format!("{place}: listed and not allowed: {state}\n"));
                    }
                }
            }
        }
        text
    }
}

fn read_state(text: &str) -> String {
    if text == NOTHING {
        return String::new();
    }
    assert_eq!(
        Tree::parse(text).render(),
        text,
        "states are written one way"
    );
    text.to_owned()
}

const fn write_state(state: &str) -> &str {
    if state.is_empty() { NOTHING } else { state }
}

/// A program that has run, to be crashed under any profile.
pub(crate) struct Run {
    recording: Recording,
}

impl Run {
    pub(crate) fn new(program: &Program) -> Self {
        Self {
            recording: program.record(),
        }
    }

    /// Every state that a power loss may leave after so many steps have returned.
    pub(crate) fn allowed(&mut self, after: usize, profile: &Arc<Profile>) -> States {
        let mut frontier = Frontier::new(self.recording.image.clone(), Arc::clone(profile));
        for entry in self.recording.steps[..after].iter().flatten() {
            frontier.advance(entry);
        }
        let bounds = Bounds {
            exhaustive: CHOICES_MAX,
            samples: 0,
        };
        let mut states = Vec::new();
        let complete = frontier.states(bounds, &mut Rng::stream(0, "litmus"), &mut states);
        assert!(complete, "more than {CHOICES_MAX} choices");
        let image = |state| Tree::of(&frontier.image(state)).render();
        states.into_iter().map(image).collect()
    }
}
