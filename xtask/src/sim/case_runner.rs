//! One case, run as often as it takes to believe the result.

use std::time::Duration;

use plimsoll_sim::case::Case;
use plimsoll_sim::fingerprint::Fingerprint;
use plimsoll_sim::report::{CaseReport, Counters, Violation};

use crate::exit::Ending;
use crate::panics;
use crate::stopwatch::Stopwatch;

/// What explores a case: [`plimsoll_sim::explore::run`], or a stand-in in tests.
pub(crate) type Explore<'a> = dyn Fn(&Case) -> CaseReport + Sync + 'a;

/// Every how many cases, from the first, one is run twice: 5 % of them.
pub(crate) const RERUN_EVERY: usize = 20;

/// Which cases are run twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rerun {
    /// Those that did not pass.
    Failing,
    /// This one, whatever came of it.
    Always,
}

impl Rerun {
    /// How the case at this position of a run is treated.
    pub(crate) fn at(index: usize) -> Self {
        if index.is_multiple_of(RERUN_EVERY) {
            Self::Always
        } else {
            Self::Failing
        }
    }
}

/// What came of a case.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// How it ended.
    pub(crate) ending: Ending,
    /// What did not hold, expected or not.
    pub(crate) violations: Vec<Violation>,
    /// Why it ended so, where the violations do not say.
    pub(crate) reason: Option<String>,
    /// How much was looked at.
    pub(crate) counters: Counters,
    /// Hash of everything that happened.
    pub(crate) fingerprint: Fingerprint,
    /// How long the first run took.
    pub(crate) elapsed: Duration,
    /// Whether it was run twice.
    pub(crate) reran: bool,
}

/// Runs a case, and again where `rerun` says so. A second run that differs overrules whatever the first one found: a result that
/// cannot be had twice is no result.
pub(crate) fn run(explore: &Explore<'_>, case: &Case, rerun: Rerun) -> Outcome {
    let stopwatch = Stopwatch::start();
    let first = panics::catch(|| explore(case));
    let elapsed = stopwatch.elapsed();
    let mut outcome = match &first {
        Ok(report) => outcome_of(report, elapsed),
        Err(message) => bug(message.clone(), elapsed),
    };
    if rerun == Rerun::Always || outcome.ending != Ending::Passed {
        outcome.reran = true;
        match (first, panics::catch(|| explore(case))) {
            (Ok(first), Ok(second)) => {
                if let Some(difference) = difference(&first, &second) {
                    outcome.ending = Ending::Nondeterministic;
                    outcome.reason = Some(difference);
                }
            }
            // A harness that panics every other time is still, before all else, a harness that panics.
            (Ok(_), Err(message)) => outcome = bug(message, elapsed),
            (Err(_), _) => {}
        }
    }
    outcome
}

fn outcome_of(report: &CaseReport, elapsed: Duration) -> Outcome {
    Outcome {
        ending: report.verdict.into(),
        violations: report.violations.clone(),
        reason: report.reason.clone(),
        counters: report.counters,
        fingerprint: report.fingerprint,
        elapsed,
        reran: false,
    }
}

fn bug(message: String, elapsed: Duration) -> Outcome {
    Outcome {
        ending: Ending::HarnessBug,
        violations: Vec::new(),
        reason: Some(message),
        counters: Counters::default(),
        fingerprint: Fingerprint::default(),
        elapsed,
        reran: true,
    }
}

