//! What came of litmus tests, for people.

use std::fmt::Write;

use plimsoll_faults::litmus::{Finding, Heading, Subject, Verdict};

use super::selection::Source;
use super::tally::Tally;
use crate::output::{BAD, GOOD, LABEL};
use crate::text::counted;

/// One test: where a disk differs from what is listed, and everything it allows where nothing is listed or `all` is asked for.
pub(crate) fn case(source: &Source, verdict: &Verdict, all: bool) -> String {
    let shown = |finding: &&Finding| all || !finding.agrees() || finding.listed.is_none();
    let findings: Vec<&Finding> = verdict.findings.iter().filter(shown).collect();
    let mut text = String::new();
    if findings.is_empty() {
        return text;
    }
    let program = &source.case.program;
    line(
        &mut text,
        &format!("{LABEL}{}{LABEL:#}: {}", program.name, program.why),
    );
    line(&mut text, &format!("  --> {}", source.path));
    for (index, step) in program.steps.iter().enumerate() {
        line(&mut text, &format!("  {:>4}  {step}", index + 1));
    }
    for alike in alike(findings) {
        let finding = alike[0];
        line(&mut text, &heading(source, &alike));
        for state in finding.allowed() {
            let is_listed =
                finding.listed.is_none() || finding.unlisted().all(|other| other != state);
            let note = if is_listed {
                ""
            } else {
                "    <- allowed and not listed"
            };
            line(&mut text, &format!("    {state}{note}"));
        }
        for state in finding.missing() {
            line(
                &mut text,
                &format!("    {state}    <- listed and not allowed"),
            );
        }
    }
    text.push('\n');
    text
}

/// Findings of which the same is to be said, in the order of the first of each kind.
fn alike(findings: Vec<&Finding>) -> Vec<Vec<&Finding>> {
    let mut groups: Vec<Vec<&Finding>> = Vec::new();
    for finding in findings {
        let is_like = |group: &&mut Vec<&Finding>| {
            let first = group[0];
            (first.point, &first.allowed, &first.listed)
                == (finding.point, &finding.allowed, &finding.listed)
        };
        match groups.iter_mut().find(is_like) {
            Some(group) => group.push(finding),
            None => groups.push(vec![finding]),
        }
    }
    groups
}

fn heading(source: &Source, alike: &[&Finding]) -> String {
    let finding = alike[0];
    let program = &source.case.program;
    let subject = |one: &&Finding| (one.profile.clone(), one.kind);
    let subjects: Vec<Subject> = alike.iter().map(subject).collect();
    let headings = Heading::of(program, &subjects);
    let on: Vec<String> = headings.iter().map(Heading::to_string).collect();
    let point = source.case.describe(finding.point);
    let count = counted(finding.allowed.len() as u64, "state");
    let end = match (&finding.listed, finding.agrees()) {
        (None, _) => format!("{LABEL}not listed{LABEL:#}"),
        (Some(_), true) => format!("{GOOD}as listed{GOOD:#}"),
        (Some(_), false) => format!("{BAD}not as listed{BAD:#}"),
    };
    format!("  crash {point} on {}: {count}, {end}", on.join("; "))
}

/// The last line.
pub(crate) fn summary(tally: &Tally) -> String {
    let mut text = format!(
        "{LABEL}{:>12}{LABEL:#} {} on {}: {} as listed, {} not as listed, {} not listed; {}\n",
        "Litmus",
        counted(tally.cases, "case"),
        counted(tally.disks, "disk"),
        counted(tally.agreed, "list"),
        tally.differed,
        tally.unlisted,
        counted(tally.states, "state"),
    );
    if tally.lacking > 0 {
        line(
            &mut text,
            "  A test that ships lists every disk that ships, after every kind of crash: add the lists that are not there.",
        );
    }
    if tally.differed > 0 {
        line(
            &mut text,
            "  A list names every state that the disk allows: change the list, or the profile.",
        );
    }
    text
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a String takes everything");
}
