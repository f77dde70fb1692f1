//! Text for people: nothing about what passed, everything about what did not, and the command to see it again last.

mod finding;
mod page;

use anstyle::Style;
use plimsoll_sim::class::Class;
use plimsoll_sim::report::Counters;

use self::finding::findings;
use self::page::{Add, Detail, labelled};
use crate::exit::Ending;
use crate::output::{BAD, GOOD, LABEL, WARN};
use crate::report::groups::Group;
use crate::report::{Finished, Plan};
use crate::sim::tally::Summary;
use crate::text::{counted, grouped};

/// What is about to be run.
pub(crate) fn plan(plan: &Plan<'_>) -> String {
    let mut text = format!(
        "{LABEL}{:>12}{LABEL:#} preset {} · seed {} · {}: {} of scenarios, {} of exploration ({} per mode and disk) · disks {}",
        "Sim",
        plan.preset,
        plan.seed,
        counted(
            (plan.scenario_cases + plan.exploration_cases) as u64,
            "case"
        ),
        grouped(plan.scenario_cases as u64),
        grouped(plan.exploration_cases as u64),
        counted(u64::from(plan.seeds), "seed"),
        plan.disks,
    );
    if let Some(states) = plan.budget {
        text.add(format_args!(
            " · at most {} a case",
            counted(states, "state")
        ));
    }
    text.add(format_args!(" · {}\n", counted(plan.jobs as u64, "job")));
    text
}

/// A case of a run: nothing when it passed, or found only what was found before.
pub(crate) fn case(finished: &Finished<'_>) -> String {
    if finished.outcome.ending == Ending::Passed || finished.is_known() {
        return String::new();
    }
    let mut text = title(finished);
    findings(&mut text, finished, Detail::Short);
    text.add(format_args!(
        "\n{LABEL}reproduce:{LABEL:#} {}\n\n",
        finished.selected.reproduce()
    ));
    text
}

/// The one case that was asked for: everything that is known of it, passed or not.
pub(crate) fn single(finished: &Finished<'_>) -> String {
    let outcome = finished.outcome;
    let mut text = title(finished);
    if let Some(title) = &finished.selected.title {
        labelled(&mut text, "Scenario", title);
    }
    labelled(&mut text, "Explored", &counters(&outcome.counters));
    let again = match outcome.ending {
        Ending::Nondeterministic => "run twice: different",
        _ => "run twice: identical",
    };
    labelled(
        &mut text,
        "Fingerprint",
        &format!("{} ({again})", outcome.fingerprint),
    );
    labelled(&mut text, "Verdict", outcome.ending.name());
    findings(&mut text, finished, Detail::Full);
    let reproduce = finished.selected.reproduce();
    text.add(format_args!("\n{LABEL}reproduce:{LABEL:#} {reproduce}\n"));
    text
}

/// The end of a run.
pub(crate) fn summary(summary: &Summary) -> String {
    let style = style(summary.ending);
    let mut text = format!(
        "{style}{:>12}{style:#} [{}] {}: {}",
        "Summary",
        seconds(summary.elapsed.as_secs_f64()),
        counted(summary.cases(), "case"),
        endings(summary),
    );
    if summary.violations_expected > 0 {
        let count = counted(summary.violations_expected, "violation");
        text.add(format_args!(" · {count} found as expected"));
    }
    if summary.violations_portability > 0 {
        let count = counted(summary.violations_portability, "finding");
        text.add(format_args!(" · {count} of portability"));
    }
    text.push('\n');
    labelled(&mut text, "Explored", &counters(&summary.counters));
    labelled(&mut text, "By kind", &kinds(&summary.counters));
    labelled(&mut text, "Faults", &faults(&summary.counters));
    if summary.counters.full_disks.sizes > 0 {
        labelled(&mut text, "Full disks", &full_disks(&summary.counters));
    }
    let again = if summary.ending == Ending::Nondeterministic {
        "NOT all identical"
    } else {
        "identical"
    };
    let again = match summary.reran {
        0 => "no case run twice".to_owned(),
        count => format!("{} run twice: {again}", counted(count, "case")),
    };
    labelled(
        &mut text,
        "Fingerprint",
        &format!("{} ({again})", summary.fingerprint),
    );
    labelled(&mut text, "Verdict", summary.ending.name());
    for reason in &summary.vacuous {
        labelled(&mut text, "Vacuous", reason);
    }
    for group in &summary.groups {
        text.add(format_args!("{}", self::group(group)));
    }
    match summary.ending {
        Ending::Passed | Ending::Portability => labelled(
            &mut text,
            "Next",
            "cargo xtask sim --preset=nightly --seed=$(git rev-parse HEAD) · cargo xtask sim calibrate · cargo xtask sim list",
        ),
        Ending::Interrupted => {
            let left = summary.selected - summary.cases();
            let note = format!(
                "{} of {} cases were not run",
                grouped(left),
                grouped(summary.selected)
            );
            labelled(&mut text, "Interrupted", &note);
        }
        _ => {}
    }
    for line in &summary.reproduce {
        text.add(format_args!("{LABEL}reproduce:{LABEL:#} {line}\n"));
    }
    text
}

const fn style(ending: Ending) -> Style {
    match ending {
        Ending::Passed => GOOD,
        Ending::Portability => WARN,
        _ => BAD,
    }
}

/// Violations that are one, on one line.
fn group(group: &Group) -> String {
    let (style, word) = match group.class {
        Class::Bug => (BAD, "error"),
        Class::Portability => (WARN, "portability"),
    };
    format!(
        "{style}{word}[{}]{style:#}: {}: {} · on {} · {}, first {}\n",
        group.oracle,
        group.sut,
        group.sites,
        group.profiles.join(", "),
        counted(group.cases, "case"),
        group.first,
    )
}

