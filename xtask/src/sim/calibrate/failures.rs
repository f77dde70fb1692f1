//! The section on syncs that fail.

use plimsoll_faults::fsync_failure::FsyncFailure;
use plimsoll_sim::calibrate::Answer;
use plimsoll_sim::calibrate::fsync_failures::{Caught, Trial};
use serde::Serialize;

use super::page::{self, Page, Row, add};
use super::section::Section;
use crate::catalogue;
use crate::exit::Ending;
use crate::output::{BAD, FAINT};
use crate::report::jsonl;

/// A store under every model.
struct Store {
    name: String,
    trials: Vec<Trial>,
}

#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    section: &'static str,
    sut: &'a str,
    model: &'static str,
    holds: bool,
    expected: &'static str,
    runs: usize,
    caught: usize,
    /// Where no store can know: the runs in which something is lost when the store is held to what it acknowledged.
    caught_as_lying: usize,
    vacuous: usize,
    first: Option<String>,
}

fn columns() -> Vec<String> {
    let models = FsyncFailure::ALL.iter().map(|model| model.name());
    let models = models.map(|name| format!("{name:>5}"));
    [format!("{:>5}", "runs")]
        .into_iter()
        .chain(models)
        .collect()
}

/// Lets every sync of these stores fail.
pub(super) fn print(page: &mut Page<'_>) -> anyhow::Result<()> {
    let subjects: Vec<_> = catalogue::fsync_failure_subjects()
        .into_iter()
        .filter(|subject| page.is_wanted(subject.case.sut.name()))
        .collect();
    if !subjects.is_empty() {
        let about = "each sync fails in turn in each way; the runs in which a store is caught, and in brackets,\n  where no store can know, those in which it loses something as on a lying disk";
        page.title("Failed syncs", about, &columns())?;
    }
    for subject in subjects {
        page.row(&Store {
            name: subject.case.sut.name().to_owned(),
            trials: subject.trials(),
        })?;
    }
    Ok(())
}

impl Row for Store {
    fn ending(&self) -> Ending {
        let is_vacuous = |trial: &Trial| trial.runs == 0 || !trial.vacuous.is_empty();
        if self
            .trials
            .iter()
            .any(|trial| !is_vacuous(trial) && !trial.holds())
        {
            Ending::Violated
        } else if self.trials.is_empty() || self.trials.iter().any(is_vacuous) {
            Ending::Vacuous
        } else {
            Ending::Passed
        }
    }

    fn human(&self, verbose: bool) -> String {
        let runs = self.trials.iter().map(|trial| trial.runs).max();
        let mut cells = vec![runs.unwrap_or(0).to_string()];
        cells.extend(self.trials.iter().map(|trial| match trial.expected {
            Answer::Unknowable => format!("({})", trial.lying.len()),
            _ => trial.caught.len().to_string(),
        }));
        let mut text = page::line(&self.name, &cells, &columns(), self.ending());
        for trial in &self.trials {
            if verbose || !trial.holds() {
                details(&mut text, trial);
            }
        }
        text
    }

    fn jsonl(&self) -> String {
        let line = |trial: &Trial| {
            jsonl::line(&Line {
                r#type: "calibration",
                section: Section::FsyncFailures.name(),
                sut: &self.name,
                model: trial.model.name(),
                holds: trial.holds(),
                expected: trial.expected.name(),
                runs: trial.runs,
                caught: trial.caught.len(),
                caught_as_lying: trial.lying.len(),
                vacuous: trial.vacuous.len(),
                first: first(trial).map(said),
            })
        };
        self.trials.iter().map(line).collect()
    }
}

fn first(trial: &Trial) -> Option<&Caught> {
    trial.caught.first().or_else(|| trial.lying.first())
}

fn said(caught: &Caught) -> String {
    format!("{} on {}: {}", caught.plan, caught.disk, caught.oracle)
}

fn details(text: &mut String, trial: &Trial) {
    let style = if trial.holds() { FAINT } else { BAD };
    let (model, expected) = (trial.model, trial.expected);
    let (caught, runs) = (trial.caught.len(), trial.runs);
    add(
        text,
        &format!(
            "      {style}{model}{style:#}: caught in {caught} of {runs} runs; expected: {expected}\n"
        ),
    );
    if let Some(caught) = first(trial) {
        add(text, &format!("        {}\n", said(caught)));
    }
    for (plan, disk) in &trial.vacuous {
        add(
            text,
            &format!("        never took effect: {plan} on {disk}\n"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(model: FsyncFailure, expected: Answer, caught: usize, lying: usize) -> Trial {
        let one = Caught {
            plan: "sync #2 EIO F1".parse().expect("a plan"),
            disk: "xfs".to_owned(),
            oracle: plimsoll_sim::oracle::Oracle::F1,
        };
        Trial {
            store: "paper".to_owned(),
            model,
            runs: 16,
            caught: vec![one.clone(); caught],
            lying: vec![one; lying],
            vacuous: Vec::new(),
            expected,
        }
    }

    fn store(first: Trial) -> Store {
        let mut trials = vec![first];
        for &model in &FsyncFailure::ALL[1..] {
            trials.push(match model {
                FsyncFailure::F6 => trial(model, Answer::Unknowable, 0, 7),
                _ => trial(model, Answer::Clean, 0, 0),
            });
        }
        Store {
            name: "paper".to_owned(),
            trials,
        }
    }

    #[test]
    fn what_is_caught_and_what_is_missed_is_shown_by_model() {
        let caught = |count| store(trial(FsyncFailure::F1, Answer::Caught, count, 0));
        let (good, bad) = (caught(9), caught(0));
        let mut vacuous = caught(9);
        let plan = "sync #3 EIO F1".parse().expect("a plan");
        vacuous.trials[0].vacuous.push((plan, "xfs".to_owned()));
        assert_eq!(good.ending(), Ending::Passed);
        assert_eq!(bad.ending(), Ending::Violated);
        assert_eq!(vacuous.ending(), Ending::Vacuous);
        let text: String = [&good, &bad, &vacuous]
            .iter()
            .map(|row| row.human(false))
            .collect();
        let text = page::heading("Failed syncs", "about", &columns()) + &text;
        let text = anstream::adapter::strip_str(&text).to_string();
        insta::assert_snapshot!("calibrate_failures", text + &good.jsonl());
    }
}
