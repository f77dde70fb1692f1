//! One JSON object a line. The fields are a promise to programs: they are added to, never changed.

use std::collections::BTreeMap;

use plimsoll_sim::case::Expect;
use plimsoll_sim::report::{Counters, Violation};
use plimsoll_sim::sites::Sites;
use serde::Serialize;

use crate::exit::Ending;
use crate::report::Finished;
use crate::report::groups::Group;
use crate::sim::tally::Summary;

/// Version of the format, in the last line.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct CaseLine<'a> {
    r#type: &'static str,
    id: &'a str,
    sut: &'a str,
    disk: String,
    expect: &'static str,
    verdict: &'static str,
    violations: Vec<ViolationLine<'a>>,
    seconds: f64,
    #[serde(flatten)]
    counters: CounterFields,
    fingerprint: String,
    /// Only where the case did not pass, and the violations do not say why.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    /// Only where the case did not pass.
    #[serde(skip_serializing_if = "Option::is_none")]
    reproduce: Option<String>,
}

#[derive(Serialize)]
struct CounterFields {
    crash_points: u64,
    states_generated: u64,
    states_unique: u64,
    recoveries: u64,
    faults_fired: u64,
    recoveries_writing: u64,
    states_by_kind: BTreeMap<&'static str, u64>,
    states_in_full: u64,
    faults_by_position: BTreeMap<&'static str, u64>,
    /// Only where a case is run on full disks.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    full_disks: BTreeMap<&'static str, u64>,
}

impl From<Counters> for CounterFields {
    fn from(counters: Counters) -> Self {
        Self {
            crash_points: counters.crash_points,
            states_generated: counters.states_generated,
            states_unique: counters.states_unique,
            recoveries: counters.recoveries,
            faults_fired: counters.faults_fired,
            recoveries_writing: counters.recoveries_writing,
            states_by_kind: counters
                .states_by_kind
                .iter()
                .map(|(kind, count)| (kind.name(), count))
                .collect(),
            states_in_full: counters.states_in_full,
            faults_by_position: BTreeMap::from([
                ("before", counters.faults.before),
                ("partial", counters.faults.partial),
                ("after", counters.faults.after),
                ("late", counters.faults.late),
                ("silent", counters.faults.silent),
            ]),
            full_disks: full_disks(counters),
        }
    }
}

fn full_disks(counters: Counters) -> BTreeMap<&'static str, u64> {
    let disks = counters.full_disks;
    if disks.sizes == 0 {
        return BTreeMap::new();
    }
    BTreeMap::from([
        ("sizes", disks.sizes),
        ("known", disks.known),
        ("runs", disks.runs),
        ("crashed", disks.crashed),
    ])
}

#[derive(Serialize)]
struct ViolationLine<'a> {
    oracle: &'static str,
    claim: &'static str,
    expected: bool,
    class: &'static str,
    profiles: &'a [String],
    sites: SitesLine<'a>,
    witness: WitnessLine<'a>,
}

#[derive(Serialize)]
struct SitesLine<'a> {
    lost: &'a str,
    crash: &'a str,
}

impl<'a> From<&'a Sites> for SitesLine<'a> {
    fn from(sites: &'a Sites) -> Self {
        Self {
            lost: &sites.lost,
            crash: &sites.crash,
        }
    }
}

#[derive(Serialize)]
struct GroupLine<'a> {
    oracle: &'static str,
    class: &'static str,
    sut: &'a str,
    sites: SitesLine<'a>,
    profiles: &'a [String],
    cases: u64,
    first: &'a str,
}

#[derive(Serialize)]
struct WitnessLine<'a> {
    commands: Vec<String>,
    plan: &'a str,
    trace: &'a [String],
    crash: &'a str,
    lost: &'a [String],
    image: &'a [String],
    expected: &'a str,
    found: &'a str,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct SummaryLine<'a> {
    r#type: &'static str,
    schema: u32,
    verdict: &'static str,
    cases: u64,
    passed: u64,
    failed: u64,
    #[serde(flatten)]
    counters: CounterFields,
    violations: u64,
    portability: u64,
    groups: Vec<GroupLine<'a>>,
    /// What the run should have met and did not.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    vacuous: &'a [String],
    seconds: f64,
    fingerprint: String,
}

