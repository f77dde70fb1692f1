//! A folder of recordings.

use std::collections::BTreeSet;
use std::io;

use serde::Deserialize;
use thiserror::Error;

use super::timeline::Timeline;
use crate::litmus::{LitmusError, Program, Tree};

/// The profiles that model a file system that was recorded. The recordings of each carry its name.
pub const MODELS: &[&str] = &["ext4-ordered", "xfs", "ext4-writeback", "btrfs"];

/// The sets of programs: what the names of their recordings start with, and the folder of the programs.
const SETS: &[(&str, &str)] = &[
    ("", "programs"),
    ("random-", "programs/random"),
    ("scheduled-", "programs/scheduled"),
];

/// The list of states that were seen and are known to be forbidden.
const KNOWN: &str = "disagreements.txt";

/// A recording that cannot be read.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the fields are in the message")]
pub enum ArchiveError {
    /// A file is not there.
    #[error("cannot read {path}")]
    Read { path: String, source: io::Error },
    /// A file is no recording.
    #[error("{path} is no recording")]
    Format {
        path: String,
        source: serde_json::Error,
    },
    /// A program cannot be read, or does not end as it says.
    #[error("{path}:{}:{}: {source}", source.line, source.column)]
    Program { path: String, source: LitmusError },
    /// A recording and its program differ, or a state is not written as states are.
    #[error("{path}: {name}: {what}")]
    Content {
        path: String,
        name: String,
        what: String,
    },
}

/// One program with what crashes left of it.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The file with the recording.
    pub file: String,
    /// The program.
    pub program: Program,
    /// By interval: the states seen when the crash came after that many steps had returned, each as a tree.
    pub intervals: Vec<Vec<Tree>>,
    /// What it does to a simulated disk.
    pub timeline: Timeline,
}

#[derive(Deserialize)]
struct File {
    programs: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    intervals: Vec<Interval>,
}

#[derive(Deserialize)]
struct Interval {
    after: usize,
    step: String,
    states: Vec<String>,
}

/// Recordings, read by a function that is given paths in their folder.
pub struct Archive<'a> {
    read: &'a dyn Fn(&str) -> io::Result<String>,
}

impl<'a> Archive<'a> {
    /// The recordings of a folder.
    pub const fn new(read: &'a dyn Fn(&str) -> io::Result<String>) -> Self {
        Self { read }
    }

    fn text(&self, path: &str) -> Result<String, ArchiveError> {
        (self.read)(path).map_err(|source| ArchiveError::Read {
            path: path.to_owned(),
            source,
        })
    }

    /// Everything recorded on the file system that a profile models.
    ///
    /// # Errors
    /// A file is missing, cannot be read, or contradicts its program.
    pub fn of_model(&self, model: &str) -> Result<Vec<Observed>, ArchiveError> {
        let mut all = Vec::new();
        for (prefix, folder) in SETS {
            let path = format!("{prefix}{model}.json");
            let text = self.text(&path)?;
            let file: File =
                serde_json::from_str(&text).map_err(|source| ArchiveError::Format {
                    path: path.clone(),
                    source,
                })?;
            for entry in file.programs {
                all.push(self.observed(&path, folder, entry)?);
            }
        }
        Ok(all)
    }

    /// States that were seen and that the profiles forbid, one `FILE NAME after N: STATE` each.
    ///
    /// # Errors
    /// The list is not there.
    pub fn known(&self) -> Result<BTreeSet<String>, ArchiveError> {
        let text = self.text(KNOWN)?;
        let lines = text.lines();
        let is_state = |line: &&str| !line.is_empty() && !line.starts_with('#');
        Ok(lines.filter(is_state).map(str::to_owned).collect())
    }

    fn observed(&self, file: &str, folder: &str, entry: Entry) -> Result<Observed, ArchiveError> {
        let path = format!("{folder}/{}.litmus", entry.name);
        let text = self.text(&path)?;
        let error = |source| ArchiveError::Program {
            path: path.clone(),
            source,
        };
        let program = Program::parse(&text).map_err(error)?;
        let recording = program.record().map_err(error)?;
        let content = |what: String| ArchiveError::Content {
            path: file.to_owned(),
            name: entry.name.clone(),
            what,
        };
        if program.name != entry.name {
            return Err(content(format!("its program is named {}", program.name)));
        }
        if entry.intervals.len() != program.steps.len() + 1 {
            return Err(content(
                "it has not one interval more than steps".to_owned(),
            ));
        }
        let mut intervals = Vec::new();
        for (number, interval) in entry.intervals.iter().enumerate() {
            let step = number
                .checked_sub(1)
                .map(|index| program.steps[index].to_string());
            if interval.after != number || step.as_deref().unwrap_or("(start)") != interval.step {
                return Err(content(format!("interval {number} is after another step")));
            }
            let mut states = Vec::new();
            for state in &interval.states {
                let tree = Tree::parse(state)
                    .ok()
                    .filter(|tree| tree.render() == *state);
                states.push(tree.ok_or_else(|| content(format!("`{state}` is no state")))?);
            }
            intervals.push(states);
        }
        Ok(Observed {
            file: file.to_owned(),
            timeline: Timeline::new(&recording),
            program,
            intervals,
        })
    }
}

impl Observed {
    /// A state of one of its intervals, as the list of known disagreements has it.
    pub fn line(&self, after: usize, state: &Tree) -> String {
        format!(
            "{} {} after {after}: {}",
            self.file,
            self.program.name,
            state.render()
        )
    }
}
