//! Worlds in files: what a run has found, to be run again without its seed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;
use plimsoll_scenarios::{Registry, Replay, Replayed};
use plimsoll_sim::trial::hunt::{TrialCase, Trophy};
use serde_json::json;

use super::page;
use crate::cargo::root;
use crate::exit::{Ending, Exit};
use crate::output::{BAD, LABEL, Output, Refusal};
use crate::sim::options::{Format, Printing};

/// How the names of these files end.
pub(crate) const SUFFIX: &str = ".world.toml";

/// Where they are written unless somebody says so.
pub(super) fn directory() -> PathBuf {
    root().join("target").join("sim").join("worlds")
}

/// Writes what was found into a file of its own, and says where; a later run replaces it.
pub(super) fn write(directory: &Path, case: &TrialCase, trophy: &Trophy) -> io::Result<PathBuf> {
    fs::create_dir_all(directory)?;
    let id: String = case
        .id
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "@-._+".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    let path = directory.join(format!("{id}-{}{SUFFIX}", trophy.finding.oracle));
    fs::write(&path, text(case, trophy))?;
    Ok(path)
}

/// The text of such a file.
pub(super) fn text(case: &TrialCase, trophy: &Trophy) -> String {
    format!(
        "# {}\n# cargo xtask sim repro FILE\n{}",
        trophy.finding.oracle.claim(),
        Replay::of(case, trophy)
    )
}

/// Runs the world of a file twice, and prints what came of it.
pub(crate) fn run(path: &Path, printing: Printing) -> anyhow::Result<Exit> {
    let name = path.display().to_string();
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
    let played = Played::twice(&name, &text)?;
    Output::new(printing.color).write(&played.text(printing.format))?;
    Ok(played.ending().exit())
}

/// A world of a file, and what came of it.
pub(super) struct Played {
    replay: Replay,
    first: Replayed,
    second: Replayed,
}

impl Played {
    /// Runs the world of this text twice. `name` is what errors call its file.
    pub(super) fn twice(name: &str, text: &str) -> anyhow::Result<Self> {
        let replay = Replay::parse(name, text, &Registry::shipped())
            .map_err(|error| Refusal::report(error.to_string()))?;
        let (first, second) = (replay.run()?, replay.run()?);
        Ok(Self {
            replay,
            first,
            second,
        })
    }

    /// How it ended.
    pub(super) fn ending(&self) -> Ending {
        ending(&self.first, &self.second)
    }

    /// Whether it is, decision for decision, the world that was written into the file.
    pub(super) fn is_same_world(&self) -> bool {
        difference(&self.replay, &self.first).is_none()
    }

    /// What came of it, in full.
    pub(super) fn text(&self, format: Format) -> String {
        match format {
            Format::Human => human(&self.replay, &self.first, self.ending()),
            Format::Jsonl => {
                let object = object(&self.replay, &self.first, self.ending());
                format!("{object}\n")
            }
        }
    }
}

/// How it ended: what is in the file is expected.
fn ending(first: &Replayed, second: &Replayed) -> Ending {
    if first.fingerprint != second.fingerprint {
        Ending::Nondeterministic
    } else if first.trophy.is_some() {
        Ending::Violated
    } else {
        Ending::Missed
    }
}

/// What tells the world from the one in the file.
fn difference(replay: &Replay, replayed: &Replayed) -> Option<String> {
    let (then, now) = (replay.fingerprint, replayed.fingerprint);
    (then != now || replayed.diverged > 0).then(|| {
        format!(
            "this is not the world of the file, whose fingerprint is {then}: {now}, and {} decisions did not fit",
            replayed.diverged
        )
    })
}

fn human(replay: &Replay, replayed: &Replayed, ending: Ending) -> String {
    let mut text = String::new();
    match &replayed.trophy {
        Some(trophy) => page::describe(&mut text, replay, trophy),
        None => {
            text += &format!(
                "{BAD}error[{}]{BAD:#}: the violation of {} is not there any more\n",
                ending.name(),
                replay.oracle
            );
        }
    }
    if let Some(difference) = difference(replay, replayed) {
        text += &format!("{LABEL}note:{LABEL:#} {difference}\n");
    }
    text += &format!(
        "{LABEL}{:>12}{LABEL:#} {} · fingerprint {} · {}\n",
        "Replay",
        replay.case,
        replayed.fingerprint,
        ending.name()
    );
    text
}

fn object(replay: &Replay, replayed: &Replayed, ending: Ending) -> serde_json::Value {
    let finding = replayed.trophy.as_ref().map(|trophy| &trophy.finding);
    json!({
        "kind": "world-replay", "id": replay.case, "verdict": ending.name(), "oracle": replay.oracle.name(), "life": replay.life + 1,
        "expected": finding.map(|finding| &finding.expected), "found": finding.map(|finding| &finding.found),
        "fingerprint": replayed.fingerprint.to_string(), "is_same_world": difference(replay, replayed).is_none(),
    })
}
