//! The section on litmus tests.

use plimsoll_faults::litmus::{Score, catalogue, scores};
use serde::Serialize;

use super::page::{self, Page, Row, add};
use super::section::Section;
use crate::exit::Ending;
use crate::report::jsonl;

const COLUMNS: [&str; 4] = ["as listed", "not as listed", "not listed", "states"];

#[derive(Serialize)]
struct Line<'a> {
    r#type: &'static str,
    section: &'static str,
    disk: &'a str,
    holds: bool,
    as_listed: u64,
    not_as_listed: u64,
    not_listed: u64,
    states: u64,
    differences: &'a [String],
}

fn columns() -> Vec<String> {
    COLUMNS.map(str::to_owned).to_vec()
}

/// Runs every litmus test that ships.
pub(super) fn print(page: &mut Page<'_>) -> anyhow::Result<()> {
    let scores = scores(&catalogue()).map_err(|error| anyhow::anyhow!("{error}"))?;
    let mut scores = scores
        .iter()
        .filter(|score| page.is_wanted(&score.profile))
        .collect::<Vec<_>>()
        .into_iter()
        .peekable();
    if scores.peek().is_some() {
        let about = "what each disk allows small programs to leave behind, and whether that is exactly what is listed";
        page.title("Litmus", about, &columns())?;
    }
    for score in scores {
        page.row(score)?;
    }
    Ok(())
}

impl Row for Score {
    fn ending(&self) -> Ending {
        if self.not_as_listed > 0 || self.not_listed > 0 {
            Ending::Violated
        } else if self.holds() {
            Ending::Passed
        } else {
            Ending::Vacuous
        }
    }

    fn human(&self, _verbose: bool) -> String {
        let counts = [
            self.as_listed,
            self.not_as_listed,
            self.not_listed,
            self.states,
        ];
        let cells = counts.map(|count| count.to_string());
        let mut text = page::line(&self.profile, &cells, &columns(), self.ending());
        for difference in &self.differences {
            add(&mut text, &format!("      {difference}\n"));
        }
        text
    }

    fn jsonl(&self) -> String {
        jsonl::line(&Line {
            r#type: "calibration",
            section: Section::Litmus.name(),
            disk: &self.profile,
            holds: self.ending() == Ending::Passed,
            as_listed: self.as_listed,
            not_as_listed: self.not_as_listed,
            not_listed: self.not_listed,
            states: self.states,
            differences: &self.differences,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_differs_is_shown() {
        let good = Score {
            profile: "xfs".to_owned(),
            as_listed: 12,
            not_as_listed: 0,
            not_listed: 0,
            states: 48,
            differences: Vec::new(),
        };
        let bad = Score {
            not_as_listed: 1,
            not_listed: 3,
            differences: vec!["arvr-nosync at end: allowed and not listed: o = empty".to_owned()],
            ..good.clone()
        };
        let nothing = Score {
            profile: "xfs".to_owned(),
            ..Score::default()
        };
        let rows: [&dyn Row; 3] = [&good, &bad, &nothing];
        let text: String = rows.iter().map(|row| row.human(false)).collect();
        let text = anstream::adapter::strip_str(&text).to_string() + &bad.jsonl();
        insta::assert_snapshot!("calibrate_litmus", text);
    }
}
