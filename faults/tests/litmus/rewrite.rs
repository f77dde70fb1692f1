//! A litmus file with the states that were found in place of those it lists.

use plimsoll_faults::litmus::{Case, CrashPoint, Finding, Heading, States, Subject, Verdict};

/// A list of a file: what stands before its heading, and what it names.
struct List<'a> {
    comment: &'a [&'a str],
    subjects: Vec<Subject>,
    states: States,
}

/// The text, with everything but the lists as it is. What nobody has listed joins an equal list, or gets one at the end; lists
/// that are equal and have no comment of their own become one; a list whose disks differ becomes several.
pub(crate) fn with_found(text: &str, case: &Case, verdict: &Verdict) -> String {
    let old: Vec<&str> = text.lines().collect();
    let mut new = String::new();
    let mut next = 0;
    for point in case.points() {
        let lists = lists(&old, case, verdict, point);
        let sections = case.sections.iter().filter(|it| it.point == point);
        let first = sections.clone().map(|it| it.headings.start).min();
        let last = sections.map(|it| it.lines.end).max();
        let (first, last) = (
            first.expect("a point has a list"),
            last.expect("a point has a list"),
        );
        // What stands before the first list belongs to it.
        let head = first - lists.first().map_or(0, |list| list.comment.len());
        for line in &old[next..head] {
            new.push_str(&format!("{line}\n"));
        }
        next = last;
        for list in lists {
            for line in list.comment {
                new.push_str(&format!("{line}\n"));
            }
            for heading in Heading::of(&case.program, &list.subjects) {
                new.push_str(&format!("{heading}:\n"));
            }
            for state in &list.states {
                let state = if state.is_empty() { "(nothing)" } else { state };
                new.push_str(&format!("  {state}\n"));
            }
        }
    }
    for line in &old[next..] {
        new.push_str(&format!("{line}\n"));
    }
    new
}

fn lists<'a>(
    old: &'a [&'a str],
    case: &Case,
    verdict: &Verdict,
    point: CrashPoint,
) -> Vec<List<'a>> {
    let mut lists: Vec<List<'a>> = Vec::new();
    for section in case.sections.iter().filter(|it| it.point == point) {
        let of_section = |finding: &&Finding| {
            (finding.point, finding.kind) == (point, section.kind)
                && finding.profile == section.profile
        };
        let found = verdict.findings.iter().find(of_section);
        let states = &found.expect("every profile that is listed ships").allowed;
        let above = &old[..section.headings.start];
        let lines = above.iter().rev().take_while(|line| line.starts_with('#'));
        let comment = &above[above.len() - lines.count()..];
        let is_equal = |list: &&mut List<'_>| {
            list.states == *states && (comment.is_empty() || list.comment == comment)
        };
        let subject = (section.profile.clone(), section.kind);
        match lists.iter_mut().find(is_equal) {
            Some(list) => list.subjects.push(subject),
            None => {
                let is_said = lists.iter().any(|list| list.comment == comment);
                lists.push(List {
                    comment: if is_said { &[] } else { comment },
                    subjects: vec![subject],
                    states: states.clone(),
                });
            }
        }
    }
    for finding in &verdict.findings {
        if finding.point != point || finding.listed.is_some() {
            continue;
        }
        let subject = (finding.profile.clone(), finding.kind);
        match lists.iter_mut().find(|list| list.states == finding.allowed) {
            Some(list) => list.subjects.push(subject),
            None => lists.push(List {
                comment: &[],
                subjects: vec![subject],
                states: finding.allowed.clone(),
            }),
        }
    }
    lists
}