/// A case.
pub(crate) fn case(finished: &Finished<'_>) -> String {
    let (case, outcome) = (&finished.selected.case, finished.outcome);
    let failed = outcome.ending != Ending::Passed;
    line(&CaseLine {
        r#type: "case",
        id: &case.id,
        sut: case.sut.name(),
        disk: case.disk.name(),
        expect: expect(&case.expect),
        verdict: outcome.ending.name(),
        violations: outcome.violations.iter().map(violation).collect(),
        seconds: milliseconds(outcome.elapsed.as_secs_f64()),
        counters: outcome.counters.into(),
        fingerprint: outcome.fingerprint.to_string(),
        reason: outcome.reason.as_deref().filter(|_| failed),
        reproduce: failed.then(|| finished.selected.reproduce()),
    })
}

/// The last line.
pub(crate) fn summary(summary: &Summary) -> String {
    line(&SummaryLine {
        r#type: "summary",
        schema: SCHEMA,
        verdict: summary.ending.name(),
        cases: summary.cases(),
        passed: summary.passed(),
        failed: summary.failed(),
        counters: summary.counters.into(),
        violations: summary.violations_unexpected,
        portability: summary.violations_portability,
        groups: summary.groups.iter().map(group).collect(),
        vacuous: &summary.vacuous,
        seconds: milliseconds(summary.elapsed.as_secs_f64()),
        fingerprint: summary.fingerprint.to_string(),
    })
}

/// What a case expects, in one word.
pub(crate) const fn expect(expect: &Expect) -> &'static str {
    match expect {
        Expect::Pass => "pass",
        Expect::Violation(_) => "violation",
        Expect::Portability(_) => "portability",
    }
}

/// An object and its end of line.
pub(crate) fn line(object: &impl Serialize) -> String {
    let mut line =
        serde_json::to_string(object).expect("every key is a string and every number finite");
    line.push('\n');
    line
}

/// Seconds without digits that mean nothing.
pub(crate) fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}

fn group(group: &Group) -> GroupLine<'_> {
    GroupLine {
        oracle: group.oracle.name(),
        class: group.class.name(),
        sut: &group.sut,
        sites: (&group.sites).into(),
        profiles: &group.profiles,
        cases: group.cases,
        first: &group.first,
    }
}

fn violation(violation: &Violation) -> ViolationLine<'_> {
    let witness = &violation.witness;
    ViolationLine {
        oracle: violation.oracle.name(),
        claim: violation.oracle.claim(),
        expected: violation.expected,
        class: violation.class.name(),
        profiles: &violation.profiles,
        sites: (&witness.sites).into(),
        witness: WitnessLine {
            commands: witness.commands.iter().map(ToString::to_string).collect(),
            plan: &witness.plan,
            trace: &witness.trace,
            crash: &witness.crash,
            lost: &witness.lost,
            image: &witness.image,
            expected: &witness.expected,
            found: &witness.found,
            help: witness.help.as_deref(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use crate::sim::case_runner::Outcome;

    fn case_line(outcome: &Outcome) -> String {
        let selected = fixtures::selected("torn-tail@posix-minimal");
        case(&Finished {
            selected: &selected,
            outcome,
            known: &[],
            position: 1,
            total: 1,
        })
    }

    #[test]
    fn a_case_is_one_line() {
        insta::assert_snapshot!("jsonl_passed", case_line(&fixtures::passed()));
        insta::assert_snapshot!("jsonl_violated", case_line(&fixtures::violated()));
        insta::assert_snapshot!("jsonl_limit", case_line(&fixtures::limited()));
    }

    #[test]
    fn the_summary_is_one_line() {
        insta::assert_snapshot!("jsonl_summary", summary(&fixtures::summary()));
        let line = summary(&fixtures::summary_portability());
        insta::assert_snapshot!("jsonl_summary_portability", line);
    }

    #[test]
    fn no_text_breaks_a_line() {
        let mut outcome = fixtures::limited();
        outcome.reason = Some("a \"quoted\"\nline\u{1b}[31m".to_owned());
        let text = case_line(&outcome);
        assert_eq!(text.matches('\n').count(), 1, "{text}");
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value["reason"], "a \"quoted\"\nline\u{1b}[31m");
    }
}
