//! A litmus file with the states that were found in place of those it lists.

use plimsoll_faults::litmus::{Case, Verdict};

/// The text, with everything but the lists as it is.
pub(crate) fn with_found(text: &str, case: &Case, verdict: &Verdict) -> String {
    let old: Vec<&str> = text.lines().collect();
    let mut new = String::new();
    let mut next = 0;
    for section in &case.sections {
        for line in &old[next..section.lines.start] {
            new.push_str(&format!("{line}\n"));
        }
        next = section.lines.end;
        let found = verdict.findings.iter().find(|finding| {
            (finding.point, finding.kind) == (section.point, section.kind)
                && finding.profile == section.profile
        });
        for state in found.expect("every profile that is listed ships").allowed() {
            new.push_str(&format!("  {state}\n"));
        }
    }
    for line in &old[next..] {
        new.push_str(&format!("{line}\n"));
    }
    new
}
