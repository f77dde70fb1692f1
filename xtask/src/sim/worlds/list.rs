//! `cargo xtask sim worlds --list`: what there is to run.

use std::fmt::Write;

use serde_json::json;

use super::selection::SelectedWorlds;
use crate::output::LABEL;
use crate::sim::options::Format;

/// A line for each case.
pub(super) fn text(cases: &[SelectedWorlds], format: Format) -> String {
    let widths = cases.iter().map(|one| one.case.id.chars().count());
    let width = widths.max().unwrap_or(0);
    let mut text = String::new();
    for one in cases {
        let (case, title) = (&one.case, &one.title);
        let [expected, beside] = [&case.expected, &case.beside].map(|oracles| {
            oracles
                .iter()
                .map(|oracle| oracle.name())
                .collect::<Vec<_>>()
        });
        let verdict = if expected.is_empty() {
            "pass"
        } else {
            "violation"
        };
        let written = match format {
            Format::Human => writeln!(
                text,
                "{:width$}  {LABEL}{verdict:<9}{LABEL:#}  {title}",
                case.id
            ),
            Format::Jsonl => {
                let disturbances = case.shape.families.iter().map(|family| family.name());
                let object = json!({
                    "kind": "world-listed", "id": case.id, "system": case.ground.system.name(), "disk": case.ground.profile.name,
                    "expect": verdict, "oracles": expected, "beside": beside, "disturbances": disturbances.collect::<Vec<_>>(), "seeds": case.seeds,
                    "sweep": case.sweep_every, "title": title,
                });
                writeln!(text, "{object}")
            }
        };
        written.expect("a String takes everything");
    }
    text
}
