//! Text for people: nothing about what passed, everything about what did not, and the command to see it again last.

use std::fmt::{self, Write};

use plimsoll_sim::case::Expect;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::{Counters, Violation, Witness};

use crate::exit::Ending;
use crate::output::{BAD, FAINT, GOOD, LABEL};
use crate::report::{Finished, Plan};
use crate::sim::tally::Summary;
use crate::text::{counted, grouped};

/// Lines of a trace, or of a list of files, that a run shows; `repro` shows all.
const LINES_MAX: usize = 30;

/// How much of a witness is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// The last lines of each list.
    Short,
    /// Everything.
    Full,
}

/// What is about to be run.
pub(crate) fn plan(plan: &Plan<'_>) -> String {
    let mut text = format!(
        "{LABEL}{:>12}{LABEL:#} seed {} · {}: {} of scenarios, {} of exploration ({} per mode and disk) · disks {}",
        "Sim",
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

/// A case of a run: nothing when it passed.
pub(crate) fn case(finished: &Finished<'_>) -> String {
    if finished.outcome.ending == Ending::Passed {
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
    let style = if summary.ending == Ending::Passed {
        GOOD
    } else {
        BAD
    };
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
    text.push('\n');
    labelled(&mut text, "Explored", &counters(&summary.counters));
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
    match summary.ending {
        Ending::Passed => labelled(
            &mut text,
            "Next",
            "cargo xtask sim --seeds=100 --seed=$(git rev-parse HEAD) · cargo xtask sim list",
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

/// `VIOLATED [   2.1s] ( 417/1016) id`
fn title(finished: &Finished<'_>) -> String {
    let outcome = finished.outcome;
    let style = if outcome.ending == Ending::Passed {
        GOOD
    } else {
        BAD
    };
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

/// What was found, or why there is nothing to show.
fn findings(text: &mut String, finished: &Finished<'_>, detail: Detail) {
    let outcome = finished.outcome;
    let name = outcome.ending.name();
    match (&outcome.reason, &finished.selected.case.expect) {
        _ if outcome.ending == Ending::Passed => {}
        (Some(reason), _) => {
            text.add(format_args!(
                "\n{BAD}error[{name}]{BAD:#}: {}\n",
                indented(reason)
            ));
        }
        (None, Expect::Violation(oracles)) if outcome.ending == Ending::Missed => {
            missed(text, oracles);
        }
        // The violations below say it all.
        (None, _) => {}
    }
    for one in &outcome.violations {
        // In a run, what was expected is no news.
        if detail == Detail::Full || !one.expected {
            violation(text, finished, one, detail);
        }
    }
}

fn missed(text: &mut String, oracles: &[Oracle]) {
    text.add(format_args!(
        "\n{BAD}error[missed]{BAD:#}: an expected violation did not appear\n"
    ));
    let names: Vec<&str> = oracles.iter().map(|oracle| oracle.name()).collect();
    field(
        text,
        "expected",
        &format!("a violation of {}", names.join(" or ")),
    );
    field(text, "found", "none of them");
}

/// Verdict and code, claim, steps, trace, expected and found, what was left and what was lost, help.
fn violation(text: &mut String, finished: &Finished<'_>, violation: &Violation, detail: Detail) {
    let case = &finished.selected.case;
    let witness = &violation.witness;
    let oracle = violation.oracle;
    if violation.expected {
        text.add(format_args!(
            "\n{GOOD}expected[{oracle}]{GOOD:#}: {}\n",
            oracle.claim()
        ));
    } else {
        text.add(format_args!(
            "\n{BAD}error[{oracle}]{BAD:#}: {}\n",
            oracle.claim()
        ));
    }
    text.add(format_args!(
        "  {LABEL}-->{LABEL:#} {} on {}, {}\n",
        case.sut.name(),
        case.disk.name(),
        shrunk(witness)
    ));
    steps(text, witness);
    if !witness.plan.is_empty() {
        field(text, "faults", &witness.plan);
    }
    trace(text, &witness.trace, detail);
    field(text, "crash", &witness.crash);
    field(text, "expected", &witness.expected);
    field(text, "found", &witness.found);
    bullets(text, "left on the disk", &witness.image, detail);
    bullets(
        text,
        "why: these had not reached the disk",
        &witness.lost,
        detail,
    );
    if let Some(help) = &witness.help {
        field(text, "help", help);
    }
}

fn shrunk(witness: &Witness) -> String {
    let steps = counted(witness.commands.len() as u64, "step");
    if witness.commands_before > witness.commands.len() {
        format!("{steps} (from {})", witness.commands_before)
    } else {
        steps
    }
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

fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:>7.1}s")
}

/// A line of the frame around the findings.
fn labelled(text: &mut String, label: &str, value: &str) {
    text.add(format_args!("{LABEL}{label:>12}{LABEL:#} {value}\n"));
}

/// `name: value`, with later lines of the value below its first.
fn field(text: &mut String, name: &str, value: &str) {
    text.add(format_args!(
        "  {LABEL}{name}:{LABEL:#} {}\n",
        indented(value)
    ));
}

fn indented(value: &str) -> String {
    value.trim_end().replace('\n', "\n      ")
}

/// The steps, numbered as the trace refers to them.
fn steps(text: &mut String, witness: &Witness) {
    text.add(format_args!("  {LABEL}steps:{LABEL:#}\n"));
    for (index, command) in witness.commands.iter().enumerate() {
        let number = format!("#{}", index + 1);
        text.add(format_args!("  {FAINT}{number:>5}{FAINT:#} {command}\n"));
    }
}

/// The trace, whose lines have numbers of their own; what leads up to its end is what matters.
fn trace(text: &mut String, lines: &[String], detail: Detail) {
    text.add(format_args!("  {LABEL}trace:{LABEL:#}\n"));
    let skipped = skipped(lines, detail);
    if skipped > 0 {
        let count = grouped(skipped as u64);
        text.add(format_args!("      {FAINT}… {count} earlier{FAINT:#}\n"));
    }
    for line in &lines[skipped..] {
        text.add(format_args!("      {}\n", indented(line)));
    }
}

/// A list; nothing at all when there are none.
fn bullets(text: &mut String, name: &str, lines: &[String], detail: Detail) {
    if lines.is_empty() {
        return;
    }
    text.add(format_args!("  {LABEL}{name}:{LABEL:#}\n"));
    let skipped = skipped(lines, detail);
    for line in &lines[..lines.len() - skipped] {
        text.add(format_args!("      {}\n", indented(line)));
    }
    if skipped > 0 {
        text.add(format_args!(
            "      {FAINT}… {} more{FAINT:#}\n",
            grouped(skipped as u64)
        ));
    }
}

fn skipped(lines: &[String], detail: Detail) -> usize {
    match detail {
        Detail::Short => lines.len().saturating_sub(LINES_MAX),
        Detail::Full => 0,
    }
}

/// Formatting into a `String` cannot fail, and saying so at every line would hide the lines.
trait Add {
    fn add(&mut self, arguments: fmt::Arguments<'_>);
}

impl Add for String {
    fn add(&mut self, arguments: fmt::Arguments<'_>) {
        self.write_fmt(arguments)
            .expect("a String takes everything");
    }
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
    }

    #[test]
    fn the_plan_says_what_decides_the_run() {
        let text = plan(&Plan {
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
