//! What was found in a case: the oracle, the evidence, and whose it is.

use anstyle::Style;
use plimsoll_sim::case::Expect;
use plimsoll_sim::class::Class;
use plimsoll_sim::oracle::Oracle;
use plimsoll_sim::report::{Violation, Witness};

use super::page::{Add, Detail, bullets, field, indented, trace};
use crate::exit::Ending;
use crate::output::{BAD, FAINT, GOOD, LABEL, WARN};
use crate::report::Finished;
use crate::text::counted;

/// What was found, or why there is nothing to show.
pub(super) fn findings(text: &mut String, finished: &Finished<'_>, detail: Detail) {
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
        (None, Expect::Violation(oracles) | Expect::Portability(oracles))
            if outcome.ending == Ending::Missed =>
        {
            missed(text, oracles);
        }
        // The violations below say it all.
        (None, _) => {}
    }
    for (one, &is_known) in outcome.violations.iter().zip(finished.known) {
        // In a run, what was expected is no news, nor is what was there before.
        if detail == Detail::Full || !(one.expected || is_known) {
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
    let (style, word) = severity(violation, finished.outcome.ending);
    text.add(format_args!(
        "\n{style}{word}[{oracle}]{style:#}: {}\n",
        oracle.claim()
    ));
    text.add(format_args!(
        "  {LABEL}-->{LABEL:#} {} on {}, {}\n",
        case.sut.name(),
        case.disk.name(),
        shrunk(witness)
    ));
    reached(text, finished, violation);
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

/// What the headline says of a violation. Where portability was denied, the run ends as with a bug, and the word says both.
fn severity(violation: &Violation, ending: Ending) -> (Style, &'static str) {
    match (violation.expected, violation.class) {
        (true, _) => (GOOD, "expected"),
        (false, Class::Bug) => (BAD, "error"),
        (false, Class::Portability) if ending == Ending::Violated => (BAD, "portability"),
        (false, Class::Portability) => (WARN, "portability"),
    }
}

/// The other disks that reach a violation, and the targets where none of them does.
fn reached(text: &mut String, finished: &Finished<'_>, violation: &Violation) {
    let case = &finished.selected.case;
    let own = case.disk.name();
    let others: Vec<&str> = violation
        .profiles
        .iter()
        .map(String::as_str)
        .filter(|name| *name != own)
        .collect();
    if !others.is_empty() {
        field(text, "also on", &others.join(", "));
    }
    if violation.class == Class::Portability {
        let targets: Vec<String> = case.targets.iter().map(|disk| disk.name()).collect();
        field(text, "on no target", &targets.join(", "));
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

/// The steps, numbered as the trace refers to them.
fn steps(text: &mut String, witness: &Witness) {
    text.add(format_args!("  {LABEL}steps:{LABEL:#}\n"));
    for (index, command) in witness.commands.iter().enumerate() {
        let number = format!("#{}", index + 1);
        text.add(format_args!("  {FAINT}{number:>5}{FAINT:#} {command}\n"));
    }
}