/// `VIOLATED [   2.1s] ( 417/1016) id`
fn title(finished: &Finished<'_>) -> String {
    let outcome = finished.outcome;
    let style = style(outcome.ending);
    let width = finished.total.to_string().len();
    format!(
        "{style}{:>12}{style:#} [{}] ({:>width$}/{}) {}\n",
        outcome.ending.name().to_uppercase(),
        seconds(outcome.elapsed.as_secs_f64()),
        finished.position,
        finished.total,
        finished.selected.case.id,
    )
}

fn endings(summary: &Summary) -> String {
    let parts: Vec<String> = summary
        .endings
        .iter()
        .map(|(ending, count)| format!("{} {}", grouped(*count), ending.name()))
        .collect();
    if parts.is_empty() {
        "none run".to_owned()
    } else {
        parts.join(", ")
    }
}

fn counters(counters: &Counters) -> String {
    format!(
        "{} · {} ({} distinct) · {} ({} of them writing) · {} fired",
        counted(counters.crash_points, "crash point"),
        counted(counters.states_generated, "crash state"),
        grouped(counters.states_unique),
        plural(counters.recoveries, "recovery", "recoveries"),
        grouped(counters.recoveries_writing),
        counted(counters.faults_fired, "fault"),
    )
}

/// The states by the kind of their first crash, and what is left of them.
fn kinds(counters: &Counters) -> String {
    let mut nested = counters.states_generated;
    let mut parts: Vec<String> = Vec::new();
    for (kind, count) in counters
        .states_by_kind
        .iter()
        .filter(|(_, count)| *count > 0)
    {
        nested = nested.saturating_sub(count);
        parts.push(format!("{kind} {}", grouped(count)));
    }
    parts.push(format!("during recovery {}", grouped(nested)));
    parts.push(format!(
        "{} where every legal state was looked at",
        grouped(counters.states_in_full)
    ));
    parts.join(" · ")
}

/// The sizes of disk on which something does not fit, and how many of them were looked at.
fn full_disks(counters: &Counters) -> String {
    let disks = &counters.full_disks;
    format!(
        "{} of {} · {}, {} of them crashed",
        grouped(disks.known),
        counted(disks.sizes, "size"),
        counted(disks.runs, "run"),
        grouped(disks.crashed),
    )
}

/// The faults that took effect, by what they did.
fn faults(counters: &Counters) -> String {
    let faults = &counters.faults;
    format!(
        "{} before the effect · {} half-way · {} after it · {} told late · {} without an error",
        grouped(faults.before),
        grouped(faults.partial),
        grouped(faults.after),
        grouped(faults.late),
        grouped(faults.silent)
    )
}

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:>7.1}s")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use crate::sim::case_runner::Outcome;

    /// What a pipe would get: the same text without colours.
    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    fn finished<T>(outcome: &Outcome, print: impl Fn(&Finished<'_>) -> T) -> T {
        let selected = fixtures::selected("torn-tail@posix-minimal");
        print(&Finished {
            selected: &selected,
            outcome,
            known: &vec![false; outcome.violations.len()],
            position: 17,
            total: 1_016,
        })
    }

    #[test]
    fn what_passed_is_not_worth_a_line() {
        assert_eq!(finished(&fixtures::passed(), case), "");
    }

    #[test]
    fn failures_end_with_how_to_see_them_again() {
        for (name, outcome) in [
            ("human_violated", fixtures::violated()),
            ("human_portability", fixtures::portability()),
            ("human_limit", fixtures::limited()),
            ("human_missed", fixtures::missed()),
            ("human_harness_bug", fixtures::panicked()),
        ] {
            let text = plain(&finished(&outcome, case));
            let last = text.trim_end().lines().next_back().unwrap_or_default();
            assert!(
                last.starts_with("reproduce: cargo xtask sim repro "),
                "{text}"
            );
            insta::assert_snapshot!(name, text);
        }
    }

    #[test]
    fn what_was_found_before_is_not_shown_again() {
        let outcome = fixtures::violated();
        let selected = fixtures::selected("torn-tail@posix-minimal");
        let known = |known: &[bool]| {
            case(&Finished {
                selected: &selected,
                outcome: &outcome,
                known,
                position: 1,
                total: 1,
            })
        };
        assert_eq!(known(&[true, false]), "", "the second was expected");
        assert!(known(&[false, false]).contains("D1"));
    }

    #[test]
    fn a_single_case_is_shown_in_full() {
        let text = plain(&finished(&fixtures::violated(), single));
        insta::assert_snapshot!("human_single", text);
        assert!(!text.contains("earlier"), "nothing is left out: {text}");
    }

    #[test]
    fn the_summary_teaches_the_next_command() {
        insta::assert_snapshot!(
            "human_summary_passed",
            plain(&summary(&fixtures::summary()))
        );
        insta::assert_snapshot!(
            "human_summary_violated",
            plain(&summary(&fixtures::summary_violated()))
        );
        insta::assert_snapshot!(
            "human_summary_portability",
            plain(&summary(&fixtures::summary_portability()))
        );
        insta::assert_snapshot!(
            "human_summary_vacuous",
            plain(&summary(&fixtures::summary_vacuous()))
        );
    }

    #[test]
    fn the_plan_says_what_decides_the_run() {
        let text = plan(&Plan {
            preset: "pr",
            scenario_cases: 40,
            exploration_cases: 976,
            seed: "0x5eed".to_owned(),
            seeds: 12,
            disks: "all",
            budget: Some(10_000),
            jobs: 2,
        });
        insta::assert_snapshot!("human_plan", plain(&text));
    }
}