/// What tells two runs of one case apart; none when they are equal.
fn difference(first: &CaseReport, second: &CaseReport) -> Option<String> {
    if first == second {
        return None;
    }
    let (a, b) = (&first.counters, &second.counters);
    let number = |number: u64| number.to_string();
    let mut parts: Vec<String> = [
        (
            "verdict",
            first.verdict.to_string(),
            second.verdict.to_string(),
        ),
        (
            "crash points",
            number(a.crash_points),
            number(b.crash_points),
        ),
        (
            "states",
            number(a.states_generated),
            number(b.states_generated),
        ),
        (
            "distinct states",
            number(a.states_unique),
            number(b.states_unique),
        ),
        ("recoveries", number(a.recoveries), number(b.recoveries)),
        (
            "faults fired",
            number(a.faults_fired),
            number(b.faults_fired),
        ),
        (
            "fingerprint",
            first.fingerprint.to_string(),
            second.fingerprint.to_string(),
        ),
    ]
    .into_iter()
    .filter(|(_, first, second)| first != second)
    .map(|(what, first, second)| format!("{what} {first}, then {second}"))
    .collect();
    parts.extend(first_different_event(first, second));
    if parts.is_empty() {
        parts.push("the evidence of a violation".to_owned());
    }
    Some(format!(
        "two runs of the same case differed: {}",
        parts.join("; ")
    ))
}

/// The first line at which the traces of two runs part, where both found something.
fn first_different_event(first: &CaseReport, second: &CaseReport) -> Option<String> {
    let pairs = first.violations.iter().zip(&second.violations);
    for (a, b) in pairs {
        let (a, b) = (&a.witness.trace, &b.witness.trace);
        let index = (0..a.len().max(b.len())).find(|&index| a.get(index) != b.get(index));
        if let Some(index) = index {
            let event = |trace: &[String]| trace.get(index).map_or("nothing", |e| e).to_owned();
            return Some(format!(
                "event {} `{}`, then `{}`",
                index + 1,
                event(a),
                event(b)
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use plimsoll_sim::report::Verdict;

    use super::*;
    use crate::fixtures;

    /// Runs a case whose nth report is `report(n)`; says what came of it, and how many runs it took.
    fn check(rerun: Rerun, report: impl Fn(u64) -> CaseReport + Sync) -> (Outcome, u64) {
        let runs = AtomicU64::new(0);
        let explore = |_: &Case| report(runs.fetch_add(1, Ordering::Relaxed));
        let outcome = run(&explore, &fixtures::selected("x").case, rerun);
        (outcome, runs.load(Ordering::Relaxed))
    }

    #[test]
    fn what_passed_is_run_again_only_on_request() {
        let passed = |_| fixtures::report(Verdict::Passed, 1);
        let (outcome, runs) = check(Rerun::Failing, passed);
        assert_eq!((outcome.ending, runs), (Ending::Passed, 1));
        let (outcome, runs) = check(Rerun::Always, passed);
        assert_eq!((outcome.ending, runs), (Ending::Passed, 2));
    }

    #[test]
    fn what_failed_is_run_again_before_it_is_reported() {
        let (outcome, runs) = check(Rerun::Failing, |_| fixtures::report(Verdict::Missed, 1));
        assert_eq!((outcome.ending, runs), (Ending::Missed, 2));
    }

    #[test]
    fn a_second_run_that_differs_overrules_the_first() {
        for verdict in [Verdict::Passed, Verdict::Missed] {
            let (outcome, _) = check(Rerun::Always, |n| fixtures::report(verdict, n.into()));
            assert_eq!(outcome.ending, Ending::Nondeterministic);
            let reason = outcome.reason.expect("a difference has a name");
            assert!(reason.contains("fingerprint 00"), "{reason}");
        }
    }

    #[test]
    fn a_panic_is_a_bug_of_the_harness_whenever_it_comes() {
        for panics_at in [0, 1] {
            let (outcome, _) = check(Rerun::Always, |n| {
                assert_ne!(n, panics_at, "sprung a leak");
                fixtures::report(Verdict::Passed, 1)
            });
            assert_eq!(outcome.ending, Ending::HarnessBug);
            let reason = outcome.reason.expect("a panic has a message");
            assert!(reason.contains("sprung a leak"), "{reason}");
        }
    }

    #[test]
    fn five_percent_are_run_twice() {
        let always = (0..1_000)
            .filter(|&index| Rerun::at(index) == Rerun::Always)
            .count();
        assert_eq!(always, 50);
        assert_eq!(
            Rerun::at(0),
            Rerun::Always,
            "the smallest run checks itself too"
        );
    }
}
