//! What came of litmus tests, one JSON object a line.

use plimsoll_faults::litmus::{Finding, Verdict};
use serde::Serialize;

use super::selection::Source;
use super::tally::Tally;
use crate::report::jsonl;

/// Version of the format, in the last line.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct FindingLine<'a> {
    r#type: &'static str,
    case: &'a str,
    path: &'a str,
    /// Steps that had returned.
    after: usize,
    crash: &'static str,
    disk: &'a str,
    /// `as-listed`, `not-as-listed` or `not-listed`.
    verdict: &'static str,
    allowed: Vec<&'a str>,
    unlisted: Vec<&'a str>,
    missing: Vec<&'a str>,
}

#[derive(Serialize)]
struct SummaryLine {
    r#type: &'static str,
    schema: u32,
    verdict: &'static str,
    cases: u64,
    disks: u64,
    as_listed: u64,
    not_as_listed: u64,
    not_listed: u64,
    states: u64,
}

/// One test: a line for each disk at each crash point.
pub(crate) fn case(source: &Source, verdict: &Verdict) -> String {
    verdict
        .findings
        .iter()
        .map(|one| finding(source, one))
        .collect()
}

fn finding(source: &Source, finding: &Finding) -> String {
    jsonl::line(&FindingLine {
        r#type: "litmus",
        case: &source.case.program.name,
        path: &source.path,
        after: finding.point.after,
        crash: finding.kind.name(),
        disk: &finding.profile,
        verdict: match (&finding.listed, finding.agrees()) {
            (None, _) => "not-listed",
            (Some(_), true) => "as-listed",
            (Some(_), false) => "not-as-listed",
        },
        allowed: finding.allowed().collect(),
        unlisted: finding.unlisted().collect(),
        missing: finding.missing().collect(),
    })
}

/// The last line.
pub(crate) fn summary(tally: &Tally) -> String {
    jsonl::line(&SummaryLine {
        r#type: "summary",
        schema: SCHEMA,
        verdict: tally.ending().name(),
        cases: tally.cases,
        disks: tally.disks,
        as_listed: tally.agreed,
        not_as_listed: tally.differed,
        not_listed: tally.unlisted,
        states: tally.states,
    })
}
