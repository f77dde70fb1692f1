//! The section on SQLite.

use serde::Serialize;

use super::page::{self, Page, Row, add};
use super::section::Section;
use crate::catalogue::{self, SqliteAnswer, SqliteTrial, SqliteVerdict};
use crate::exit::Ending;
use crate::report::jsonl;

/// A mode on every disk.
struct Mode {
    store: String,
    measured: Vec<Measured>,
}

struct Measured {
    disk: String,
    verdict: SqliteVerdict,
    agrees: bool,
    /// What was recorded or is documented, in words; nothing on a disk that lies.
    known: Option<String>,
}

#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    section: &'static str,
    sut: &'a str,
    disk: &'a str,
    holds: bool,
    verdict: String,
    known: Option<&'a str>,
}

/// Name of the column that counts the disks that lie.
const LYING: &str = "lying";

/// Cuts the power under every mode on every disk.
pub(super) fn print(page: &mut Page<'_>) -> anyhow::Result<()> {
    let mut stores: Vec<Vec<SqliteTrial>> = Vec::new();
    for trial in catalogue::sqlite_trials() {
        if !page.is_wanted(&trial.store) {
            continue;
        }
        match stores.last_mut() {
            Some(trials) if trials[0].store == trial.store => trials.push(trial),
            _ => stores.push(vec![trial]),
        }
    }
    let Some(first) = stores.first() else {
        return Ok(());
    };
    let about = "whether a power loss takes commits that had returned, in the model and in recordings from real file systems or by its documentation;\n  and the disks on which anything goes wrong when they lie";
    page.title("SQLite", about, &columns(&names(first)))?;
    for trials in &stores {
        page.row(&Mode {
            store: trials[0].store.clone(),
            measured: trials.iter().map(Measured::of).collect(),
        })?;
    }
    Ok(())
}

/// The disks that do not lie.
fn names(trials: &[SqliteTrial]) -> Vec<String> {
    let honest = trials.iter().filter(|trial| trial.is_honest());
    honest.map(SqliteTrial::disk).collect()
}

fn columns(disks: &[String]) -> Vec<String> {
    let names = disks.iter().cloned().chain([LYING.to_owned()]);
    names.map(|name| format!("{name:>5}")).collect()
}

impl Measured {
    fn of(trial: &SqliteTrial) -> Self {
        let verdict = trial.measure();
        Self {
            disk: trial.disk(),
            verdict,
            agrees: trial.agrees(verdict),
            known: known(&trial.answer),
        }
    }
}

fn known(answer: &SqliteAnswer) -> Option<String> {
    match answer {
        SqliteAnswer::Recorded(it) => {
            let (place, lost, damaged, images) = (&it.place, it.lost, it.damaged, it.images);
            Some(format!(
                "recorded on {place}: {lost} of {images} images lost a commit, {damaged} failed the check"
            ))
        }
        SqliteAnswer::Documented { loses } => {
            let word = if *loses { "may" } else { "must not" };
            Some(format!(
                "by its documentation a power loss {word} take commits"
            ))
        }
        SqliteAnswer::Lied => None,
    }
}

impl Row for Mode {
    fn ending(&self) -> Ending {
        if self.measured.is_empty() {
            Ending::Vacuous
        } else if self.measured.iter().all(|it| it.agrees) {
            Ending::Passed
        } else {
            Ending::Violated
        }
    }

    fn human(&self, verbose: bool) -> String {
        let honest = || self.measured.iter().filter(|it| it.known.is_some());
        let lying = || self.measured.iter().filter(|it| it.known.is_none());
        let disks: Vec<String> = honest().map(|it| it.disk.clone()).collect();
        let mut cells: Vec<String> = honest().map(|it| it.verdict.to_string()).collect();
        let wrong = lying().filter(|it| !it.verdict.is_clean()).count();
        cells.push(format!("{wrong}/{}", lying().count()));
        let mut text = page::line(&self.store, &cells, &columns(&disks), self.ending());
        for it in &self.measured {
            if !verbose && it.agrees {
                continue;
            }
            let known = match &it.known {
                Some(known) => known.as_str(),
                None => "something must go wrong where syncs lie",
            };
            let (disk, verdict) = (&it.disk, it.verdict);
            add(&mut text, &format!("      {disk}: {verdict}; {known}\n"));
        }
        text
    }

    fn jsonl(&self) -> String {
        let line = |it: &Measured| {
            jsonl::line(&Line {
                r#type: "calibration",
                section: Section::Sqlite.name(),
                sut: &self.store,
                disk: &it.disk,
                holds: it.agrees,
                verdict: it.verdict.to_string(),
                known: it.known.as_deref(),
            })
        };
        self.measured.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(disk: &str, loses: bool, agrees: bool, known: Option<&str>) -> Measured {
        Measured {
            disk: disk.to_owned(),
            verdict: SqliteVerdict {
                loses,
                damages: false,
                other: false,
            },
            agrees,
            known: known.map(str::to_owned),
        }
    }

    #[test]
    fn what_differs_from_the_recordings_is_shown_beside_them() {
        let recorded = "recorded on ext4: 98 of 246 images lost a commit, 0 failed the check";
        let mode = |agrees: bool| Mode {
            store: "sqlite-delete-full".to_owned(),
            measured: vec![
                measured("ext4-ordered", agrees, agrees, Some(recorded)),
                measured("ext4-ordered+lying", agrees, agrees, None),
            ],
        };
        assert_eq!(mode(true).ending(), Ending::Passed);
        assert_eq!(mode(false).ending(), Ending::Violated);
        let text = mode(true).human(false) + &mode(false).human(false);
        let text = anstream::adapter::strip_str(&text).to_string();
        insta::assert_snapshot!("calibrate_sqlite", text + &mode(true).jsonl());
    }
}
